//! A score taken apart.

/// The parts of a film's score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// What the film has without any history: its popularity, its quality.
    pub base: f32,
    /// What each film of the history adds, in the history's order.
    pub parts: Vec<f32>,
}

impl Contributions {
    /// The score: base and parts added up.
    pub fn total(&self) -> f32 {
        (f64::from(self.base) + self.parts.iter().map(|part| f64::from(*part)).sum::<f64>()) as f32
    }
}
