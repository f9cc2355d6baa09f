//! The model card of a generation, made from its manifest and evaluation.

use cinematch::bundle::{Generations, Manifest};
use cinematch::evaluation::promotion::Verdict;
use serde::{Deserialize, Serialize};

/// Content of `card.json`: a generation's origin and measured quality.
#[derive(Debug, Serialize, Deserialize)]
pub struct Card {
    format_version: u32,
    /// Generation number.
    pub generation: u64,
    /// Manifest of the generation: data, settings and sizes.
    pub manifest: Manifest,
    /// Time of the verdict, in RFC 3339 (UTC).
    pub judged_at: Option<String>,
    /// Verdict on the generation; `None` if it was not evaluated.
    pub verdict: Option<Verdict>,
}

impl Card {
    /// Creates a card for a generation that has not been evaluated yet.
    pub fn new(generation: u64, manifest: &Manifest) -> Self {
        let manifest = manifest.clone();
        Self { format_version: 1, generation, manifest, judged_at: None, verdict: None }
    }

    /// Adds a verdict and its time.
    #[must_use]
    pub fn with_verdict(mut self, verdict: &Verdict, now: String) -> Self {
        self.judged_at = Some(now);
        self.verdict = Some(verdict.clone());
        self
    }

    /// Reads a generation's card. Returns `None` if the card is missing or invalid.
    pub fn load(generations: &Generations, generation: u64) -> Option<Self> {
        serde_json::from_value(generations.card(generation)?).ok()
    }
}
