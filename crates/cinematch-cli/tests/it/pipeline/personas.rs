//! Persona suite: people with a known taste must recognize themselves in their lists.
//!
//! `personas.json` names the movies that each persona likes, the field that their list must lie in, how many of its
//! first twelve movies must, and what must never appear.

use std::fmt::Write as _;

use cinematch::catalog::{Movie, read_merged};
use serde::Deserialize;

use crate::support::folder::{Folder, real_data};

#[derive(Deserialize)]
struct Persona {
    name: String,
    likes: Vec<u32>,
    field: Field,
    at_least: usize,
    never: Option<Field>,
}

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
    let personas = std::fs::read(raw.join("../personas.json")).unwrap();
    let personas: Vec<Persona> = serde_json::from_slice(&personas).unwrap();
    let folder = Folder::trained_on_latest_small(&raw);
    let table = std::fs::read(folder.path("data/movies_merged.csv")).unwrap();
    let movies = read_merged("movies_merged.csv", &table).unwrap().records;

    let mut failures = String::new();
    for persona in personas {
        let likes: Vec<String> = persona.likes.iter().map(u32::to_string).collect();
        let arguments = ["recommend", "--liked", &likes.join(","), "--limit", "12", "--json"];
        let list: serde_json::Value = serde_json::from_str(&folder.ok(&arguments)).unwrap();
        let listed: Vec<&Movie> = list["recommendations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| movies.iter().find(|it| item["movie_id"] == it.movie_id.0).unwrap())
            .collect();
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
