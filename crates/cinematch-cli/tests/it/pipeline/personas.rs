//! Persona suite: people with a known taste must recognize themselves in their lists and on the taste wall.
//!
//! `personas.json` names the movies that each persona likes, the field that their list must lie in, how many of its
//! first twelve movies must, and what must never appear.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use cinematch::bundle::Bundle;
use cinematch::catalog::{Movie, read_merged};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::Query;
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

/// Returns the personas, and a folder trained on latest-small, which is shared by the tests.
fn personas_and_folder(raw: &Path) -> (Vec<Persona>, &'static Folder) {
    static TRAINED: OnceLock<Folder> = OnceLock::new();
    let folder = TRAINED.get_or_init(|| {
        let folder = Folder::empty();
        let (release, tmdb) = (raw.join("ml-latest-small"), raw.join("tmdb/tmdb_metadata.csv"));
        let (release, tmdb) = (release.to_str().unwrap(), tmdb.to_str().unwrap());
        folder.ok(&["preprocess", "--raw", release, "--tmdb", tmdb, "--min-year", "none"]);
        folder.ok(&["train", "--raw", release]);
        folder
    });
    let personas = fs::read(raw.join("../personas.json")).unwrap();
    (serde_json::from_slice(&personas).unwrap(), folder)
}

#[test]
fn personas_recognize_themselves_in_their_lists() {
    let Some(raw) = real_data("personas_recognize_themselves_in_their_lists") else { return };
    let (personas, folder) = personas_and_folder(&raw);
    let table = fs::read(folder.path("data/movies_merged.csv")).unwrap();
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

#[test]
fn personas_find_their_films_on_the_first_wall_and_more_after_two_taps() {
    let test = "personas_find_their_films_on_the_first_wall_and_more_after_two_taps";
    let Some(raw) = real_data(test) else { return };
    let (personas, folder) = personas_and_folder(&raw);
    let recommender = Bundle::load(&folder.path("ml/artifacts")).unwrap().recommender;
    let mut failures = String::new();
    for Persona { name, likes, field, .. } in personas {
        let n_inside = |wall: &[MovieIdx]| {
            wall.iter().filter(|movie| field.contains(recommender.movie(**movie))).count()
        };
        let first = recommender.taste_wall(&[], &[], 24);
        let liked = likes[..2].iter().copied().map(MovieId).collect();
        let (request, _) = recommender.resolve(&Query { liked, ..Query::default() }).unwrap();
        // Every third movie of the second wall explores other tastes.
        let second = recommender.taste_wall(&request.history, &first, 24);
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
