//! A generation loaded for serving.

use super::manifest::Manifest;
use crate::catalog::ServicesSource;
use crate::catalog::availability::ATTRIBUTION;
use crate::ranking::Recommender;

/// A generation in memory, ready to serve.
#[derive(Debug)]
pub struct Bundle {
    /// Manifest of the generation.
    pub manifest: Manifest,
    /// Number of the generation; newer generations have higher numbers.
    pub generation: u64,
    /// Recommender with the model and the movies of the generation.
    pub recommender: Recommender,
}

impl Bundle {
    /// Returns the attribution to show with the streaming services of a region or, if `region` is `None`, of
    /// the catalog. Returns `None` if no attribution is required.
    pub fn attribution(&self, region: Option<usize>) -> Option<&'static str> {
        let real = region.is_some() || self.manifest.services_source == Some(ServicesSource::Tmdb);
        real.then_some(ATTRIBUTION)
    }

    /// Returns true if the catalog's streaming services are mock data, which must be labeled wherever they are shown.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(ServicesSource::Mock)
    }
}
