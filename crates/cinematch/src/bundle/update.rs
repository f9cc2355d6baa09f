//! Updates a generation with new movies and changed metadata, without training. Computes feature rows
//! with the existing columns, and appends [new movies](crate::models::cold_start) to the models.
//!
//! Movies that were part of the training keep their rows and parameters. Each update computes the rows of
//! all later movies from the trained part, so the result doesn't depend on the number of updates.

use std::io;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::contents::{Contents, SerializedFiles, Trained, Transformers};
use super::error::ArtifactsError;
use super::generations::{Generations, UpdateBase};
use super::loaded::Bundle;
use super::manifest::{Counts, Derived, InputChecksum, Manifest, Run};
use super::models::{self, ModelSet};
use super::step_timer::StepTimer;
use super::training::training_users;
use crate::catalog::{self, Availability, Interactions, Movie};
use crate::evaluation::Holdout;
use crate::features::plain::PlainFeatures;
use crate::features::ranking::RankingFeatures;
use crate::features::tags::TagCounts;
use crate::ids::{MovieId, MovieIdx};
use crate::models::cold_start::{FeatureMap, NewMovies, nearest_movies};
use crate::models::spec::Kind;
use crate::models::{Fitted, Model, Spec};
use crate::ranking::Blend;

/// Error returned by [`Base::update`].
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The generation doesn't store the IDF weights of its columns.
    #[error(
        "generation {generation} was written by an earlier version and lacks the IDF weights that \
         updates need: run `cinematch train` once"
    )]
    TooOld {
        /// Number of the generation that can't be updated.
        generation: u64,
    },
    /// A file could not be serialized.
    #[error("cannot serialize the artifacts: {0}")]
    Write(#[from] io::Error),
}

/// The published generation, which the update is based on.
#[derive(Debug)]
pub struct Base(UpdateBase);

/// The movies of an update in row order: those in the generation, then new ones.
#[derive(Debug)]
pub struct AlignedCatalog {
    /// Movies with metadata from the table.
    pub movies: Vec<Movie>,
    /// Differences between the table and the generation.
    pub changes: CatalogChanges,
}

/// Differences between the table and the generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogChanges {
    /// Movies that are not in the generation, in table order.
    pub added: Vec<MovieId>,
    /// Movies whose metadata changed.
    pub changed: Vec<MovieId>,
    /// Movies that are not in the table. The update keeps them unchanged, because users may have rated
    /// them and the table may be truncated. Training removes them.
    #[serde(rename = "left")]
    pub missing: Vec<MovieId>,
}

/// Inputs to an update.
#[derive(Debug)]
pub struct Update<'a> {
    /// Movies in row order, as returned by [`Base::align`].
    pub movies: Vec<Movie>,
    /// Streaming availability, if it was fetched.
    pub availability: Option<Availability>,
    /// Tags that users gave to movies.
    pub tags: &'a TagCounts,
    /// Ratings of any movies by all users, and the file they were read from.
    pub ratings: Option<(Interactions, InputChecksum)>,
    /// All other input files and their checksums, for the manifest.
    pub inputs: Vec<InputChecksum>,
    /// Start time of the run, as RFC 3339 in UTC.
    pub created_at: String,
}

impl Base {
    /// Loads the published generation and verifies all checksums.
    pub fn load(generations: &Generations) -> Result<Self, ArtifactsError> {
        generations.load_for_update().map(Self)
    }

    /// Returns the loaded generation.
    pub fn bundle(&self) -> &Bundle {
        &self.0.bundle
    }

    /// Returns true if the updated generation will have movies that were not part of the training.
    pub fn has_new_movies(&self, aligned: &AlignedCatalog) -> bool {
        aligned.movies.len() > self.bundle().manifest.learned_movies()
    }

    /// Replaces the metadata of the generation's movies with that in `table` and appends the new movies.
    pub fn align(&self, table: Vec<Movie>) -> AlignedCatalog {
        let served = self.bundle().recommender.movies();
        let vocabulary = self.bundle().recommender.vocabulary();
        let mut updated: FxHashMap<MovieIdx, Movie> = FxHashMap::default();
        let (mut added, mut changes) = (Vec::new(), CatalogChanges::default());
        for movie in table {
            match vocabulary.index_of(movie.movie_id) {
                Some(row) => {
                    updated.insert(row, movie);
                }
                None => added.push(movie),
            }
        }
        let mut movies = Vec::with_capacity(served.len() + added.len());
        for (row, old) in (0..).map(MovieIdx).zip(served) {
            let movie = updated.remove(&row);
            match &movie {
                Some(new) if new != old => changes.changed.push(old.movie_id),
                Some(_) => {}
                None => changes.missing.push(old.movie_id),
            }
            movies.push(movie.unwrap_or_else(|| old.clone()));
        }
        changes.added.extend(added.iter().map(|movie| movie.movie_id));
        movies.extend(added);
        AlignedCatalog { movies, changes }
    }

    /// Builds the updated generation. Returns `None` if no file would change.
    pub fn update(self, update: Update<'_>) -> Result<Option<Trained>, UpdateError> {
        let UpdateBase { bundle, transformers, evaluation } = self.0;
        let Update { movies, availability, tags, ratings, inputs, created_at } = update;
        let Bundle { manifest: base, generation, recommender } = bundle;
        let mut timer = StepTimer::new();
        let training_movies = base.settings.training_movies(&movies);
        let Transformers { tfidf, genres, numeric } = transformers;
        let plain = PlainFeatures::transformed(&training_movies, tfidf, genres, numeric);
        timer.step("plain_features");
        let rows = recommender.model().features().transformed(&training_movies, &plain, tags);
        let ranking = rows.ok_or(UpdateError::TooOld { generation })?;
        timer.step("ranking_features");

        let vocabulary = catalog::vocabulary(&movies);
        let (ratings, ratings_checksum) = ratings.unzip();
        let ratings = ratings.map(|ratings| ratings.restricted_to(&vocabulary));
        let spec = base.spec();
        let extension = Extension {
            spec: &spec,
            n_learned: base.learned_movies(),
            features: &ranking,
            ratings: ratings.as_ref(),
        };
        let evaluation_files = match &evaluation {
            Some(blend) => extension.of(blend, ModelSet::Evaluation, base.holdout).files()?,
            None => SerializedFiles::default(),
        };
        drop(evaluation);
        timer.step("evaluation_models");
        let served_holdout = if base.refit.is_some() { None } else { base.holdout };
        let extended = extension.of(recommender.blend(), ModelSet::Served, served_holdout);
        timer.step("models");

        let contents = Contents {
            movies: &movies,
            availability: availability.as_ref(),
            plain: &plain,
            ranking: &ranking,
        };
        let SerializedFiles { contents: files, checksums } =
            contents.files()?.with(extended.files()?).with(evaluation_files);
        timer.step("serialise");
        if checksums == base.files {
            return Ok(None);
        }
        let counts = Counts {
            tagged_movies: tags.n_movies(),
            ratings: base.counts.ratings,
            ..contents.counts()
        };
        let derived = Derived {
            rated_new_movies: extended.n_rated,
            ratings: ratings_checksum,
            ..derived_from(&base, generation)
        };
        // Include the ratings file that the models were trained on in the list of inputs.
        let is_ratings_input = |input: &&InputChecksum| input.name.starts_with("ratings.");
        let learned: Vec<InputChecksum> =
            base.inputs.iter().filter(is_ratings_input).cloned().collect();
        let mut manifest = Manifest {
            model_id: String::new(),
            counts,
            inputs: inputs.into_iter().chain(learned).collect(),
            derived_from: Some(derived),
            vocabulary_sha256: vocabulary.checksum(),
            services_source: movies.iter().find_map(|movie| movie.services_source),
            files: checksums,
            run: Run {
                created_at,
                trained_at: base.run.trained_at.clone().or(Some(base.run.created_at.clone())),
                threads: rayon::current_num_threads(),
                timings_ms: timer.steps,
            },
            ..base
        };
        manifest.model_id = manifest.computed_id();
        Ok(Some(Trained { manifest, files }))
    }
}

/// The data from which the parameters of movies added after training are computed.
#[derive(Clone, Copy)]
struct Extension<'a> {
    spec: &'a Spec,
    /// Number of movies that were part of the training.
    n_learned: usize,
    features: &'a RankingFeatures,
    ratings: Option<&'a Interactions>,
}

/// Models extended with the movies added after training.
struct Extended {
    /// Models and their file names.
    models: Vec<(String, Fitted)>,
    /// Number of added movies that have ratings.
    n_rated: usize,
}

impl Extension<'_> {
    /// Extends a set of models, using the ratings of users outside `holdout`.
    fn of(self, blend: &Blend, set: ModelSet, holdout: Option<Holdout>) -> Extended {
        let learned = models::blended_models(self.spec, set, blend);
        let is_known = |movie| learned.iter().any(|(.., model)| model.has_learned(movie));
        let neighbors = if learned.is_empty() {
            Vec::new()
        } else {
            nearest_movies(&self.features.matrix, self.n_learned, is_known)
        };
        let users = training_users(self.ratings, holdout);
        let new_movies = NewMovies {
            n_learned: self.n_learned,
            neighbors: &neighbors,
            features: self.features,
            ratings: self.ratings.map(|ratings| (ratings, users.as_slice())),
            map: FeatureMap::default(),
        };
        let extend = |(name, kind, model): (String, &Kind, &Fitted)| {
            let is_complete = model.n_movies() == self.n_learned && new_movies.is_empty();
            (name, if is_complete { model.clone() } else { kind.extended(model, &new_movies) })
        };
        let models = learned.into_iter().map(extend).collect();
        Extended { models, n_rated: new_movies.n_rated() }
    }
}

impl Extended {
    /// Serializes the models.
    fn files(&self) -> io::Result<SerializedFiles> {
        let named: Vec<(String, &Fitted)> =
            self.models.iter().map(|(name, model)| (name.clone(), model)).collect();
        SerializedFiles::of_models(&named)
    }
}

/// Describes the trained generation that `base` is, or is derived from.
fn derived_from(base: &Manifest, generation: u64) -> Derived {
    base.derived_from.clone().unwrap_or_else(|| Derived {
        generation,
        model_id: base.model_id.clone(),
        learned_movies: base.learned_movies(),
        rated_new_movies: 0,
        ratings: None,
    })
}
