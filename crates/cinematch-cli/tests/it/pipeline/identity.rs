//! Which entries and rows are one film: years and duplicates in the catalog, and contradicting rows in imports.

use cinematch::catalog::Movie;
use cinematch::catalog::matching::MatchIndex;
use cinematch::imports::{self, Imported, RowReport};
use cinematch::sources::history::ListMeaning;

use super::latest_small::bundle;
use crate::support::folder::{Folder, real_data};

const LETTERBOXD: &str = "Date,Name,Year,Letterboxd URI,Rating\n";
const IMDB: &str = "Const,Your Rating,Title,Title Type,Year\n";

fn movies(bundle: &cinematch::bundle::Bundle) -> Vec<Movie> {
    let recommender = &bundle.recommender;
    recommender
        .vocabulary()
        .ids()
        .iter()
        .filter_map(|id| recommender.vocabulary().index_of(*id))
        .map(|movie| recommender.movie(movie).clone())
        .collect()
}

fn import(movies: &[Movie], file: &str) -> Imported {
    import_file(movies, ("ratings.csv", file))
}

fn import_file(movies: &[Movie], file: (&str, &str)) -> Imported {
    imports::read(&MatchIndex::new(movies), movies, &[file], ListMeaning::default()).unwrap()
}

#[test]
fn films_without_a_year_take_the_year_of_their_release() {
    let folder = Folder::empty();
    let movies = "movieId,title,genres\n1,Moonlight,Drama\n2,Ready Player One,Action\n\
                  3,Nothing Known,Drama\n4,Early (1950),Drama\n";
    folder.write("raw/ml-32m/movies.csv", movies.as_bytes());
    folder.write(
        "raw/ml-32m/links.csv",
        b"movieId,imdbId,tmdbId\n1,4975722,376867\n2,1677720,333339\n3,,\n4,,\n",
    );
    let tmdb = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,genres,\
                overview,keywords,cast_top,director\n376867,Moonlight,2016-10-21,111,20,50,7.4,,,,,\n\
                333339,Ready Player One,2018-03-28,140,20,50,7.6,,,,,\n";
    folder.write("raw/tmdb/tmdb_metadata.csv", tmdb.as_bytes());
    let preprocess = |more: &[&str]| -> serde_json::Value {
        let arguments = [&["preprocess"], more].concat();
        folder.ok(&arguments);
        folder.json("data/preprocess_report.json")
    };
    let report = preprocess(&[]);
    assert_eq!(report["counts"]["movies_kept"], 4, "all years are kept by default");
    assert_eq!(report["years_from_tmdb"][0]["year"], 2016, "{report}");
    let report = preprocess(&["--min-year", "1980"]);
    assert_eq!(report["counts"]["movies_kept"], 2);
    assert_eq!(report["counts"]["removed"]["without_year"], 1);
    assert_eq!(report["counts"]["removed"]["before_min_year"], 1);
    assert!(folder.read("data/movies_merged.csv").contains(",Ready Player One,2018,"));
    folder.ok(&["train", "--model", "content"]);
    let file = format!("{LETTERBOXD}x,Moonlight,2016,u,5\nx,Ready Player One,2018,u,4\n");
    folder.write("ratings.csv", file.as_bytes());
    let file = folder.path("ratings.csv");
    let arguments = ["import", file.to_str().unwrap(), "-k", "0", "--json"];
    let imported: serde_json::Value = serde_json::from_str(&folder.ok(&arguments)).unwrap();
    assert_eq!((&imported["by_title"], &imported["fuzzy"]), (&2.into(), &0.into()), "{imported}");
}

#[test]
fn a_film_with_two_entries_is_one_film_in_imports_and_lists() {
    let Some(raw) = real_data("a_film_with_two_entries_is_one_film_in_imports_and_lists") else {
        return;
    };
    let bundle = bundle(&raw);
    let movies = movies(bundle);
    let confessions: Vec<&Movie> =
        movies.iter().filter(|movie| movie.title == "Confessions of a Dangerous Mind").collect();
    let [film] = confessions[..] else { panic!("{confessions:?}") };
    assert_eq!((film.movie_id.0, film.duplicates[0].movie_id.0), (6003, 144_606));
    let vocabulary = bundle.recommender.vocabulary();
    let index = vocabulary.index_of(film.duplicates[0].movie_id).unwrap();
    assert_eq!(vocabulary.id_of(index), film.movie_id);
    // The IDs of both entries and the title find it.
    for file in [
        format!("{IMDB}tt0270288,9,Confessions of a Dangerous Mind,Movie,2002\n"),
        format!("{IMDB}tt0290538,9,Confessions of a Dangerous Mind,Movie,2002\n"),
        format!("{LETTERBOXD}x,Confessions of a Dangerous Mind,2002,u,4.5\n"),
    ] {
        let imported = import(&movies, &file);
        assert_eq!(imported.report.matches[0].movie_id, Some(film.movie_id), "{file}");
        let mut query = imported.taste.query();
        query.limit = 20;
        let (request, _) = bundle.recommender.resolve(&query).unwrap();
        let list = bundle.recommender.recommend(&request);
        assert_eq!(list.items.len(), 20);
        let listed = |item: &cinematch::ranking::Recommendation<'_>| {
            bundle.recommender.movie(item.movie).title.clone()
        };
        assert!(list.items.iter().all(|item| listed(item) != film.title));
    }
}

#[test]
fn rows_with_other_ids_never_match_and_namesakes_are_told_apart() {
    let Some(raw) = real_data("rows_with_other_ids_never_match_and_namesakes_are_told_apart")
    else {
        return;
    };
    let movies = movies(bundle(&raw));
    // The Indian film Wanted of 2009 is not Wanted (2008).
    let report = import(&movies, &format!("{IMDB}tt1084972,1,Wanted,Movie,2009\n")).report;
    assert_eq!((report.unmatched, report.by_title), (1, 0));
    let trakt = r#"[{"rated_at":"2025-01-01T00:00:00.000Z","rating":1,"type":"movie","movie":
        {"title":"Wanted","year":2009,"ids":{"trakt":25000,"imdb":null,"tmdb":25752}}}]"#;
    let report = import_file(&movies, ("r.json", trakt)).report;
    assert_eq!((report.unmatched, report.by_title), (1, 0));
    // Without an ID, the title is too ordinary to ignore the year.
    let report = import(&movies, &format!("{LETTERBOXD}x,Wanted,2009,u,1\n")).report;
    assert_eq!((report.ambiguous, report.fuzzy), (1, 0));

    let twins =
        format!("{LETTERBOXD}x,Saturn 3,1980,u,2\nx,Emma,1996,u,4\nx,War of the Worlds,2005,u,4\n");
    let report = import(&movies, &twins).report;
    for row in &report.matches {
        let label = |row: &RowReport| -> Vec<String> {
            let candidates = row.candidate_movies.iter();
            candidates.map(|it| it.detail.as_ref().unwrap().to_string()).collect()
        };
        let labels = label(row);
        assert_eq!(labels.len(), 2, "{row:?}");
        assert_ne!(labels[0], labels[1], "{row:?}");
    }
}
