//! Trains on a MovieLens folder and prints recommendations with reasons.
//!
//! `train_and_rank FOLDER TITLE [TMDB_METADATA]`, for example `train_and_rank sample "Toy Story"`

use std::error::Error;
use std::path::Path;

use cinematch::{Catalog, MergeSettings, Query, Settings, Spec, explanation, train};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, title, tmdb) = match args.as_slice() {
        [folder, title] => (Path::new(folder), title, None),
        [folder, title, tmdb] => (Path::new(folder), title, Some(Path::new(tmdb))),
        _ => return Err("expected FOLDER TITLE [TMDB_METADATA]".into()),
    };
    let catalog = Catalog::read(folder, tmdb, &MergeSettings::default())?;
    eprintln!("{} movies, {} problems", catalog.movies.len(), catalog.problems.len());
    let has_title = |movie: &&cinematch::Movie| movie.title.eq_ignore_ascii_case(title);
    let liked = catalog.movies.iter().find(has_title).ok_or("no movie has this title")?.movie_id;

    // The hybrid learns from ratings. If there are none, compare movies by content.
    let model = match &catalog.ratings {
        Some(_) => Settings::default().model,
        None => Spec::content(),
    };
    let settings = Settings { model, ..Settings::default() };
    // The start time is recorded in the manifest, so use a fixed one to make the output reproducible.
    let training = catalog.training(settings, "2026-01-01T00:00:00Z");
    let bundle = train(training, &mut |_step, _fraction| ())?.into_bundle()?;

    let recommender = &bundle.recommender;
    let query = Query { liked: vec![liked], limit: 10, explain: true, ..Query::default() };
    let (request, _unknown_movies) = recommender.resolve(&query)?;
    for item in recommender.recommend(&request).items {
        let movie = recommender.movie(item.movie);
        println!("{:.3}  {}  {}", item.score, movie.title, explanation(&item.reasons));
    }
    Ok(())
}
