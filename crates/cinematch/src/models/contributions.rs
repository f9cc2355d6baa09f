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
    /// Nothing from histories of this length, once a film.
    pub fn none(history: usize, movies: usize) -> Vec<Self> {
        vec![Self { base: 0.0, parts: vec![0.0; history] }; movies]
    }

    /// Adds others, scaled.
    pub fn add(&mut self, others: &Self, scale: f32) {
        self.base += scale * others.base;
        for (part, other) in self.parts.iter_mut().zip(&others.parts) {
            *part += scale * other;
        }
    }

    /// The score: base and parts added up.
    pub fn total(&self) -> f32 {
        (f64::from(self.base) + self.parts.iter().map(|part| f64::from(*part)).sum::<f64>()) as f32
    }
}
