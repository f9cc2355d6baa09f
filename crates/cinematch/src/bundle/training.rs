//! Trains a generation from the merged movie table.

use std::io;

use super::contents::{Contents, Trained};
use super::manifest::{Counts, FORMAT_VERSION, InputChecksum, Manifest, Run, Settings};
use super::models;
use super::step_timer::StepTimer;
use crate::catalog::{Availability, Interactions, Movie};
use crate::evaluation::Holdout;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::RankingFeatures;
use crate::features::tags::TagCounts;
use crate::features::text::TfidfError;
use crate::ids::{UserIdx, Vocabulary};
use crate::models::{FitError, Fitted, Spec, TrainingSet};

/// Inputs and settings for a training run.
#[derive(Debug)]
pub struct Training {
    /// Movies in the merged table.
    pub movies: Vec<Movie>,
    /// Streaming availability, if it was fetched.
    pub availability: Option<Availability>,
    /// Tags that users gave to movies.
    pub tags: TagCounts,
    /// Ratings, including those of movies outside the table. A pure content model doesn't need them.
    pub ratings: Option<Interactions>,
    /// Users whose ratings are excluded from training. The caller must also exclude their tags from `tags`.
    pub holdout: Option<Holdout>,
    /// Input files and their checksums, for the manifest.
    pub inputs: Vec<InputChecksum>,
    /// Settings chosen by the operator.
    pub settings: Settings,
    /// Start time of the run, as RFC 3339 in UTC.
    pub created_at: String,
}

/// Error returned by [`train`].
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The movie table is empty.
    #[error("there are no movies to train on; relax the filters of `cinematch preprocess`")]
    NoMovies,
    /// The TF-IDF vectorizer could not be fitted.
    #[error(transparent)]
    Tfidf(#[from] TfidfError),
    /// The model could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The model learns from ratings, but there are none.
    #[error(
        "the model `{0}` learns from ratings, but no movie of the merged table has any: train \
         with `--model content`, or put ratings.csv next to movies.csv"
    )]
    NoRatings(&'static str),
    /// A file could not be serialized.
    #[error("cannot write the artifacts: {0}")]
    Write(#[from] io::Error),
}

/// Trains a generation and serializes its files. Equal inputs give equal bytes for any number of threads,
/// except for `run` in the manifest. Calls `progress` with the name of the model being fitted and the
/// fraction of its training completed, from 0 to 1.
pub fn train(
    training: Training,
    progress: &mut dyn FnMut(&'static str, f32),
) -> Result<Trained, TrainError> {
    let Training { movies, availability, tags, ratings, holdout, inputs, settings, created_at } =
        training;
    if movies.is_empty() {
        return Err(TrainError::NoMovies);
    }
    let mut timer = StepTimer::new();
    let training_movies = settings.training_movies(&movies);
    let plain = PlainFeatures::fit(&training_movies, settings.tfidf)?;
    timer.step("plain_features");
    let ranking = RankingFeatures::fit(settings.features, &training_movies, &plain, &tags)?;
    timer.step("ranking_features");

    let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
    let ratings = ratings.map(|ratings| ratings.restricted_to(&vocabulary));
    let users: Option<Vec<UserIdx>> = ratings.as_ref().map(|ratings| match holdout {
        Some(holdout) => holdout.training_users(ratings),
        None => ratings.users().collect(),
    });
    let training_ratings = ratings.as_ref().zip(users.as_deref());
    let ranking = ranking.with_labels(&training_movies, training_ratings);
    timer.step("labels");
    let fitted = fit_model(&settings.model, &ranking, training_ratings, progress)?;
    timer.step("models");
    let n_ratings = training_ratings.map_or(0, |(ratings, users)| {
        users.iter().map(|user| ratings.user_ratings(*user).len()).sum()
    });
    // Free the memory used by the ratings, which take about as much as the models.
    drop(ratings);

    let models = fitted.as_ref().map(|fitted| models::files(&settings.model, fitted));
    let contents = Contents {
        movies: &movies,
        availability: availability.as_ref(),
        plain: &plain,
        ranking: &ranking,
        models: models.unwrap_or_default(),
    };
    let (files, sums) = contents.files()?;
    timer.step("serialise");

    let mut manifest = Manifest {
        format_version: FORMAT_VERSION,
        model_id: String::new(),
        settings,
        counts: Counts { tagged_movies: tags.n_movies(), ratings: n_ratings, ..contents.counts() },
        inputs,
        holdout,
        derived_from: None,
        vocabulary_sha256: vocabulary.checksum(),
        services_source: movies.iter().find_map(|movie| movie.services_source),
        files: sums,
        run: Run {
            created_at,
            trained_at: None,
            threads: rayon::current_num_threads(),
            timings_ms: timer.steps,
        },
    };
    manifest.model_id = manifest.computed_id();
    Ok(Trained { manifest, files })
}

/// Fits the model. Returns `None` if it doesn't learn from ratings.
fn fit_model(
    spec: &Spec,
    features: &RankingFeatures,
    ratings: Option<(&Interactions, &[UserIdx])>,
    progress: &mut dyn FnMut(&'static str, f32),
) -> Result<Option<Fitted>, TrainError> {
    if !spec.model.learns_from_ratings() {
        return Ok(None);
    }
    let (interactions, users) = ratings
        .filter(|(ratings, _)| ratings.n_ratings() > 0)
        .ok_or(TrainError::NoRatings(spec.model.name()))?;
    let data = TrainingSet { interactions, users, features };
    Ok(Some(spec.fit(data, progress)?))
}
