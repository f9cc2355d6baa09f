//! Tests of merging.

use super::*;
use crate::catalog::Movie;
use crate::ids::{MovieId, TmdbId};

const MOVIES: &str = "movieId,title,genres\n1,\"Matrix, The (1999)\",Action|Sci-Fi\n\
    2,Old One (1950),Drama\n3,Plain (2001),(no genres listed)\n4,Untitled Project,Drama\n\
    5,Twin (1999),Drama\n6,Loose (2005)),Drama\n";
const LINKS: &str = "movieId,imdbId,tmdbId\n1,0133093,603\n2,,\n4,4975722,12\n5,0133094,603\n6,,7\n\
    99,,8\n";
const TMDB: &str = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,\
    genres,overview,keywords,cast_top,director,imdb_id,alternative_titles\n603,The Matrix,,136,50,25000,\
    8.2,,A hacker.,hacker|ai,Keanu Reeves,Lana Wachowski|Lilly Wachowski,,\n9,Other,,1,1,1,1,,,,,,,\n\
    376867,Moonlight,2016-10-21,111,20,50,7.4,,,,,,tt4975722,Mondlicht|moonlight\n";

/// Counts as many ratings for a movie as its ID says.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a count that may fail")]
fn count_ratings(ids: &[MovieId]) -> Result<Vec<u64>, RatingsError> {
    Ok(ids.iter().map(|id| u64::from(id.0)).collect())
}

fn settings() -> MergeSettings {
    MergeSettings {
        min_year: Some(1980),
        require_tmdb: false,
        min_votes: 0,
        keep_without_genres: false,
        services: ServicesChoice::None,
        mock: MockServices { seed: 1, sample_fraction: 0.3 },
    }
}

fn movies(merged: &Merged) -> Vec<Movie> {
    let decoded = merged_csv::read_merged("m.csv", &merged.table.concat()).unwrap();
    assert_eq!(decoded.problems, []);
    decoded.records
}

fn check(settings: &MergeSettings, with_tmdb: bool, expect: &[u32]) -> Merged {
    let inputs = Inputs {
        movies: ("movies.csv", MOVIES.as_bytes()),
        links: ("links.csv", LINKS.as_bytes()),
        tmdb: with_tmdb.then_some(("tmdb.csv", TMDB.as_bytes())),
    };
    let merged = merge(inputs, settings, &count_ratings).unwrap();
    let ids: Vec<u32> = movies(&merged).iter().map(|movie| movie.movie_id.0).collect();
    assert_eq!(ids, expect);
    let removed = merged.counts.removed;
    let total = removed.without_year
        + removed.before_min_year
        + removed.without_genres
        + removed.without_tmdb
        + removed.too_few_votes;
    let accounted = total + merged.counts.movies_kept + merged.counts.duplicate_entries;
    assert_eq!(accounted, merged.counts.movies_read);
    merged
}

#[test]
fn each_filter_removes_the_failing_movies() {
    // Movie 4 has its year from TMDB, and movie 1 is merged into movie 5, which has more ratings.
    check(&settings(), true, &[4, 5, 6]);
    check(&settings(), false, &[5, 6]);
    check(&MergeSettings { min_year: None, ..settings() }, true, &[2, 4, 5, 6]);
    check(&MergeSettings { keep_without_genres: true, ..settings() }, true, &[3, 4, 5, 6]);
    check(&MergeSettings { require_tmdb: true, ..settings() }, true, &[4, 5]);
    check(&MergeSettings { min_votes: 100, ..settings() }, true, &[5]);
}

#[test]
fn entries_with_one_id_are_merged_into_the_entry_with_the_most_ratings() {
    let merged = check(&settings(), true, &[4, 5, 6]);
    let movies = movies(&merged);
    let matrix = &movies[1];
    assert_eq!((matrix.title.as_str(), matrix.tmdb_id), ("Twin", Some(TmdbId(603))));
    assert_eq!(matrix.alt_titles, ["The Matrix"]);
    assert_eq!(matrix.directors, ["Lana Wachowski", "Lilly Wachowski"]);
    assert_eq!(matrix.imdb_id.as_deref(), Some("0133094"));
    let imdb_id = Some("0133093".to_owned());
    let first = DuplicateEntry { movie_id: MovieId(1), imdb_id, tmdb_id: Some(TmdbId(603)) };
    assert_eq!(matrix.duplicates, [first]);
    let [entry] = &merged.corrections.duplicate_entries[..] else { panic!("one duplicate") };
    assert_eq!((entry.movie_id, entry.merged_into), (MovieId(1), MovieId(5)));
    assert_eq!(merged.counts.duplicate_entries, 1);

    // Entries with equal IMDb IDs are one film too, and among equal counts the lowest ID is kept.
    let inputs = Inputs {
        movies: ("m.csv", MOVIES.as_bytes()),
        links: ("l.csv", b"movieId,imdbId,tmdbId\n4,0000007,1\n6,0000007,2\n2,0000008,2\n"),
        tmdb: None,
    };
    let all = MergeSettings { min_year: None, ..settings() };
    let merged = merge(inputs, &all, &|ids| Ok(vec![3; ids.len()])).unwrap();
    let ids: Vec<u32> = self::movies(&merged).iter().map(|movie| movie.movie_id.0).collect();
    assert_eq!(ids, [1, 2, 5]);
}

#[test]
fn years_titles_and_ids_are_corrected_with_tmdb_and_reported() {
    let merged = check(&settings(), true, &[4, 5, 6]);
    let year = |id, title: &str, year| CorrectedYear {
        movie_id: MovieId(id),
        title: title.to_owned(),
        year,
    };
    assert_eq!(merged.corrections.years_read_leniently, [year(6, "Loose (2005))", 2005)]);
    assert_eq!(merged.corrections.years_from_tmdb, [year(4, "Untitled Project", 2016)]);
    let movies = movies(&merged);
    assert_eq!((movies[0].title.as_str(), movies[0].year), ("Moonlight", Some(2016)));
    assert_eq!(movies[0].alt_titles, ["Untitled Project", "Mondlicht"]);
    assert_eq!(movies[0].tmdb_id, Some(TmdbId(376_867)));
    let relinked = Relinked { movie_id: MovieId(4), from: Some(TmdbId(12)), to: TmdbId(376_867) };
    assert_eq!(merged.corrections.relinked, [relinked]);
    assert_eq!(merged.counts.titles_from_tmdb, 1);
    assert_eq!(merged.counts.tmdb_rows_without_movie, 1);
    let reasons: Vec<(u64, ProblemKind)> =
        merged.problems.iter().map(|problem| (problem.line, problem.kind)).collect();
    assert_eq!(reasons, [(7, ProblemKind::UnknownReference)]);
}

#[test]
fn mock_services_are_marked_and_missing_providers_are_an_error() {
    let mock = MergeSettings { services: ServicesChoice::Auto, ..settings() };
    let merged = check(&mock, true, &[4, 5, 6]);
    assert_eq!(merged.services_source, Some(ServicesSource::Mock));
    assert!(movies(&merged).iter().all(|movie| {
        !movie.services.is_empty() && movie.services_source == Some(ServicesSource::Mock)
    }));
    let tmdb = MergeSettings { services: ServicesChoice::Tmdb, ..settings() };
    let inputs = Inputs {
        movies: ("movies.csv", MOVIES.as_bytes()),
        links: ("links.csv", LINKS.as_bytes()),
        tmdb: Some(("tmdb.csv", TMDB.as_bytes())),
    };
    let error = merge(inputs, &tmdb, &count_ratings).unwrap_err().to_string();
    assert!(error.contains("`--services mock`"), "{error}");
    let error =
        merge(Inputs { tmdb: None, ..inputs }, &tmdb, &count_ratings).unwrap_err().to_string();
    assert!(error.contains("there is no tmdb_metadata.csv"), "{error}");
}
