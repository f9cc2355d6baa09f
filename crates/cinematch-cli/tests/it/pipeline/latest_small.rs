//! MovieLens latest-small with TMDB metadata, trained once for all tests that recommend from it.

use std::path::Path;
use std::sync::OnceLock;

use cinematch::bundle::Bundle;
use cinematch::ids::MovieId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::support::folder::Folder;

static BUNDLE: OnceLock<Bundle> = OnceLock::new();

/// Returns the generation trained on latest-small in `raw`.
pub fn bundle(raw: &Path) -> &'static Bundle {
    BUNDLE.get_or_init(|| {
        let folder = Folder::trained_on_latest_small(raw);
        Bundle::load(&folder.path("ml/artifacts")).unwrap()
    })
}

/// A person with a known taste: what they like, and what their list must and must not contain.
#[derive(Deserialize)]
pub struct Persona<Field> {
    pub name: String,
    pub likes: Vec<MovieId>,
    pub field: Field,
    pub at_least: usize,
    pub never: Option<Field>,
}

/// Reads the personas beside `raw`.
pub fn personas<Field: DeserializeOwned>(raw: &Path) -> Vec<Persona<Field>> {
    let json = std::fs::read(raw.join("../personas.json")).unwrap();
    serde_json::from_slice(&json).unwrap()
}
