use super::*;
use crate::catalog::Movie;
use crate::fixtures::movie;

/// Searches `facts`, which gives each movie's title, year and vote count. Returns the titles found, best
/// first.
fn check(facts: &[(&str, u16, u32)], query: &str) -> Vec<String> {
    let movies: Vec<Movie> = facts
        .iter()
        .zip(1..)
        .map(|((title, year, votes), id)| Movie {
            year: Some(*year),
            vote_count: Some(*votes),
            directors: if *title == "Heat" { vec!["Michael Mann".to_owned()] } else { Vec::new() },
            cast: Vec::new(),
            keywords: Vec::new(),
            ..movie(id, title)
        })
        .collect();
    let index = SearchIndex::new(&movies);
    let hits = index.search(query, 3);
    assert_eq!(index.search(query, 3), hits, "a search must not affect later searches");
    hits.iter().map(|hit| movies[hit.movie.row()].title.clone()).collect()
}

const MOVIES: [(&str, u16, u32); 15] = [
    ("Spider-Man", 2002, 18_000),
    ("WALL·E", 2008, 19_000),
    ("E.T. the Extra-Terrestrial", 1982, 11_000),
    ("Heat", 1995, 6000),
    ("The Heat", 2013, 3000),
    ("Heathers", 1989, 1500),
    ("The Godfather", 1972, 18_000),
    ("The Godfather: Part II", 1974, 11_000),
    ("The Matrix", 1999, 24_000),
    ("The Matrix Reloaded", 2003, 9000),
    ("Amélie", 2001, 10_000),
    ("Solaris", 1972, 1000),
    ("Solaris", 2002, 900),
    ("2012", 2009, 10_000),
    ("City of God", 2002, 6500),
];

#[test]
fn ranks_the_intended_movie_first() {
    for (query, expected) in [
        ("godfater", "The Godfather"),
        ("the godfahter", "The Godfather"),
        ("godfather part ii", "The Godfather: Part II"),
        ("heat", "Heat"),
        ("heat 1995", "Heat"),
        ("heat 2013", "The Heat"),
        ("heath", "Heathers"),
        ("amelie", "Amélie"),
        ("AMÉLIE", "Amélie"),
        ("the matrix", "The Matrix"),
        ("matrix the", "The Matrix"),
        ("matr", "The Matrix"),
        ("matrix relo", "The Matrix Reloaded"),
        ("solaris 2002", "Solaris"),
        ("2012", "2012"),
        ("michael mann", "Heat"),
        ("city god", "City of God"),
        ("cty god", "City of God"),
        ("spiderman", "Spider-Man"),
        ("walle", "WALL·E"),
        ("et", "E.T. the Extra-Terrestrial"),
    ] {
        assert_eq!(check(&MOVIES, query).first().map(String::as_str), Some(expected), "{query}");
    }
    for unmatched in ["", "   ", "?!", "zzzzzz", "xy"] {
        assert_eq!(check(&MOVIES, unmatched), Vec::<String>::new(), "{unmatched}");
    }
}

#[test]
fn a_year_selects_among_movies_with_equal_titles() {
    let movies: Vec<Movie> = MOVIES
        .iter()
        .zip(1..)
        .map(|((title, year, _), id)| Movie { year: Some(*year), ..movie(id, title) })
        .collect();
    let index = SearchIndex::new(&movies);
    let year = |query| movies[index.search(query, 1)[0].movie.row()].year;
    assert_eq!((year("solaris 1972"), year("solaris 2002")), (Some(1972), Some(2002)));
}
