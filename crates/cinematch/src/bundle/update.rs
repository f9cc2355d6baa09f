//! Films that came after training, and facts that changed, in a generation of their own: the rows by
//! columns that are there, the models with [new movies](crate::models::cold_start) behind what they
//! learned.
//!
//! What was learned keeps its rows and numbers. Films behind it are made anew each time from the
//! trained part, so that it does not matter how many updates lie between.

use std::io;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::artifacts::{Clock, Contents, Trained, Transformers};
use super::manifest::{Derived, InputSum, Manifest, Run};
use super::{ArtifactsError, Bundle, Generations, models};
use crate::catalog::{Availability, Interactions, Movie};
use crate::features::plain::PlainFeatures;
use crate::features::tags::TagCounts;
use crate::ids::{MovieId, MovieIdx, UserIdx, Vocabulary};
use crate::models::cold_start::{FeatureMap, NewMovies, nearest_movies};
use crate::models::{Fitted, Model};

/// An update that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The generation does not say how much its columns count.
    #[error(
        "generation {generation} is of an earlier version, which did not keep what other films are \
         weighed by: run `cinematch train` once"
    )]
    TooOld {
        /// The generation.
        generation: u64,
    },
    /// A file could not be put together.
    #[error("cannot put the artifacts together: {0}")]
    Write(#[from] io::Error),
}

/// The served generation, to go on from.
#[derive(Debug)]
pub struct Base {
    bundle: Bundle,
    transformers: Transformers,
}

/// The films of an update, in the rows' order: those of the generation, then new ones.
#[derive(Debug)]
pub struct LinedUp {
    /// The films, with the facts of the table.
    pub movies: Vec<Movie>,
    /// What changes.
    pub news: News,
}

/// What an update changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct News {
    /// Films that the generation does not have, in the table's order.
    pub added: Vec<MovieId>,
    /// Films whose facts are others than before.
    pub changed: Vec<MovieId>,
    /// Films that the table does not have: they stay as they are, because people may have rated them
    /// and a table cut short must not take them away. Training lets them go.
    pub left: Vec<MovieId>,
}

/// What an update is made from.
#[derive(Debug)]
pub struct Update<'a> {
    /// The films.
    pub movies: Vec<Movie>,
    /// Where they can be watched, where that was fetched.
    pub availability: Option<Availability>,
    /// Viewers' tags.
    pub tags: &'a TagCounts,
    /// Ratings, of any films, whose users count, and the file they came from.
    pub ratings: Option<(Interactions, Vec<UserIdx>, InputSum)>,
    /// The other files all came from.
    pub inputs: Vec<InputSum>,
    /// When the run began, RFC 3339 in UTC.
    pub created_at: String,
}

impl Base {
    /// Loads the published generation. Every checksum is verified.
    pub fn load(generations: &Generations) -> Result<Self, ArtifactsError> {
        let (bundle, transformers) = generations.load_with_transformers()?;
        Ok(Self { bundle, transformers })
    }

    /// The generation.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Whether there are or come films that the models have not learned.
    pub fn has_newcomers(&self, lined_up: &LinedUp) -> bool {
        lined_up.movies.len() > self.bundle.manifest.learned_movies()
    }

    /// Puts a table's films behind and in the place of the generation's.
    pub fn line_up(&self, table: Vec<Movie>) -> LinedUp {
        let served = self.bundle.recommender.movies();
        let vocabulary = self.bundle.recommender.vocabulary();
        let mut fresh: FxHashMap<MovieIdx, Movie> = FxHashMap::default();
        let (mut added, mut news) = (Vec::new(), News::default());
        for movie in table {
            match vocabulary.index_of(movie.movie_id) {
                Some(row) => {
                    fresh.insert(row, movie);
                }
                None => added.push(movie),
            }
        }
        let mut movies = Vec::with_capacity(served.len() + added.len());
        for (row, before) in (0..).map(MovieIdx).zip(served) {
            let movie = fresh.remove(&row);
            match &movie {
                Some(now) if now != before => news.changed.push(before.movie_id),
                Some(_) => {}
                None => news.left.push(before.movie_id),
            }
            movies.push(movie.unwrap_or_else(|| before.clone()));
        }
        news.added.extend(added.iter().map(|movie| movie.movie_id));
        movies.extend(added);
        LinedUp { movies, news }
    }

    /// Makes the generation; `None` if not a byte of its files would differ.
    pub fn update(self, update: Update<'_>) -> Result<Option<Trained>, UpdateError> {
        let Self { bundle, transformers } = self;
        let Update { movies, availability, tags, ratings, inputs, created_at } = update;
        let Bundle { manifest: base, generation, recommender } = bundle;
        let mut clock = Clock::new();
        let without_tmdb_text = base.settings.without_tmdb_text;
        let of_movielens: Option<Vec<Movie>> =
            without_tmdb_text.then(|| movies.iter().map(Movie::of_movielens_alone).collect());
        let learned_from = of_movielens.as_deref().unwrap_or(&movies);
        let Transformers { tfidf, genres, numeric } = transformers;
        let plain = PlainFeatures::transformed(learned_from, tfidf, genres, numeric);
        clock.step("plain_features");
        let rows = recommender.model().features().transformed(learned_from, &plain, tags);
        let ranking = rows.ok_or(UpdateError::TooOld { generation })?;
        clock.step("ranking_features");

        let n_learned = base.learned_movies();
        let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
        let (ratings, ratings_sum) = match ratings {
            Some((all, users, sum)) => (Some((all.restricted_to(&vocabulary), users)), Some(sum)),
            None => (None, None),
        };
        let learned = models::of_blend(&base.settings.model, recommender.blend());
        let is_known = |movie| learned.iter().any(|(.., model)| model.has_learned(movie));
        let neighbours = if learned.is_empty() {
            Vec::new()
        } else {
            nearest_movies(&ranking.matrix, n_learned, is_known)
        };
        clock.step("neighbours");
        let newcomers = NewMovies {
            n_learned,
            neighbors: &neighbours,
            ratings: ratings.as_ref().map(|(all, users)| (all, users.as_slice())),
            map: FeatureMap::default(),
        };
        let extended: Vec<(String, Fitted)> = learned
            .into_iter()
            .map(|(name, kind, model)| {
                let is_whole = model.n_movies() == n_learned && newcomers.is_empty();
                let model = if is_whole { model.clone() } else { kind.extended(model, &newcomers) };
                (name, model)
            })
            .collect();
        clock.step("models");

        let contents = Contents {
            movies: &movies,
            availability: availability.as_ref(),
            plain: &plain,
            ranking: &ranking,
            models: extended.iter().map(|(name, model)| (name.clone(), model)).collect(),
        };
        let (files, sums) = contents.files()?;
        clock.step("serialise");
        if sums == base.files {
            return Ok(None);
        }
        let counts = contents.counts();
        let root = base.derived_from.clone().unwrap_or(Derived {
            generation,
            model_id: base.model_id.clone(),
            learned_movies: n_learned,
            rated_newcomers: 0,
            ratings: None,
        });
        // Models learned from the ratings of then, and from no others.
        let of_ratings = |input: &&InputSum| input.name.starts_with("ratings.");
        let learned: Vec<InputSum> = base.inputs.iter().filter(of_ratings).cloned().collect();
        let mut manifest = Manifest {
            model_id: String::new(),
            counts: super::Counts {
                tagged_movies: tags.n_movies(),
                ratings: base.counts.ratings,
                ..counts
            },
            inputs: inputs.into_iter().chain(learned).collect(),
            derived_from: Some(Derived {
                rated_newcomers: newcomers.n_rated(),
                ratings: ratings_sum,
                ..root
            }),
            vocabulary_sha256: vocabulary.checksum(),
            services_source: movies.iter().find_map(|movie| movie.services_source),
            files: sums,
            run: Run {
                created_at,
                trained_at: base.run.trained_at.clone().or(Some(base.run.created_at.clone())),
                threads: rayon::current_num_threads(),
                timings_ms: clock.steps,
            },
            ..base
        };
        manifest.model_id = manifest.computed_id();
        Ok(Some(Trained { manifest, files }))
    }
}
