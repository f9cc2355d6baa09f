//! Quality and speed of the search on labelled queries, with real data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::SearchIndex;
use crate::catalog::{MergeSettings, Movie};
use crate::folder::Catalog;

/// Labelled queries: query, kind, and the titles with years or the `@names` of people that are right.
const QUERIES: &str = include_str!("queries.tsv");

fn real_movies() -> Option<Vec<Movie>> {
    let data = std::env::var_os("CINEMATCH_TEST_DATA")
        .map_or_else(|| PathBuf::from("../../../shared/data"), PathBuf::from);
    let folder = data.join("raw/ml-latest-small");
    let tmdb = data.join("raw/tmdb/tmdb_metadata.csv");
    if !folder.is_dir() || !tmdb.is_file() {
        println!("not run: no MovieLens data in {}", data.display());
        return None;
    }
    let settings = MergeSettings { min_year: None, ..MergeSettings::default() };
    Some(Catalog::read(&folder, Some(&tmdb), &settings).unwrap().movies)
}

fn is_expected(movie: &Movie, expected: &str) -> bool {
    let title = match movie.year {
        Some(year) => format!("{} ({year})", movie.title),
        None => movie.title.clone(),
    };
    expected.split(" | ").any(|expected| match expected.strip_prefix('@') {
        Some(name) => movie.directors.iter().chain(&movie.cast).any(|other| other == name),
        None => expected == title,
    })
}

#[test]
fn finds_labelled_queries_in_real_data() {
    let Some(movies) = real_movies() else { return };
    let started = Instant::now();
    let index = SearchIndex::new(&movies);
    println!("built in {:?}", started.elapsed());
    let mut times: Vec<Duration> = Vec::new();
    // Every third query is reported apart. Its failures were printed too, so it is not an unseen test set.
    let mut kinds: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    for (line, at) in QUERIES.lines().skip(1).zip(0..) {
        let [query, kind, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let started = Instant::now();
        let hits = index.search(query, 5);
        times.push(started.elapsed());
        let position = hits.iter().position(|hit| is_expected(&movies[hit.movie.row()], expected));
        let set = if at % 3 == 0 { "third" } else { "others" };
        for group in [set, kind, "all"] {
            let [n, first, five] = kinds.entry(group).or_default();
            *n += 1;
            *first += u32::from(position == Some(0));
            *five += u32::from(position.is_some());
        }
        if position != Some(0) {
            let found: Vec<String> = hits
                .iter()
                .map(|hit| format!("{} {:.2}", movies[hit.movie.row()].title, hit.score))
                .collect();
            println!("{set} {kind}: {query} → {expected}: {position:?} {found:?}");
        }
    }
    times.sort_unstable();
    println!("median {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    for (kind, [n, first, five]) in &kinds {
        let share = |count: &u32| f64::from(*count) / f64::from(*n);
        println!("{kind}: {n} queries, hit@1 {:.3}, hit@5 {:.3}", share(first), share(five));
        if ["all", "third"].contains(kind) {
            assert!(share(first) >= 0.95 && share(five) >= 0.99, "{kind}");
        }
    }
}
