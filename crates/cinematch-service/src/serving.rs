//! A loaded bundle with the indexes derived from its movies.

use std::sync::Arc;

use cinematch::bundle::Bundle;
use cinematch::catalog::matching::MatchIndex;
use cinematch::search::SearchIndex;

use crate::item::ItemJsonCache;

/// The bundle in service and the indexes derived from it. A request holds one snapshot for its whole duration.
#[derive(Debug)]
pub struct Serving {
    /// Models, catalog and manifest of the served generation.
    pub bundle: Arc<Bundle>,
    /// Serialized movies, as they appear in replies.
    pub items: ItemJsonCache,
    /// Search index over titles, cast, directors and keywords.
    pub search: SearchIndex,
    /// Index that matches movies in exports of other services by title or ID.
    pub matching: MatchIndex,
}

impl Serving {
    /// Builds the indexes in O(movies).
    pub fn new(bundle: Bundle) -> Arc<Self> {
        let items = ItemJsonCache::new(bundle.recommender.movies().len());
        let search = SearchIndex::new(bundle.recommender.movies());
        let matching = MatchIndex::new(bundle.recommender.movies());
        Arc::new(Self { bundle: Arc::new(bundle), items, search, matching })
    }
}
