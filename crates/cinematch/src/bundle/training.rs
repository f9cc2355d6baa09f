//! Trains a generation from the merged movie table.

use std::io;

use super::contents::{Contents, SerializedFiles, Trained};
use super::error::{LoadError, broken};
use super::manifest::{Counts, FORMAT_VERSION, InputChecksum, Manifest, Refit, Run, Settings};
use super::models::{self, ModelSet};
use super::step_timer::StepTimer;
use crate::catalog::{self, Availability, Interactions, Movie};
use crate::evaluation::{BlendWeights, Holdout, MatchCalibration};
use crate::features::plain::PlainFeatures;
use crate::features::ranking::RankingFeatures;
use crate::features::tags::TagCounts;
use crate::features::text::TfidfError;
use crate::ids::UserIdx;
use crate::models::{FitError, Fitted, Spec, TrainingSet};
use crate::ranking::{Blend, Recommender};

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
    /// True to serve models that are fitted again on all users, including the holdout. The models fitted without
    /// the holdout are stored beside them for evaluation. Has no effect without a holdout. Features and labels
    /// exclude the holdout in either case.
    pub refit: bool,
    /// True to fit the weights of a hybrid to the holdout; see [`BlendWeights`]. Has no effect without a holdout.
    pub fit_weights: bool,
    /// Input files and their checksums, for the manifest.
    pub inputs: Vec<InputChecksum>,
    /// Settings chosen by the operator.
    pub settings: Settings,
    /// Start time of the run, as RFC 3339 in UTC.
    pub created_at: String,
}

impl Training {
    /// Returns true if the models are fitted twice: without the holdout, and on all users.
    pub fn has_refit(&self) -> bool {
        self.refit && self.holdout.is_some() && self.settings.model.model.learns_from_ratings()
    }
}

/// The model that [`train`] is fitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitStep {
    /// Name of the model.
    pub model: &'static str,
    /// True if the model is being fitted again, on all users.
    pub is_refit: bool,
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
/// except for `run` in the manifest. Calls `progress` with the model being fitted and the fraction of its
/// training completed, from 0 to 1.
pub fn train(
    training: Training,
    progress: &mut dyn FnMut(FitStep, f32),
) -> Result<Trained, TrainError> {
    let has_refit = training.has_refit();
    let options =
        Options { holdout: training.holdout, fit_weights: training.fit_weights, has_refit };
    let Training { movies, availability, tags, ratings, inputs, settings, created_at, .. } =
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

    let vocabulary = catalog::vocabulary(&movies);
    let ratings = ratings.map(|ratings| ratings.restricted_to(&vocabulary));
    let users = training_users(ratings.as_ref(), options.holdout);
    let ranking =
        ranking.with_labels(&training_movies, ratings.as_ref().map(|it| (it, users.as_slice())));
    timer.step("labels");
    let fitting = Fitting { spec: &settings.model, features: &ranking, ratings: ratings.as_ref() };
    let models = fitting.fit_all(&users, (&movies, &settings), options, &mut timer, progress)?;
    // Free the memory used by the ratings, which take about as much as the models.
    drop(ratings);

    let contents = Contents {
        movies: &movies,
        availability: availability.as_ref(),
        plain: &plain,
        ranking: &ranking,
    };
    let SerializedFiles { contents: files, checksums } = contents.files()?.with(models.files);
    timer.step("serialise");

    let counts =
        Counts { tagged_movies: tags.n_movies(), ratings: models.n_ratings, ..contents.counts() };
    let mut manifest = Manifest {
        format_version: FORMAT_VERSION,
        model_id: String::new(),
        counts,
        inputs,
        holdout: options.holdout,
        refit: models.refit,
        blend_weights: models.blend_weights,
        match_calibration: models.match_calibration,
        derived_from: None,
        vocabulary_sha256: vocabulary.checksum(),
        services_source: movies.iter().find_map(|movie| movie.services_source),
        files: checksums,
        settings,
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

/// Returns the users who are not held out, or no users if there are no ratings.
pub(super) fn training_users(
    ratings: Option<&Interactions>,
    holdout: Option<Holdout>,
) -> Vec<UserIdx> {
    match (ratings, holdout) {
        (Some(ratings), Some(holdout)) => holdout.training_users(ratings),
        (Some(ratings), None) => ratings.users().collect(),
        (None, _) => Vec::new(),
    }
}

/// Restores models from their files.
fn restored(
    spec: &Spec,
    set: ModelSet,
    n_movies: usize,
    files: &SerializedFiles,
) -> Result<Blend, io::Error> {
    let read =
        |name: &str| files.contents.get(name).cloned().ok_or_else(|| broken(name, "missing"));
    models::load(spec, set, (n_movies, n_movies), read)
        .map_err(|LoadError { file, reason }| io::Error::other(format!("{file}: {reason}")))
}

/// The specification of the models and the data they are fitted on.
#[derive(Clone, Copy)]
struct Fitting<'a> {
    spec: &'a Spec,
    features: &'a RankingFeatures,
    ratings: Option<&'a Interactions>,
}

/// How to fit the models of a generation.
#[derive(Clone, Copy)]
struct Options {
    holdout: Option<Holdout>,
    fit_weights: bool,
    has_refit: bool,
}

/// The models of a generation, with what was fitted to the holdout.
struct GenerationModels {
    files: SerializedFiles,
    /// Number of ratings that the served models were fitted on.
    n_ratings: usize,
    refit: Option<Refit>,
    blend_weights: Option<BlendWeights>,
    match_calibration: Option<MatchCalibration>,
}

/// Models fitted on some of the users.
struct FittedModels {
    /// The models; `None` if they don't learn from ratings.
    fitted: Option<Fitted>,
    /// Number of ratings of these users.
    n_ratings: usize,
}

impl Fitting<'_> {
    /// Fits the models without the holdout, the weights and the match to the holdout, and the models again if there is a
    /// refit.
    fn fit_all(
        self,
        users: &[UserIdx],
        (movies, settings): (&[Movie], &Settings),
        Options { holdout, fit_weights, has_refit }: Options,
        timer: &mut StepTimer,
        progress: &mut dyn FnMut(FitStep, f32),
    ) -> Result<GenerationModels, TrainError> {
        let models = self.fit(users, false, progress)?;
        timer.step("models");
        let set = if has_refit { ModelSet::Evaluation } else { ModelSet::Served };
        let mut n_ratings = models.n_ratings;
        let mut files = SerializedFiles::of_models(&models.files(self.spec, set))?;
        let held_out = self.ratings.zip(holdout).filter(|_| self.spec.model.learns_from_ratings());
        let blend_weights = models.fitted.as_ref().zip(held_out.filter(|_| fit_weights));
        let blend_weights = blend_weights.and_then(|(fitted, (ratings, holdout))| {
            BlendWeights::fit(self.spec, fitted, ratings, holdout)
        });
        timer.step("weights");
        // Free the memory used by the models before the next steps, which need as much.
        drop(models);
        let match_calibration = match held_out {
            Some((ratings, holdout)) => {
                let spec = BlendWeights::applied(blend_weights.as_ref(), self.spec);
                let blend = restored(&spec, set, movies.len(), &files)?;
                let (movies, features) = (movies.to_vec(), self.features.clone());
                let recommender = Recommender::new(movies, features, blend, settings.votes());
                MatchCalibration::fit(&recommender, ratings, holdout)
            }
            None => None,
        };
        timer.step("match");
        let refit = has_refit.then_some(Refit { evaluation_ratings: n_ratings });
        if has_refit {
            let models = self.fit(&training_users(self.ratings, None), true, progress)?;
            n_ratings = models.n_ratings;
            let served = models.files(self.spec, ModelSet::Served);
            files = files.with(SerializedFiles::of_models(&served)?);
            timer.step("refit");
        }
        Ok(GenerationModels { files, n_ratings, refit, blend_weights, match_calibration })
    }

    /// Fits the models on `users`.
    fn fit(
        self,
        users: &[UserIdx],
        is_refit: bool,
        progress: &mut dyn FnMut(FitStep, f32),
    ) -> Result<FittedModels, TrainError> {
        let n_ratings = self
            .ratings
            .map_or(0, |ratings| users.iter().map(|user| ratings.user_ratings(*user).len()).sum());
        if !self.spec.model.learns_from_ratings() {
            return Ok(FittedModels { fitted: None, n_ratings });
        }
        let interactions = self
            .ratings
            .filter(|ratings| ratings.n_ratings() > 0)
            .ok_or(TrainError::NoRatings(self.spec.model.name()))?;
        let data = TrainingSet { interactions, users, features: self.features };
        let fitted = self.spec.fit(data, &mut |model, fraction| {
            progress(FitStep { model, is_refit }, fraction);
        })?;
        Ok(FittedModels { fitted: Some(fitted), n_ratings })
    }
}

impl FittedModels {
    /// Returns the models that have a file, with their file names.
    fn files(&self, spec: &Spec, set: ModelSet) -> Vec<(String, &Fitted)> {
        self.fitted.as_ref().map(|fitted| models::files(spec, set, fitted)).unwrap_or_default()
    }
}
