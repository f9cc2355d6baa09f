//! `movies_merged.csv`: the table between preprocess and train.
//!
//! The first fifteen columns are the ones CineMatch users have always had, in their order; our own
//! follow. Lists are joined by `|`; a `|` inside a name is written as `/`.

use std::io::Write;

use rayon::prelude::*;

use super::{Movie, ServicesSource};
use crate::ids::{MovieId, TmdbId};
use crate::sources::movielens::whole_number;
use crate::sources::table::{self, Column};
use crate::sources::tmdb::list;
use crate::sources::{Decoded, Outcome, ProblemKind, SourceError, excerpt};

/// The columns, in order.
pub const HEADER: [&str; 19] = [
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
];

/// The table's bytes in parts, to be written one behind the other: the header, then rows in the
/// films' order. O(bytes), in parallel.
pub fn merged_parts(movies: &[Movie]) -> Vec<Vec<u8>> {
    let mut header = HEADER.join(",").into_bytes();
    header.push(b'\n');
    let rows = movies.par_chunks(4096).map(|chunk| {
        let mut part = Vec::with_capacity(chunk.len() * 256);
        for movie in chunk {
            put_row(movie, &mut part);
        }
        part
    });
    rayon::iter::once(header).chain(rows).collect()
}

fn put_row(movie: &Movie, out: &mut Vec<u8>) {
    put_number(Some(movie.movie_id), out);
    out.push(b',');
    put_number(movie.tmdb_id, out);
    out.push(b',');
    put_text(movie.imdb_id.as_deref(), out);
    out.push(b',');
    put_text(Some(&movie.title), out);
    out.push(b',');
    put_number(movie.year, out);
    out.push(b',');
    put_list(&movie.genres, out);
    out.push(b',');
    put_text(movie.overview.as_deref(), out);
    out.push(b',');
    put_number(movie.runtime, out);
    out.push(b',');
    put_number(movie.popularity, out);
    out.push(b',');
    put_number(movie.vote_count, out);
    out.push(b',');
    put_number(movie.vote_average, out);
    for list in [&movie.keywords, &movie.cast, &movie.directors, &movie.services, &movie.alt_titles]
    {
        out.push(b',');
        put_list(list, out);
    }
    out.push(b',');
    put_text(movie.services_source.map(ServicesSource::name), out);
    out.push(b',');
    put_text(movie.original_language.as_deref(), out);
    out.push(b',');
    put_text(movie.poster_path.as_deref(), out);
    out.push(b'\n');
}

fn put_number(value: Option<impl std::fmt::Display>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        // Writing into memory cannot fail.
        let _ = write!(out, "{value}");
    }
}

/// A value, in quotes where it needs them (RFC 4180).
fn put_text(value: Option<&str>, out: &mut Vec<u8>) {
    let value = value.unwrap_or_default();
    if !value.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(value.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

fn put_list(entries: &[String], out: &mut Vec<u8>) {
    match entries {
        [] => {}
        [one] if !one.contains('|') => put_text(Some(one), out),
        _ => {
            let clean: Vec<String> = entries.iter().map(|entry| entry.replace('|', "/")).collect();
            put_text(Some(&clean.join("|")), out);
        }
    }
}

/// Reads the table back. Files of the Python system, which end after `services`, are read too.
pub fn read_merged(file: &str, bytes: &[u8]) -> Result<Decoded<Movie>, SourceError> {
    const COLUMNS: [Column; 19] = {
        let mut columns = [Column::required(""); 19];
        let mut at = 0;
        while at < HEADER.len() {
            let name = HEADER[at];
            let column = if at < 15 { Column::required(name) } else { Column::optional(name) };
            // Title, overview and alternative titles are the texts.
            columns[at] = if matches!(at, 3 | 6 | 15) { column.multiline() } else { column };
            at += 1;
        }
        columns
    };
    let mut records: Vec<Movie> = Vec::new();
    let mut problems = Vec::new();
    let mut seen = rustc_hash::FxHashSet::default();
    let rows = table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(movie_id) = row.require::<MovieId>(0, "a film's number", problems) else { return };
        if !seen.insert(movie_id) {
            let reason = format!("film {movie_id} came before; the first row stays");
            problems.push(row.problem(0, ProblemKind::DuplicateId, Outcome::RowDropped, reason));
            return;
        }
        let text = |column: usize| Some(row.get(column).to_owned()).filter(|text| !text.is_empty());
        let mut emptied = |column: usize| {
            let reason = format!("not a value for this column: `{}`", excerpt(row.get(column)));
            let kind = ProblemKind::InvalidValue;
            problems.push(row.problem(column, kind, Outcome::ValueEmptied, reason));
        };
        // pandas writes whole numbers of a column with gaps as `1995.0`.
        let mut whole = |column: usize| {
            let text = row.get(column);
            let value = whole_number(text);
            if value.is_none() && !text.is_empty() && !text.trim_end_matches(['0', '.']).is_empty()
            {
                emptied(column);
            }
            value
        };
        let tmdb_id = whole(1).map(TmdbId);
        let year = whole(4).and_then(|year| u16::try_from(year).ok());
        let runtime = whole(7);
        let votes = row.get(9);
        let vote_count = if votes.is_empty() { None } else { Some(whole(9).unwrap_or(0)) };
        let mut real = |column: usize| {
            let text = row.get(column);
            let value = text.parse::<f32>().ok().filter(|value| value.is_finite());
            if value.is_none() && !text.is_empty() {
                emptied(column);
            }
            value
        };
        let popularity = real(8);
        let vote_average = real(10);
        let services = list(row.get(14));
        let services_source = match row.get(16) {
            "mock" => Some(ServicesSource::Mock),
            "tmdb" => Some(ServicesSource::Tmdb),
            // The Python system's services were always invented.
            _ if !services.is_empty() && !row.has(16) => Some(ServicesSource::Mock),
            _ => None,
        };
        records.push(Movie {
            movie_id,
            tmdb_id,
            imdb_id: text(2),
            title: row.get(3).to_owned(),
            alt_titles: list(row.get(15)),
            year,
            genres: list(&row.get(5).to_lowercase()),
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
        });
    })?;
    Ok(Decoded { records, problems, rows })
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
            services in words(),
        ) -> Movie {
            let services_source = (!services.is_empty()).then_some(ServicesSource::Mock);
            Movie {
                movie_id: MovieId(id), tmdb_id: tmdb_id.map(TmdbId),
                imdb_id: Some("0000007".to_owned()), title: title.unwrap_or_default(), alt_titles,
                year, genres, overview, runtime, popularity, vote_count, vote_average, keywords,
                cast, directors: vec!["D".to_owned()], services, services_source,
                original_language: None, poster_path: Some("/p.jpg".to_owned()),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(movie in movies()) {
            let bytes = merged_parts(std::slice::from_ref(&movie)).concat();
            let back = read_merged("m.csv", &bytes).unwrap();
            prop_assert_eq!(&back.problems, &[]);
            prop_assert_eq!(&back.records, &[movie]);
        }
    }

    #[test]
    fn the_python_systems_file_is_read() {
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
