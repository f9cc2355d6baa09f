//! Browser settings for viewing a page: screen, theme and scripts.

use serde_json::json;

use super::browser::Browser;

/// Browser settings: the screen size, the theme, and whether scripts are on.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    screen: &'static str,
    pub width: u32,
    height: u32,
    has_touch: bool,
    is_dark: bool,
    pub has_scripts: bool,
}

/// A desktop window with a mouse.
pub const DESKTOP: Look = screen("desktop", 1280, 800);
/// A phone of a common size.
pub const PHONE: Look = Look { has_touch: true, ..screen("phone", 360, 740) };
/// The narrowest supported screen, equivalent to 1280 pixels at 400 % zoom.
pub const NARROW: Look = Look { has_touch: true, ..screen("narrow", 320, 640) };
/// A wall-sized display.
pub const WALL: Look = screen("wall", 3840, 2160);

const fn screen(screen: &'static str, width: u32, height: u32) -> Look {
    Look { screen, width, height, has_touch: false, is_dark: false, has_scripts: true }
}

impl Look {
    /// Returns these settings with a dark system theme.
    pub const fn dark(self) -> Self {
        Self { is_dark: true, ..self }
    }

    /// Returns these settings with scripts off.
    pub const fn without_scripts(self) -> Self {
        Self { has_scripts: false, ..self }
    }

    /// Returns whether to run axe-core, which is slow, with these settings: only with scripts on and at most desktop
    /// width.
    pub fn is_for_axe(&self) -> bool {
        self.has_scripts && self.width <= DESKTOP.width
    }

    /// Returns a name for these settings, for use in file names.
    pub fn name(&self) -> String {
        let theme = if self.is_dark { "dark" } else { "light" };
        let scripts = if self.has_scripts { "" } else { "-no-scripts" };
        format!("{}-{theme}{scripts}", self.screen)
    }

    /// Applies these settings to `browser`. Reduces motion so that positions and screenshots are stable.
    pub fn apply(&self, browser: &Browser) {
        browser.send_command(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": self.width, "height": self.height, "deviceScaleFactor": 1,
                "mobile": self.has_touch}),
        );
        let touch = json!({"enabled": self.has_touch, "maxTouchPoints": 1});
        browser.send_command("Emulation.setTouchEmulationEnabled", &touch);
        let theme = if self.is_dark { "dark" } else { "light" };
        browser.send_command(
            "Emulation.setEmulatedMedia",
            &json!({"features": [
                {"name": "prefers-color-scheme", "value": theme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]}),
        );
        let off = json!({"value": !self.has_scripts});
        browser.send_command("Emulation.setScriptExecutionDisabled", &off);
    }
}
