//! Search with realistic queries, on the sample and on all of MovieLens.

use std::time::{Duration, Instant};

use cinematch::catalog::Movie;
use cinematch::search::SearchIndex;
use cinematch_testing::Dice;

use crate::support::folder::{Folder, movielens_32m, real_data};

#[test]
fn finds_movies_in_the_terminal() {
    let folder = Folder::trained();
    let text = folder.ok(&["search", "heta", "1995"]);
    assert!(text.lines().next().unwrap().contains("Heat (1995)"), "{text}");
    assert!(folder.ok(&["search", "qqqqqqqq"]).contains("no matches for `qqqqqqqq`"));
}

/// Returns `title` with one typo, never in the first letter: a letter omitted, doubled, replaced or swapped. Returns
/// `None` if the typo would be at a word boundary.
fn mistyped(title: &str, dice: &mut Dice) -> Option<String> {
    let mut letters: Vec<char> = title.to_lowercase().chars().collect();
    let at = 1 + dice.below(letters.len() as u64 - 1) as usize;
    // Don't put typos at word boundaries.
    if at + 1 >= letters.len() || !letters[at - 1..=at + 1].iter().all(char::is_ascii_lowercase) {
        return None;
    }
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = (b'a' + dice.below(26) as u8) as char,
        _ => letters.swap(at, at + 1),
    }
    Some(letters.into_iter().collect())
}

#[test]
fn finds_movielens_32m_titles_despite_a_typing_error() {
    let Some(raw) = real_data("finds_movielens_32m_titles_despite_a_typing_error") else { return };
    let movies = movielens_32m(&raw);
    let started = Instant::now();
    let index = SearchIndex::new(&movies);
    let built = started.elapsed();
    for (query, expected) in [
        ("godfater", "The Godfather"),
        ("heat 1995", "Heat"),
        ("amelie", "Amelie"),
        ("the matrix", "The Matrix"),
        ("matrix the", "The Matrix"),
        ("shawshenk", "The Shawshank Redemption"),
        ("lord of the rings fellow", "The Lord of the Rings: The Fellowship of the Ring"),
        ("pulp ficton", "Pulp Fiction"),
        ("star wars new hope", "Star Wars: Episode IV - A New Hope"),
        ("eternal sunshine", "Eternal Sunshine of the Spotless Mind"),
        // Alternative titles, people, keywords.
        ("sen to chihiro", "Spirited Away"),
        ("fabuleux destin d'amelie poulain", "Amelie"),
        ("shichinin no samurai", "Seven Samurai"),
    ] {
        let hits = index.search(query, 5);
        let found: Vec<&str> =
            hits.iter().map(|hit| movies[hit.movie.row()].title.as_str()).collect();
        println!("{query}: {found:?}");
        assert_eq!(found.first(), Some(&expected), "{query}: {found:?}");
    }

    // Where TMDB data is available, queries for people and keywords return their movies.
    for (query, name, minimum) in [
        ("quentin tarantino", "Quentin Tarantino", 5),
        ("hayao miyazaki", "Hayao Miyazaki", 4),
        // Title matches rank above keyword matches.
        ("time loop", "time loop", 2),
    ] {
        let hits = index.search(query, 5);
        let has = |hit: &cinematch::search::Hit| {
            let movie = &movies[hit.movie.row()];
            let names = movie.directors.iter().chain(&movie.cast).chain(&movie.keywords);
            names.into_iter().any(|it| it == name)
        };
        let n_matching = hits.iter().filter(|hit| has(hit)).count();
        let found: Vec<&str> =
            hits.iter().map(|hit| movies[hit.movie.row()].title.as_str()).collect();
        println!("{query}: {found:?}, {n_matching} match");
        assert!(n_matching >= minimum, "{query}: {found:?}");
    }

    // The movies that users are most likely to search for: those with the most votes.
    let mut titles: Vec<&Movie> = movies.iter().filter(|movie| movie.title.len() >= 5).collect();
    titles.sort_by_key(|movie| std::cmp::Reverse(movie.vote_count));
    titles.truncate(5000);
    let mut dice = Dice::new(1);
    let (mut n_queries, mut first, mut in_top_five) = (0, 0, 0);
    let mut times: Vec<Duration> = Vec::new();
    for movie in titles {
        let Some(query) = mistyped(&movie.title, &mut dice) else { continue };
        let started = Instant::now();
        let hits = index.search(&query, 5);
        times.push(started.elapsed());
        n_queries += 1;
        let has_title = |hit: &cinematch::search::Hit| movies[hit.movie.row()].title == movie.title;
        first += u32::from(hits.first().is_some_and(has_title));
        in_top_five += u32::from(hits.iter().any(has_title));
    }
    times.sort_unstable();
    let share = |n: u32| f64::from(n) / f64::from(n_queries);
    println!(
        "{n_queries} mistyped titles: first {:.3}, among five {:.3}; median {:?}, p99 {:?}; built in {built:?}",
        share(first),
        share(in_top_five),
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
    assert!(
        share(first) > 0.9 && share(in_top_five) > 0.95,
        "{} {}",
        share(first),
        share(in_top_five)
    );
}
