//! A generation loaded for serving.

use super::manifest::Manifest;
use crate::catalog::ServicesSource;
use crate::catalog::availability::ATTRIBUTION;
use crate::ranking::Recommender;

/// A loaded generation.
#[derive(Debug)]
pub struct Bundle {
    /// Manifest of the generation.
    pub manifest: Manifest,
    /// Number of the generation; newer generations have higher numbers.
    pub generation: u64,
    /// The model and its movies.
    pub recommender: Recommender,
}

impl Bundle {
    /// Returns the attribution required where streaming services are shown, in a region or, for `None`, those
    /// of the catalog.
    pub fn attribution(&self, region: Option<usize>) -> Option<&'static str> {
        let real = region.is_some() || self.manifest.services_source == Some(ServicesSource::Tmdb);
        real.then_some(ATTRIBUTION)
    }

    /// True if the catalog's streaming services are mock data, which must be labeled wherever they are shown.
    pub fn has_mock_services(&self) -> bool {
        self.manifest.services_source == Some(ServicesSource::Mock)
    }
}
