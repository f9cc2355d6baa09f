//! What a page is looked at with.

use serde_json::json;

use super::browser::Browser;

/// A screen, a theme, and whether scripts run.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    screen: &'static str,
    pub width: u32,
    height: u32,
    is_touched: bool,
    is_dark: bool,
    pub has_scripts: bool,
}

/// A window on a desk, with a mouse.
pub const DESKTOP: Look = screen("desktop", 1280, 800);
/// A phone of the usual size.
pub const PHONE: Look = Look { is_touched: true, ..screen("phone", 360, 740) };
/// The narrowest screen on which everything has to fit, or 1280 pixels at a zoom of 400 %.
pub const NARROW: Look = Look { is_touched: true, ..screen("narrow", 320, 640) };
/// A wall.
pub const WALL: Look = screen("wall", 3840, 2160);

const fn screen(screen: &'static str, width: u32, height: u32) -> Look {
    Look { screen, width, height, is_touched: false, is_dark: false, has_scripts: true }
}

impl Look {
    /// The same by a system whose theme is dark.
    pub const fn dark(self) -> Self {
        Self { is_dark: true, ..self }
    }

    /// The same with scripts off.
    pub const fn without_scripts(self) -> Self {
        Self { has_scripts: false, ..self }
    }

    /// Whether axe-core, which takes its time, would find here what it does not find on the other looks.
    pub fn is_for_axe(&self) -> bool {
        self.has_scripts && self.width <= DESKTOP.width
    }

    /// For the names of files.
    pub fn name(&self) -> String {
        let theme = if self.is_dark { "dark" } else { "light" };
        let scripts = if self.has_scripts { "" } else { "-no-scripts" };
        format!("{}-{theme}{scripts}", self.screen)
    }

    /// Makes the browser so. Motion is reduced: what moves on its way is not at its place, and pictures of it differ.
    pub fn apply(&self, browser: &Browser) {
        browser.tell(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": self.width, "height": self.height, "deviceScaleFactor": 1,
                "mobile": self.is_touched}),
        );
        let touch = json!({"enabled": self.is_touched, "maxTouchPoints": 1});
        browser.tell("Emulation.setTouchEmulationEnabled", &touch);
        let theme = if self.is_dark { "dark" } else { "light" };
        browser.tell(
            "Emulation.setEmulatedMedia",
            &json!({"features": [
                {"name": "prefers-color-scheme", "value": theme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]}),
        );
        let off = json!({"value": !self.has_scripts});
        browser.tell("Emulation.setScriptExecutionDisabled", &off);
    }
}
