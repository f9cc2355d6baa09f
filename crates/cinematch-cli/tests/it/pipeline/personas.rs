//! Persona suite: people with a known taste must recognize themselves in their lists and on the taste wall.
//!
//! `personas.json` names the movies that each persona likes, the field that their list must lie in, how many of its
//! first twelve movies must, and what must never appear.

use std::fmt::Write as _;

use cinematch::catalog::Movie;
use cinematch::ids::MovieIdx;
use cinematch::ranking::Query;
use cinematch::retrieval::Filter;
use serde::Deserialize;

use super::latest_small::{self, Persona};
use crate::support::folder::real_data;

/// A set of movies, described by one property.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Field {
    /// Movies with any of these genres.
    Genre(Vec<String>),
    /// Movies with all of these genres.
    GenreAll(Vec<String>),
    /// Movies with any of these keywords.
    Keyword(Vec<String>),
    /// Movies that also have a title in another language.
    AltTitles(bool),
    /// Movies released in this year or before.
    YearMax(u16),
}

impl Field {
    fn contains(&self, movie: &Movie) -> bool {
        match self {
            Self::Genre(genres) => genres.iter().any(|genre| movie.genres.contains(genre)),
            Self::GenreAll(genres) => genres.iter().all(|genre| movie.genres.contains(genre)),
            Self::Keyword(words) => words.iter().any(|word| movie.keywords.contains(word)),
            Self::AltTitles(wanted) => movie.alt_titles.is_empty() != *wanted,
            Self::YearMax(last) => movie.year.is_some_and(|year| year <= *last),
        }
    }
}

#[test]
fn personas_recognize_themselves_in_their_lists() {
    let Some(raw) = real_data("personas_recognize_themselves_in_their_lists") else { return };
    let recommender = &latest_small::bundle(&raw).recommender;

    let mut failures = String::new();
    for persona in latest_small::personas::<Field>(&raw) {
        let query = Query { liked: persona.likes, limit: 12, ..Query::default() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let items = recommender.recommend(&request).items;
        let listed: Vec<&Movie> = items.iter().map(|item| recommender.movie(item.movie)).collect();
        assert_eq!(listed.len(), 12);
        let n_inside = listed.iter().filter(|movie| persona.field.contains(movie)).count();
        let unwanted = persona
            .never
            .as_ref()
            .map_or(0, |never| listed.iter().filter(|movie| never.contains(movie)).count());
        if n_inside < persona.at_least || unwanted > 0 {
            let titles: Vec<&str> = listed.iter().map(|movie| movie.title.as_str()).collect();
            let (name, at_least) = (persona.name, persona.at_least);
            writeln!(failures, "{name}: {n_inside} of {at_least}, {unwanted} unwanted: {titles:?}")
                .unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn personas_find_their_films_on_the_first_wall_and_more_after_two_taps() {
    let test = "personas_find_their_films_on_the_first_wall_and_more_after_two_taps";
    let Some(raw) = real_data(test) else { return };
    let recommender = &latest_small::bundle(&raw).recommender;
    let mut failures = String::new();
    for Persona { name, likes, field, .. } in latest_small::personas::<Field>(&raw) {
        let n_inside = |wall: &[MovieIdx]| {
            wall.iter().filter(|movie| field.contains(recommender.movie(**movie))).count()
        };
        let first = recommender.taste_wall(&[], &[], Filter::default(), 24);
        let liked = likes[..2].to_vec();
        let (request, _) = recommender.resolve(&Query { liked, ..Query::default() }).unwrap();
        // Every third movie of the second wall explores other tastes.
        let second = recommender.taste_wall(&request.history, &first, Filter::default(), 24);
        let fitting: Vec<MovieIdx> = second.chunks(3).flat_map(|row| row[..2].to_vec()).collect();
        let found = (n_inside(&first), n_inside(&fitting));
        if found.0 < 1 || found.1 < 4 {
            let titles = |wall: &[MovieIdx]| -> Vec<&str> {
                wall.iter().map(|movie| recommender.movie(*movie).title.as_str()).collect()
            };
            writeln!(failures, "{name}: {found:?} {:?} {:?}", titles(&first), titles(&fitting))
                .unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
