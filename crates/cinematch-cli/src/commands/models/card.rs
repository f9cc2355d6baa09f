//! A generation's card: what it was made from and what it was found to be worth, for machines
//! (`card.json`) and people (`card.html`).

use anyhow::Result;
use cinematch::bundle::{Generations, Manifest};
use cinematch::evaluation::promotion::Verdict;
use serde::{Deserialize, Serialize};

use super::page;

/// `card.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Card {
    format_version: u32,
    /// The generation's number.
    pub generation: u64,
    /// What the generation says of itself: data, settings, sizes.
    pub manifest: Manifest,
    /// When it was judged, RFC 3339 in UTC.
    pub judged_at: Option<String>,
    /// What was found; `None` where nobody judged it.
    pub verdict: Option<Verdict>,
}

impl Card {
    /// Of a generation that nobody judged yet.
    pub fn new(generation: u64, manifest: &Manifest) -> Self {
        let manifest = manifest.clone();
        Self { format_version: 1, generation, manifest, judged_at: None, verdict: None }
    }

    /// With what was found now.
    #[must_use]
    pub fn judged(mut self, verdict: &Verdict, now: String) -> Self {
        self.judged_at = Some(now);
        self.verdict = Some(verdict.clone());
        self
    }

    /// A generation's card, where it has one that can be read.
    pub fn of(generations: &Generations, generation: u64) -> Option<Self> {
        serde_json::from_value(generations.card(generation)?).ok()
    }

    /// Puts it beside the generation's files.
    pub fn write(&self, generations: &Generations) -> Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let html = page::page(self)?;
        Ok(generations.write_card(self.generation, &json, html.as_bytes())?)
    }
}
