//! A loaded bundle with the indexes derived from its movies.

use std::sync::Arc;

use cinematch::bundle::Bundle;
use cinematch::catalog::matching::MatchIndex;
use cinematch::search::SearchIndex;

use crate::item::ItemTexts;

/// The bundle in service and everything derived from it. A request holds one for its whole duration.
#[derive(Debug)]
pub struct Serving {
    /// The bundle.
    pub bundle: Arc<Bundle>,
    /// JSON of the movies as replies contain it.
    pub items: ItemTexts,
    /// Search over titles, people and keywords.
    pub search: SearchIndex,
    /// Lookup of movies by the names and ids in exports of other services.
    pub matching: MatchIndex,
}

impl Serving {
    /// Builds the indexes. O(movies).
    pub fn new(bundle: Bundle) -> Arc<Self> {
        let items = ItemTexts::new(bundle.recommender.movies().len());
        let search = SearchIndex::new(bundle.recommender.movies());
        let matching = MatchIndex::new(bundle.recommender.movies());
        Arc::new(Self { bundle: Arc::new(bundle), items, search, matching })
    }
}
