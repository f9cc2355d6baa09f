//! `movies_merged.csv`: the movie table that `preprocess` writes and `train` reads.
//!
//! The first fifteen columns match the Python version of CineMatch and are in the same order. Newer
//! columns follow. List items are separated by `|`, and a `|` inside a name is written as `/`.

use std::io::Write;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{DuplicateEntry, Movie, ServicesSource};
use crate::date::Date;
use crate::ids::{MovieId, TmdbId};
use crate::sources::movielens::genres;
use crate::sources::table::{self, Column};
use crate::sources::values::{list, whole_number};
use crate::sources::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};

/// Column names, in file order.
pub const HEADER: [&str; 26] = [
    "movieId",
    "tmdbId",
    "imdbId",
    "title",
    "year",
    "genres",
    "overview",
    "runtime",
    "popularity",
    "vote_count",
    "vote_average",
    "keywords",
    "cast_top",
    "director",
    "services",
    "alt_titles",
    "services_source",
    "original_language",
    "poster_path",
    "collection",
    "adult",
    "status",
    "release_date",
    "fetched_on",
    "certifications",
    "duplicates",
];

/// A row of the table. Unknown values are empty strings, and list items are separated by `|`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub movie_id: MovieId,
    pub tmdb_id: Option<TmdbId>,
    pub imdb_id: &'a str,
    pub title: &'a str,
    pub alt_titles: &'a str,
    pub year: Option<u16>,
    pub genres: &'a str,
    pub overview: &'a str,
    pub runtime: Option<u32>,
    pub popularity: Option<f32>,
    pub vote_count: Option<u32>,
    pub vote_average: Option<f32>,
    pub keywords: &'a str,
    pub cast: &'a str,
    pub directors: &'a str,
    pub services: &'a str,
    pub services_source: Option<ServicesSource>,
    pub original_language: &'a str,
    pub poster_path: &'a str,
    pub collection: &'a str,
    pub is_adult: bool,
    pub status: &'a str,
    pub release_date: Option<Date>,
    pub fetched_on: Option<Date>,
    pub certifications: &'a str,
    pub duplicates: &'a [DuplicateEntry],
}

/// Returns the header line.
pub(super) fn header() -> Vec<u8> {
    let mut header = HEADER.join(",").into_bytes();
    header.push(b'\n');
    header
}

/// Appends `row` to `out`.
pub(super) fn put_row(row: &Row<'_>, out: &mut Vec<u8>) {
    put_number(Some(row.movie_id), b',', out);
    put_number(row.tmdb_id, b',', out);
    put_text(row.imdb_id, b',', out);
    put_text(row.title, b',', out);
    put_number(row.year, b',', out);
    put_text(row.genres, b',', out);
    put_text(row.overview, b',', out);
    put_number(row.runtime, b',', out);
    put_number(row.popularity, b',', out);
    put_number(row.vote_count, b',', out);
    put_number(row.vote_average, b',', out);
    for list in [row.keywords, row.cast, row.directors, row.services, row.alt_titles] {
        put_text(list, b',', out);
    }
    put_text(row.services_source.map_or("", ServicesSource::name), b',', out);
    put_text(row.original_language, b',', out);
    put_text(row.poster_path, b',', out);
    put_text(row.collection, b',', out);
    put_text(if row.is_adult { "true" } else { "" }, b',', out);
    put_text(row.status, b',', out);
    put_number(row.release_date, b',', out);
    put_number(row.fetched_on, b',', out);
    put_text(row.certifications, b',', out);
    put_duplicates(row.duplicates, out);
    out.push(b'\n');
}

/// Appends duplicates as MovieLens, IMDb and TMDB IDs: `144606:0270288:4912|…`. Unknown IDs are empty.
fn put_duplicates(duplicates: &[DuplicateEntry], out: &mut Vec<u8>) {
    for (index, DuplicateEntry { movie_id, imdb_id, tmdb_id }) in duplicates.iter().enumerate() {
        if index > 0 {
            out.push(b'|');
        }
        put_number(Some(movie_id), b':', out);
        put_text(imdb_id.as_deref().unwrap_or_default(), b':', out);
        if let Some(tmdb_id) = tmdb_id {
            out.extend_from_slice(tmdb_id.to_string().as_bytes());
        }
    }
}

/// Parses a duplicate that [`put_duplicates`] wrote.
fn duplicate(text: &str) -> Option<DuplicateEntry> {
    let mut ids = text.split(':');
    let (movie_id, imdb_id, tmdb_id) = (ids.next()?, ids.next()?, ids.next()?);
    Some(DuplicateEntry {
        movie_id: movie_id.parse().ok()?,
        imdb_id: (!imdb_id.is_empty()).then(|| imdb_id.to_owned()),
        tmdb_id: tmdb_id.parse().ok(),
    })
}

fn put_number(value: Option<impl std::fmt::Display>, end: u8, out: &mut Vec<u8>) {
    if let Some(value) = value {
        // Writing to a `Vec` is infallible.
        let _ = write!(out, "{value}");
    }
    out.push(end);
}

/// Appends `value`, quoted if necessary (RFC 4180), followed by `end`.
fn put_text(value: &str, end: u8, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    if memchr::memchr3(b',', b'"', b'\n', bytes).or_else(|| memchr::memchr(b'\r', bytes)).is_none()
    {
        out.extend_from_slice(bytes);
    } else {
        out.push(b'"');
        let mut rest = bytes;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            out.extend_from_slice(&rest[..=quote]);
            out.push(b'"');
            rest = &rest[quote + 1..];
        }
        out.extend_from_slice(rest);
        out.push(b'"');
    }
    out.push(end);
}

/// Reads the table. Also accepts files written by the Python version, which have no columns after
/// `services`.
pub fn read_merged(file: &str, bytes: &[u8]) -> Result<Decoded<Movie>, SourceError> {
    const COLUMNS: [Column; 26] = {
        let mut columns = [Column::required(""); 26];
        let mut index = 0;
        while index < HEADER.len() {
            let name = HEADER[index];
            let column = if index < 15 { Column::required(name) } else { Column::optional(name) };
            // Titles, overviews and alternative titles may contain line breaks.
            columns[index] = if matches!(index, 3 | 6 | 15) { column.multiline() } else { column };
            index += 1;
        }
        columns
    };
    let decoded = table::decode(file, bytes, &COLUMNS, |row, problems| {
        Some((row.line, decode(row, problems)?))
    })
    .map_err(|error| error.with_advice("Run `cinematch preprocess` again"))?;
    let Decoded { records: rows, mut problems, rows: n_rows } = decoded;
    let mut records: Vec<Movie> = Vec::with_capacity(rows.len());
    let mut seen = FxHashSet::with_capacity_and_hasher(rows.len(), FxBuildHasher);
    for (line, movie) in rows {
        let movie_id = movie.movie_id;
        if seen.insert(movie_id) {
            records.push(movie);
            continue;
        }
        problems.push(Problem {
            file: file.to_owned(),
            line,
            field: Some(HEADER[0].to_owned()),
            kind: ProblemKind::DuplicateId,
            outcome: Outcome::RowDropped,
            reason: format!("movie {movie_id} appears more than once; the first row is kept"),
        });
    }
    problems.sort_by_key(|problem| problem.line);
    Ok(Decoded { records, problems, rows: n_rows })
}

fn decode(row: &table::Row<'_, '_>, problems: &mut Vec<Problem>) -> Option<Movie> {
    let movie_id = row.require::<MovieId>(0, "a movie ID", problems)?;
    let text = |column: usize| Some(row.get(column).to_owned()).filter(|text| !text.is_empty());
    let mut report_emptied = |column: usize| {
        let reason = format!("invalid value for this column: `{}`", excerpt(row.get(column)));
        let kind = ProblemKind::InvalidValue;
        problems.push(row.problem(column, kind, Outcome::ValueEmptied, reason));
    };
    // pandas writes integers as `1995.0` in columns with missing values.
    let mut parse_integer = |column: usize| {
        let text = row.get(column);
        let value = whole_number(text);
        if value.is_none() && !text.is_empty() && !text.trim_end_matches(['0', '.']).is_empty() {
            report_emptied(column);
        }
        value
    };
    let tmdb_id = parse_integer(1).map(TmdbId);
    let year = parse_integer(4).and_then(|year| u16::try_from(year).ok());
    let runtime = parse_integer(7);
    let votes = row.get(9);
    let vote_count = if votes.is_empty() { None } else { Some(parse_integer(9).unwrap_or(0)) };
    let mut parse_float = |column: usize| {
        let text = row.get(column);
        let value = text.parse::<f32>().ok().filter(|value| value.is_finite());
        if value.is_none() && !text.is_empty() {
            report_emptied(column);
        }
        value
    };
    let popularity = parse_float(8);
    let vote_average = parse_float(10);
    let services = list(row.get(14));
    let services_source = match row.get(16) {
        "mock" => Some(ServicesSource::Mock),
        "tmdb" => Some(ServicesSource::Tmdb),
        // The Python version had only mock services.
        _ if !services.is_empty() && !row.has(16) => Some(ServicesSource::Mock),
        _ => None,
    };
    Some(Movie {
        movie_id,
        tmdb_id,
        imdb_id: text(2),
        title: row.get(3).to_owned(),
        alt_titles: list(row.get(15)),
        year,
        genres: list(&genres(row.get(5))),
        overview: text(6),
        runtime,
        popularity,
        vote_count,
        vote_average,
        keywords: list(row.get(11)),
        cast: list(row.get(12)),
        directors: list(row.get(13)),
        services,
        services_source,
        original_language: text(17),
        poster_path: text(18),
        collection: text(19),
        is_adult: row.get(20) == "true",
        status: text(21),
        release_date: row.get(22).parse().ok(),
        fetched_on: row.get(23).parse().ok(),
        certifications: list(row.get(24)),
        duplicates: list(row.get(25)).iter().filter_map(|text| duplicate(text)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::btree_set("[a-zé\",']{1,8}( [a-z]{1,4})?", 0..4)
            .prop_map(|set| set.into_iter().collect())
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[a-zA-Zé\",;\n]{0,20}[a-z]")
            .prop_map(|text| text.map(|text| text.trim().to_owned()))
    }

    fn label() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[a-zA-Zé\",;]{1,9}")
    }

    prop_compose! {
        fn duplicates()(
            id in any::<u32>(),
            imdb_id in proptest::option::of("[0-9]{7,8}"),
            tmdb_id in proptest::option::of(1_u32..),
        ) -> DuplicateEntry {
            DuplicateEntry { movie_id: MovieId(id), imdb_id, tmdb_id: tmdb_id.map(TmdbId) }
        }
    }

    prop_compose! {
        fn movies()(
            id in any::<u32>(),
            tmdb_id in proptest::option::of(1_u32..),
            title in text(),
            year in proptest::option::of(1870_u16..2100),
            (genres, keywords, cast, alt_titles) in (words(), words(), words(), words()),
            overview in text(),
            runtime in proptest::option::of(1_u32..60_000),
            popularity in proptest::option::of(0_f32..1e6),
            vote_count in proptest::option::of(any::<u32>()),
            vote_average in proptest::option::of(0_f32..10.0),
            (services, certifications) in (words(), words()),
            is_adult in any::<bool>(),
            (collection, status) in (label(), label()),
            duplicates in proptest::collection::vec(duplicates(), 0..3),
            (day, fetched) in (proptest::option::of(0_i64..20_000), proptest::option::of(0_i64..20_000)),
        ) -> Movie {
            let services_source = (!services.is_empty()).then_some(ServicesSource::Mock);
            Movie {
                movie_id: MovieId(id), tmdb_id: tmdb_id.map(TmdbId),
                imdb_id: Some("0000007".to_owned()), title: title.unwrap_or_default(), alt_titles,
                year, genres, overview, runtime, popularity, vote_count, vote_average, keywords,
                cast, directors: vec!["D".to_owned()], services, services_source,
                original_language: None, poster_path: Some("/p.jpg".to_owned()),
                is_adult, status, collection, certifications, duplicates,
                release_date: day.map(|day| Date::from_unix_seconds(day * 86_400)),
                fetched_on: fetched.map(|day| Date::from_unix_seconds(day * 86_400)),
            }
        }
    }

    fn put_movie(movie: &Movie, out: &mut Vec<u8>) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = Row {
            movie_id: movie.movie_id,
            tmdb_id: movie.tmdb_id,
            imdb_id: &text(&movie.imdb_id),
            title: &movie.title,
            alt_titles: &movie.alt_titles.join("|"),
            year: movie.year,
            genres: &movie.genres.join("|"),
            overview: &text(&movie.overview),
            runtime: movie.runtime,
            popularity: movie.popularity,
            vote_count: movie.vote_count,
            vote_average: movie.vote_average,
            keywords: &movie.keywords.join("|"),
            cast: &movie.cast.join("|"),
            directors: &movie.directors.join("|"),
            services: &movie.services.join("|"),
            services_source: movie.services_source,
            original_language: &text(&movie.original_language),
            poster_path: &text(&movie.poster_path),
            collection: &text(&movie.collection),
            is_adult: movie.is_adult,
            status: &text(&movie.status),
            release_date: movie.release_date,
            fetched_on: movie.fetched_on,
            certifications: &movie.certifications.join("|"),
            duplicates: &movie.duplicates,
        };
        put_row(&row, out);
    }

    proptest! {
        #[test]
        fn written_rows_read_back_equal(movie in movies()) {
            let mut bytes = header();
            put_movie(&movie, &mut bytes);
            let back = read_merged("m.csv", &bytes).unwrap();
            prop_assert_eq!(&back.problems, &[]);
            prop_assert_eq!(&back.records, &[movie]);
        }
    }

    #[test]
    fn reads_files_of_the_python_version() {
        let header = HEADER[..15].join(",");
        let csv = format!(
            "{header}\n1,862.0,0114709,Toy Story,1995.0,Animation|comedy,Toys.,81.0,1.5,100.0,7.9,\
             toy,Tom Hanks,John Lasseter,Netflix\n2,x,,B,,drama,,0,NaN,0,,,,,\n"
        );
        let decoded = read_merged("m.csv", csv.as_bytes()).unwrap();
        let first = &decoded.records[0];
        assert_eq!(
            (first.year, first.runtime, first.vote_count),
            (Some(1995), Some(81), Some(100))
        );
        assert_eq!(first.genres, ["animation", "comedy"]);
        assert_eq!(first.services_source, Some(ServicesSource::Mock));
        assert_eq!(decoded.records[1].vote_count, Some(0));
        let fields: Vec<&str> =
            decoded.problems.iter().map(|p| p.field.as_deref().unwrap()).collect();
        assert_eq!(fields, ["tmdbId", "popularity"]);
    }
}
