//! The fitted taste model.

use std::io;

use super::attribute::{ArrayNames, Attribute};
use super::popularity::PopularityScale;
use super::terms::TasteTerms;
use crate::catalog::Rated;
use crate::features::ranking::{BlockKind, RankingFeatures};
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::contributions::Contributions;
use crate::models::experience::content_emphasis;
use crate::models::implicit::{Confidence, Implicit};
use crate::models::interface::FittedModel;
use crate::models::model::{Model, Scaling};

const GENRE_ARRAYS: ArrayNames =
    ArrayNames { pattern: "genre_pattern", shares: "genre_shares", likes: "genre_likes" };
const DECADE_ARRAYS: ArrayNames =
    ArrayNames { pattern: "decade_pattern", shares: "decade_shares", likes: "decade_likes" };

/// A fitted taste model.
#[derive(Clone, Debug, PartialEq)]
pub struct Taste {
    /// Weights of the terms.
    weights: TasteTerms,
    confidence: Confidence,
    genres: Attribute,
    decades: Attribute,
    popularity: PopularityScale,
}

/// The terms for one user.
struct UserTaste<'a> {
    model: &'a Taste,
    /// Weighted genre term of each genre pattern.
    genres: Vec<f32>,
    /// Weighted decade term of each decade pattern.
    decades: Vec<f32>,
    /// Factor and reference of the weighted popularity term.
    popularity: (f32, f32),
}

impl Taste {
    /// Fits the model. O(ratings + movies · log movies).
    pub(super) fn fit(
        weights: TasteTerms,
        implicit: &Implicit,
        features: &RankingFeatures,
    ) -> Self {
        let popularity = PopularityScale::fit(implicit);
        Self {
            weights,
            confidence: implicit.confidence(),
            genres: Attribute::new(features, BlockKind::Genre, popularity.counts()),
            decades: Attribute::new(features, BlockKind::Era, popularity.counts()),
            popularity,
        }
    }

    /// Returns the model with the attributes of all movies read from the new features, and with the
    /// popularity of new movies counted from their ratings.
    pub(super) fn extended(&self, new_movies: &NewMovies<'_>) -> Self {
        let popularity = |movie| {
            let ratings = new_movies.training_ratings(movie);
            ratings.iter().map(|(_, stars)| self.confidence.weight(*stars)).sum()
        };
        let counted = (0..new_movies.len()).map(popularity);
        Self {
            genres: self.genres.with_features(new_movies.features, BlockKind::Genre),
            decades: self.decades.with_features(new_movies.features, BlockKind::Era),
            popularity: self.popularity.extended(new_movies.n_learned, counted),
            ..self.clone()
        }
    }

    /// Restores the model from its archive.
    pub(super) fn restore(
        weights: TasteTerms,
        confidence: Confidence,
        archive: &dyn ReadArchive,
    ) -> io::Result<Self> {
        let model = Self {
            weights,
            confidence,
            genres: Attribute::restore(GENRE_ARRAYS, archive)?,
            decades: Attribute::restore(DECADE_ARRAYS, archive)?,
            popularity: PopularityScale::restore(archive)?,
        };
        let n_movies = model.n_movies();
        if [&model.genres, &model.decades].iter().any(|attr| attr.patterns().len() != n_movies) {
            return Err(io::Error::other("the arrays differ in their number of movies"));
        }
        Ok(model)
    }

    fn user(&self, history: &[Rated]) -> UserTaste<'_> {
        let weighted = self.confidence.weigh(history);
        let liked: Vec<(MovieIdx, f32)> =
            weighted.map(|(_, movie, weight)| (movie, weight)).collect();
        let emphasis = content_emphasis(history);
        let scores = |attribute: &Attribute, weight: f32| {
            let mut scores = attribute.scores(&liked);
            for score in &mut scores {
                *score *= emphasis * weight;
            }
            scores
        };
        let (factor, reference) = self.popularity.term_of(&liked);
        UserTaste {
            model: self,
            genres: scores(&self.genres, self.weights.genres),
            decades: scores(&self.decades, self.weights.decades),
            popularity: (self.weights.popularity * factor, reference),
        }
    }
}

impl UserTaste<'_> {
    /// Returns the terms of each movie, in row order.
    fn all_terms(&self) -> impl Iterator<Item = TasteTerms> {
        let Taste { genres, decades, popularity, .. } = self.model;
        let rows = genres.patterns().iter().zip(decades.patterns()).zip(popularity.log());
        rows.map(|((genre, decade), log)| self.terms_of(*genre, *decade, *log))
    }

    fn terms(&self, row: usize) -> TasteTerms {
        let Taste { genres, decades, popularity, .. } = self.model;
        self.terms_of(genres.patterns()[row], decades.patterns()[row], popularity.log()[row])
    }

    fn terms_of(&self, genre: u32, decade: u32, log: f32) -> TasteTerms {
        let (factor, reference) = self.popularity;
        TasteTerms {
            genres: self.genres[genre as usize],
            decades: self.decades[decade as usize],
            popularity: factor * (reference - log),
        }
    }
}

impl Model for Taste {
    fn n_movies(&self) -> usize {
        self.popularity.log().len()
    }

    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        let user = self.user(history);
        for (score, terms) in scores.iter_mut().zip(user.all_terms()) {
            *score = terms.total();
        }
    }

    /// Returns the genre, decade and popularity terms.
    fn terms(&self, history: &[Rated]) -> Vec<Vec<f32>> {
        let user = self.user(history);
        let of = |term: fn(TasteTerms) -> f32| user.all_terms().map(term).collect();
        vec![of(|terms| terms.genres), of(|terms| terms.decades), of(|terms| terms.popularity)]
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let user = self.user(history);
        Contributions::without_parts(history, movies, |movie| Contributions {
            taste: user.terms(movie.row()),
            ..Contributions::default()
        })
    }

    fn scaling(&self) -> Scaling {
        Scaling::Best
    }
}

impl FittedModel for Taste {
    /// Returns false, because the scores of a new movie are computed from its own features.
    fn has_learned(&self, _: MovieIdx) -> bool {
        false
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let mut arrays: Vec<_> = self.popularity.arrays().into();
        arrays.extend(self.genres.arrays(GENRE_ARRAYS));
        arrays.extend(self.decades.arrays(DECADE_ARRAYS));
        Some(Archive::Dense(arrays))
    }
}
