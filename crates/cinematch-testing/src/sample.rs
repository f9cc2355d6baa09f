//! The sample catalog, trained in the test process.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use cinematch::bundle::{Bundle, Generations, Settings, Trained, Training, train};
use cinematch::catalog::services::MockServices;
use cinematch::catalog::{
    Availability, Inputs, Interactions, MergeSettings, Movie, ServicesChoice, merge, read_merged,
};
use cinematch::evaluation::Holdout;
use cinematch::features::ranking::FeatureSet;
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::Vocabulary;
use cinematch::models::Spec;
use cinematch::models::spec::NAMES;
use cinematch::sources::{movielens, ratings};
use cinematch_service::Serving;

/// Default seed for `cinematch preprocess` and `cinematch train`.
const SEED: u64 = 42;

/// Contents of a `watch_providers.csv` for the sample's first three movies, in two regions.
pub const SERVICES_OF_REGIONS: &str = "tmdb_id,region,flatrate,ads,free,rent,buy\n\
    900000001,DE,Netflix|MUBI,,,,\n900000002,DE,MUBI,Netflix,arte,,\n900000003,US,Max,,,,\n\
    900000001,US,Prime Video,,,Apple TV,\n";

/// Input files for training on the sample. Training takes about half a second, so tests use [`Sample::shared`]
/// where possible.
#[derive(Clone, Debug)]
pub struct Sample {
    movies: String,
    links: String,
    ratings: String,
    tags: String,
    tmdb: String,
    providers: Option<&'static str>,
    services: ServicesChoice,
}

impl Default for Sample {
    fn default() -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sample"));
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        Self {
            movies: read("movies.csv"),
            links: read("links.csv"),
            ratings: read("ratings.csv"),
            tags: read("tags.csv"),
            tmdb: read("tmdb_metadata.csv"),
            providers: None,
            services: ServicesChoice::Auto,
        }
    }
}

impl Sample {
    /// Returns the trained sample shared by all tests in a binary.
    pub fn shared() -> Arc<Serving> {
        static SHARED: LazyLock<Arc<Serving>> = LazyLock::new(|| Sample::default().serving());
        SHARED.clone()
    }

    /// Adds streaming services by region, given as the contents of a `watch_providers.csv`.
    #[must_use]
    pub fn with_providers(self, csv: &'static str) -> Self {
        Self { providers: Some(csv), ..self }
    }

    /// Omits the catalog's mock streaming services, like `preprocess --services none`.
    #[must_use]
    pub fn without_mock_services(self) -> Self {
        Self { services: ServicesChoice::None, ..self }
    }

    /// Removes the movies in `ids` from `movies.csv`.
    #[must_use]
    pub fn without_movies(mut self, ids: &[u64]) -> Self {
        let is_kept = |line: &&str| !ids.iter().any(|id| line.starts_with(&format!("{id},")));
        self.movies = self.movies.lines().filter(is_kept).collect::<Vec<_>>().join("\n");
        self
    }

    /// Adds movies, each given as an ID, a title with year, and genres. Their TMDB IDs are 900000000 + ID, as
    /// in the sample.
    #[must_use]
    pub fn with_movies(mut self, movies: &[(u32, &str, &str)]) -> Self {
        for (id, title, genres) in movies {
            // Writing to a `String` never fails.
            let _ = writeln!(self.movies, "{id},{title},{genres}");
            let _ = writeln!(self.links, "{id},,{}", 900_000_000 + id);
        }
        self
    }

    /// Trains the hybrid model, as `preprocess --min-year none` and `train --no-refit` do.
    pub fn train(&self) -> Trained {
        let movies = self.merged();
        let tags = movielens::tags("tags.csv", self.tags.as_bytes()).unwrap().records;
        let ratings = self.interactions();
        let hold_out = Holdout::for_users(ratings.n_users());
        let providers = self.providers.map(|csv| {
            let read = Availability::read("watch_providers.csv", csv.as_bytes(), &movies);
            read.unwrap().records.remove(0)
        });
        let spec = Spec::named(NAMES[0]).unwrap();
        let training = Training {
            availability: providers,
            movies,
            tags: TagCounts::new(tags.iter().filter(|tag| !hold_out.contains(tag.user_id))),
            ratings: Some(ratings),
            holdout: Some(hold_out),
            refit: false,
            fit_weights: true,
            inputs: Vec::new(),
            settings: Settings {
                model: spec.with_predictions().with_seed(SEED),
                features: FeatureSet::Full,
                tfidf: TfidfParams::default(),
                seed: SEED,
                without_tmdb_text: false,
            },
            created_at: "2026-01-01T00:00:00Z".to_owned(),
        };
        train(training, &mut |_, _| ()).unwrap()
    }

    /// Trains a generation, publishes it in `artifacts` and loads it.
    pub fn publish(&self, artifacts: &Path) -> Arc<Serving> {
        Generations::new(artifacts).publish(&self.train(), 3).unwrap();
        Serving::new(Bundle::load(artifacts).unwrap())
    }

    /// Trains a generation and loads it from a temporary folder, which is then deleted.
    pub fn serving(&self) -> Arc<Serving> {
        let folder = tempfile::tempdir().unwrap();
        self.publish(folder.path())
    }

    fn merged(&self) -> Vec<Movie> {
        let inputs = Inputs {
            movies: ("movies.csv", self.movies.as_bytes()),
            links: ("links.csv", self.links.as_bytes()),
            tmdb: Some(("tmdb_metadata.csv", self.tmdb.as_bytes())),
        };
        let settings = MergeSettings {
            min_year: None,
            require_tmdb: false,
            min_votes: 0,
            keep_without_genres: false,
            services: self.services,
            mock: MockServices { seed: SEED, sample_fraction: 0.3 },
        };
        let table = merge(inputs, &settings, &|ids| Ok(vec![0; ids.len()])).unwrap().table.concat();
        read_merged("movies_merged.csv", &table).unwrap().records
    }

    fn interactions(&self) -> Interactions {
        let movies = movielens::movies("movies.csv", self.movies.as_bytes()).unwrap().records;
        let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
        let mut read = ratings::read("ratings.csv", self.ratings.as_bytes(), &vocabulary).unwrap();
        Interactions::new("ratings.csv", vocabulary, &mut read)
    }
}
