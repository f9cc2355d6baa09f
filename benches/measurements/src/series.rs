//! Prints the series that titles and collections form, one per line, to read how many are right.
//!
//! `series data/movies_merged.csv`

use std::time::Instant;

use cinematch::catalog::series::SeriesIndex;
use cinematch::catalog::{read_merged, title_with_year};

use crate::outcome::Outcome;

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let [table] = args else { return Err("expected MERGED-TABLE".into()) };
    let movies = read_merged(table, &std::fs::read(table)?)?.records;
    let started = Instant::now();
    let series = SeriesIndex::new(&movies);
    let seconds = started.elapsed().as_secs_f64();
    let n_parts: usize = series.all().iter().map(Vec::len).sum();
    let n_series = series.all().len();
    println!("{} movies, {n_series} series with {n_parts} parts, {seconds:.2} s\n", movies.len());
    for parts in series.all() {
        let titles = parts.iter().map(|part| &movies[part.row()]);
        let titles: Vec<String> =
            titles.map(|movie| title_with_year(&movie.title, movie.year)).collect();
        println!("{}", titles.join(" | "));
    }
    Ok(())
}
