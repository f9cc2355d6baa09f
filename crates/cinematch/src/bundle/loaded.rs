//! A generation loaded for serving.

use super::manifest::Manifest;
use crate::catalog::ServicesSource;
use crate::catalog::availability::ATTRIBUTION;
use crate::ranking::Recommender;

/// A generation in memory, ready to serve.
#[derive(Debug)]
pub struct Bundle {
    /// The generation's manifest.
    pub manifest: Manifest,
    /// The generation's number. Newer generations have higher numbers.
    pub generation: u64,
    /// Recommender that uses the generation's model and movies.
    pub recommender: Recommender,
}

impl Bundle {
    /// Returns the attribution that must be shown with a region's streaming services or, if `region` is
    /// `None`, with the catalog's. Returns `None` if no attribution is required.
    pub fn attribution(&self, region: Option<usize>) -> Option<&'static str> {
        let real = region.is_some() || self.manifest.services_source == Some(ServicesSource::Tmdb);
        real.then_some(ATTRIBUTION)
    }

    /// Returns true if the catalog's streaming services are mock data, which must be labeled as such
    /// wherever it appears.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(ServicesSource::Mock)
    }
}
