//! The recommender: a catalog, its features and its models.

use std::cmp::Reverse;
use std::sync::OnceLock;

use super::blend::{Blend, ModelChoice, UnknownModel};
use super::match_scale::{MatchScale, UserMatchScale};
use super::popularity::{Order, Popularity, PopularitySource};
use super::quality::Quality;
use super::request::Request;
use super::wall::WallPool;
use crate::catalog::series::SeriesIndex;
use crate::catalog::{self, Availability, Movie};
use crate::date::Date;
use crate::features::layout::{Codes, Layout};
use crate::features::ranking::RankingFeatures;
use crate::ids::{MovieIdx, Vocabulary};
use crate::models::content::ContentModel;
use crate::retrieval::FilterIndex;

/// Number of quality grades used to group movies into blocks.
const QUALITY_GRADES: f32 = 16.0;

/// How TMDB's votes are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Votes {
    /// Votes contribute to scores: of two movies that fit equally well, the better-rated one ranks higher.
    Count,
    /// Votes are only displayed and used by filters. Series are found by titles, without TMDB's collections and cast.
    Ignore,
}

/// Maximum contributions of the score terms that do not depend on the history. Content scores and blended
/// scores have different ranges, so each has its own set of weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct TermWeights {
    /// Contribution of the highest quality.
    pub quality: f32,
    /// Contribution of matching all preferred genres.
    pub genres: f32,
    /// Penalty for the best-known movie at novelty 1, and its bonus at novelty -1.
    pub novelty: f32,
}

impl TermWeights {
    /// Weights for the content model alone. Quality decides between movies that fit equally well. Novelty can
    /// at most cancel out quality, so it promotes little-known movies that fit rather than bad ones.
    const CONTENT: Self = Self { quality: 0.15, genres: 0.12, novelty: 0.15 };

    /// Weights for blends with models trained on ratings. These models already prefer good movies, so quality
    /// mainly orders movies that they don't cover. Their best movie scores 1, so genres need a larger weight.
    /// They favor well-known movies, so novelty needs a larger weight (`docs/diversity-and-novelty.md`).
    const BLENDED: Self = Self { quality: 0.04, genres: 0.5, novelty: 0.7 };
}

/// Ranks a catalog for users and groups. A recommender is immutable and can be shared between threads.
///
/// [`Self::resolve`] turns a query into a request, and [`Self::recommend`] ranks the catalog for it.
#[derive(Debug)]
pub struct Recommender {
    pub(super) movies: Vec<Movie>,
    pub(super) vocabulary: Vocabulary,
    pub(super) index: FilterIndex,
    pub(super) series: SeriesIndex,
    pub(super) layout: Layout,
    /// Genre combination code of each movie.
    pub(super) genre_codes: Codes,
    pub(super) model: ContentModel,
    pub(super) blend: Blend,
    /// Position of each movie in the layout.
    pub(super) position_of: Vec<u32>,
    pub(super) quality: Quality,
    pub(super) weights: TermWeights,
    /// Quality term of each movie's score, by position.
    pub(super) quality_by_position: Vec<f32>,
    /// [`Quality::deficit`], by position.
    pub(super) deficit_by_position: Vec<f32>,
    /// [`Quality::vote_popularity`], by position.
    pub(super) vote_popularity_by_position: Vec<f32>,
    /// Scale of the matches; `None` if the generation has none.
    pub(super) match_scale: Option<MatchScale>,
    pub(super) popularity: Popularity,
    /// Movies that onboarding can show, computed on first use.
    pub(super) wall_pool: OnceLock<WallPool>,
}

impl Recommender {
    /// Builds a recommender. The rows of `features` and of all models in `blend` must correspond to `movies`.
    pub fn new(movies: Vec<Movie>, features: RankingFeatures, blend: Blend, votes: Votes) -> Self {
        let vocabulary = catalog::vocabulary(&movies);
        let index = FilterIndex::new(&movies);
        let without_facts: Vec<Movie>;
        let known_facts = match votes {
            Votes::Count => &movies,
            Votes::Ignore => {
                without_facts = movies.iter().map(Movie::without_tmdb_facts).collect();
                &without_facts
            }
        };
        let (quality, series) = (Quality::fit(known_facts), SeriesIndex::new(known_facts));
        // Blocks group movies with similar scores. Most movies have no votes and low scores, so they come
        // last.
        let layout = Layout::new(movies.len(), |movie| {
            let row = movie.row();
            let grade = (quality.score[row] * QUALITY_GRADES).ceil() as u8;
            (grade == 0, index.combination_of()[row], Reverse(grade), movies[row].year)
        });
        let genre_codes = layout.codes(index.combination_of());
        let model = ContentModel::fit(features, &layout);
        let weights =
            if blend.models.is_empty() { TermWeights::CONTENT } else { TermWeights::BLENDED };
        let mut quality_by_position = layout.arrange(&quality.score);
        for quality in &mut quality_by_position {
            *quality *= weights.quality;
        }
        let mut position_of = vec![0; movies.len()];
        for (position, movie) in layout.movies().iter().enumerate() {
            position_of[movie.row()] = position as u32;
        }
        Self {
            deficit_by_position: layout.arrange(&quality.deficit),
            vote_popularity_by_position: layout.arrange(&quality.vote_popularity),
            popularity: Popularity::fit(known_facts, &blend, &layout),
            movies,
            vocabulary,
            index,
            series,
            layout,
            genre_codes,
            model,
            blend,
            position_of,
            quality,
            weights,
            quality_by_position,
            match_scale: None,
            wall_pool: OnceLock::new(),
        }
    }

    /// Sets the streaming services available in each region.
    #[must_use]
    pub(crate) fn with_availability(mut self, availability: Availability) -> Self {
        self.index.set_availability(availability);
        self
    }

    /// Sets the scale of the matches.
    #[must_use]
    pub(crate) fn with_match_scale(self, match_scale: Option<MatchScale>) -> Self {
        Self { match_scale, ..self }
    }

    /// Returns true if users with a history have matches.
    pub fn has_matches(&self) -> bool {
        self.match_scale.is_some()
    }

    /// Returns the scale of the request's matches. Returns `None` if its scores are not those that the scale was
    /// fitted on.
    pub fn match_scale_for(&self, request: &Request) -> Option<UserMatchScale> {
        let has_match = request.order == Order::Taste
            && request.model == ModelChoice::All
            && !request.history.is_empty();
        let scale = self.match_scale.filter(|_| has_match)?;
        Some(scale.for_history(request.history_counts()))
    }

    /// Returns the movies in the catalog, in row order.
    pub fn movies(&self) -> &[Movie] {
        &self.movies
    }

    /// Returns the movie at `index`.
    pub fn movie(&self, index: MovieIdx) -> &Movie {
        &self.movies[index.row()]
    }

    /// Returns the vocabulary, which maps movie IDs to rows.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Returns the index of the columns that filters use.
    pub fn index(&self) -> &FilterIndex {
        &self.index
    }

    /// Returns the series in the catalog, in whose order lists contain sequels.
    pub fn series(&self) -> &SeriesIndex {
        &self.series
    }

    /// Returns the source of popularity for requests on `today`.
    pub fn popularity_source(&self, today: Option<Date>) -> PopularitySource {
        self.popularity.source(today)
    }

    /// Returns the blend of the content model and the models trained on ratings.
    pub fn blend(&self) -> &Blend {
        &self.blend
    }

    /// Returns the content model.
    pub fn model(&self) -> &ContentModel {
        &self.model
    }

    /// Returns the model called `name`. The name of the blend selects all of its models.
    ///
    /// # Errors
    /// Returns an error that lists the available names if the blend has no such model.
    pub fn choose(&self, name: &str) -> Result<ModelChoice, UnknownModel> {
        self.blend.find(name)
    }

    /// Returns the streaming services that offer `movie` in `region`, or in the catalog itself if `region` is
    /// `None`.
    pub fn services_of(&self, movie: MovieIdx, region: Option<usize>) -> Vec<&str> {
        match region {
            Some(region) => self.index.regions()[region].services_of(movie).collect(),
            None => self.movie(movie).services.iter().map(String::as_str).collect(),
        }
    }
}
