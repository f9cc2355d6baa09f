//! Evaluates a model of your own against the popularity model.
//!
//! `own_model FOLDER`, for example `own_model raw/ml-latest-small`
//!
//! The model implements [`Model`] and scores movies by the genres they share with movies the user rated.
//! To add a model to CineMatch (training, archives, tuning, blending), see `docs/extending.md`.

use std::error::Error;
use std::path::Path;

use cinematch::evaluation::{ModelMetrics, MovieAttributes, Part, StrongGeneralization};
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::models::{Contributions, TrainingSet};
use cinematch::{Catalog, MergeSettings, Model, Movie, MovieIdx, Rated, Spec};

/// Scores a movie by the user's ratings of movies with the same genres.
struct GenreModel {
    /// Genres of each movie, by index.
    genres: Vec<Vec<String>>,
}

impl GenreModel {
    fn new(movies: &[Movie]) -> Self {
        Self { genres: movies.iter().map(|movie| movie.genres.clone()).collect() }
    }

    /// Returns how much `rated` adds to the score of `movie`: its star rating minus 3, multiplied by the
    /// Jaccard similarity of the two movies' genres.
    fn contribution(&self, rated: Rated, movie: MovieIdx) -> f32 {
        let (a, b) = (&self.genres[rated.movie.row()], &self.genres[movie.row()]);
        let shared = a.iter().filter(|genre| b.contains(genre)).count();
        let all = a.len() + b.len() - shared;
        (rated.stars.value() - 3.0) * shared as f32 / all.max(1) as f32
    }
}

impl Model for GenreModel {
    fn n_movies(&self) -> usize {
        self.genres.len()
    }

    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        for (row, score) in scores.iter_mut().enumerate() {
            let movie = MovieIdx(row as u32);
            *score = history.iter().map(|rated| self.contribution(*rated, movie)).sum();
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let contributions = |movie: &MovieIdx| Contributions {
            parts: history.iter().map(|rated| self.contribution(*rated, *movie)).collect(),
            ..Contributions::default()
        };
        movies.iter().map(contributions).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("expected FOLDER")?;
    let Catalog { movies, ratings, .. } =
        Catalog::read(Path::new(&folder), None, &MergeSettings::default())?;
    let ratings = ratings.ok_or("the folder has no ratings.csv")?;
    let split = StrongGeneralization::default().split(&ratings, Part::Test)?;
    println!("{} training users, {} test users", split.training.len(), split.held_out.len());

    let attributes = MovieAttributes::new(&movies);
    let (genre_metrics, _lists) =
        ModelMetrics::from_model(&GenreModel::new(&movies), &split, &attributes);
    println!("genres   NDCG@100 {:.4}", genre_metrics.objective());
    let plain = PlainFeatures::fit(&movies, TfidfParams::default())?;
    let features = RankingFeatures::fit(FeatureSet::Seed, &movies, &plain, &TagCounts::default())?;
    let training = TrainingSet {
        interactions: &split.interactions,
        users: &split.training,
        features: &features,
    };
    let popular = Spec::named("popular").ok_or("the registry has no popularity model")?;
    let popular = popular.fit(training, &mut |_model, _share| ())?;
    let (popular_metrics, _lists) = ModelMetrics::from_model(&popular, &split, &attributes);
    println!("popular  NDCG@100 {:.4}", popular_metrics.objective());
    Ok(())
}
