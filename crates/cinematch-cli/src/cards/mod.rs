//! Generation cards: origin, settings and measured quality, stored as `card.json` and `card.html`
//! next to the generation's files.

mod card;
mod page;

use anyhow::Result;
use cinematch::bundle::Generations;

pub use card::Card;

/// Writes a card next to its generation's files.
pub fn write(card: &Card, generations: &Generations) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(card)?;
    json.push(b'\n');
    let html = page::render(card)?.into_string();
    Ok(generations.write_card(card.generation, &json, html.as_bytes())?)
}
