//! Prints the taste wall of a new user, and the next one after they tapped some of its movies.
//!
//! `taste-wall ml/artifacts [MOVIE-ID ...]`

use std::path::Path;
use std::time::Instant;

use cinematch::bundle::Bundle;
use cinematch::catalog::title_with_year;
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::Query;
use cinematch::retrieval::Filter;

use crate::outcome::Outcome;

const WALL_LENGTH: usize = 24;

/// Prints the walls, and the time that each took.
pub fn run(args: &[&str]) -> Outcome<()> {
    let [artifacts, tapped @ ..] = args else {
        return Err("expected ARTIFACTS [MOVIE-ID ...]".into());
    };
    let recommender = Bundle::load(Path::new(artifacts))?.recommender;
    let liked: Vec<MovieId> =
        tapped.iter().map(|id| Ok(MovieId(id.parse()?))).collect::<Outcome<_>>()?;
    let mut shown: Vec<MovieIdx> = Vec::new();
    for liked in [Vec::new(), liked] {
        let started = Instant::now();
        let (request, _) = recommender.resolve(&Query { liked, ..Query::default() })?;
        let wall = recommender.taste_wall(&request.history, &shown, Filter::default(), WALL_LENGTH);
        println!("{:.1} ms", started.elapsed().as_secs_f64() * 1e3);
        for movie in &wall {
            let movie = recommender.movie(*movie);
            println!(
                "  {} · {}",
                title_with_year(&movie.title, movie.year),
                movie.genres.join(", ")
            );
        }
        shown.extend(wall);
    }
    Ok(())
}
