//! TMDB movie metadata as text, and a writer for `tmdb_metadata.csv`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::ids::TmdbId;

/// A row of `tmdb_metadata.csv`, excluding its ID. Values are as written in the file, and empty if
/// unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each field is the column of the same name")]
pub struct Facts {
    pub title: String,
    /// Release date, such as `1999-10-15`.
    pub release_date: String,
    /// Runtime in minutes.
    pub runtime: String,
    pub popularity: String,
    pub vote_count: String,
    pub vote_average: String,
    /// Lowercase genres, separated by `|`.
    pub genres: String,
    pub overview: String,
    pub keywords: String,
    /// Names of up to [`CAST_TOP`] actors in billing order, separated by `|`.
    pub cast_top: String,
    /// Names of all directors, separated by `|`.
    pub director: String,
    pub original_language: String,
    pub poster_path: String,
    /// Certificate in the operator's region.
    pub certification: String,
    pub imdb_id: String,
    /// Name of the collection that the movie belongs to.
    pub collection: String,
    /// `true` or `false`.
    pub adult: String,
    /// Status of the production, such as `Released`.
    pub status: String,
    /// Date on which the row was fetched from TMDB, such as `2026-11-30`.
    pub fetched_on: String,
    /// Country (ISO 3166-1) and name of each certificate, such as `US:PG-13`, separated by `|`.
    pub certifications: String,
    /// Title in the original language.
    pub original_title: String,
    /// Titles in other languages and countries, separated by `|`.
    pub alternative_titles: String,
    /// Streaming services in the operator's region, separated by `|`.
    pub services: String,
}

/// Maximum number of actors listed for a movie.
pub const CAST_TOP: usize = 10;

/// The columns of the original format, in file order.
pub(crate) const BASE_COLUMNS: [&str; 12] = [
    "tmdb_id",
    "title",
    "release_date",
    "runtime",
    "popularity",
    "vote_count",
    "vote_average",
    "genres",
    "overview",
    "keywords",
    "cast_top",
    "director",
];

/// Columns that CineMatch adds after those of the original format.
const EXTRA_COLUMNS: [&str; 12] = [
    "original_language",
    "poster_path",
    "certification",
    "imdb_id",
    "collection",
    "adult",
    "status",
    "fetched_on",
    "certifications",
    "original_title",
    "alternative_titles",
    "services",
];

/// Writes `tmdb_metadata.csv`.
#[derive(Debug)]
pub struct FactsWriter<W: Write> {
    csv: csv::Writer<W>,
    with_services: bool,
}

impl<W: Write> FactsWriter<W> {
    /// Creates a writer and writes the header. The `services` column is written only if `with_services`
    /// is true, because an empty column would mean that no movie is available for streaming.
    pub fn new(out: W, with_services: bool) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        let added = &EXTRA_COLUMNS[..EXTRA_COLUMNS.len() - usize::from(!with_services)];
        csv.write_record(BASE_COLUMNS.iter().chain(added))?;
        Ok(Self { csv, with_services })
    }

    /// Writes the row for a movie.
    pub fn write(&mut self, id: TmdbId, facts: &Facts) -> io::Result<()> {
        let id = id.to_string();
        let values = [
            &id,
            &facts.title,
            &facts.release_date,
            &facts.runtime,
            &facts.popularity,
            &facts.vote_count,
            &facts.vote_average,
            &facts.genres,
            &facts.overview,
            &facts.keywords,
            &facts.cast_top,
            &facts.director,
            &facts.original_language,
            &facts.poster_path,
            &facts.certification,
            &facts.imdb_id,
            &facts.collection,
            &facts.adult,
            &facts.status,
            &facts.fetched_on,
            &facts.certifications,
            &facts.original_title,
            &facts.alternative_titles,
            &facts.services,
        ];
        self.csv.write_record(&values[..values.len() - usize::from(!self.with_services)])?;
        Ok(())
    }

    /// Flushes the output.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// Joins `names` with `|`, dropping empty and repeated ones. The file format has no escape for `|`, so a
/// `|` inside a name becomes `/`.
pub fn join_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut joined: Vec<String> = Vec::new();
    for name in names {
        let name = one_line(name).replace('|', "/");
        if !name.is_empty() && !joined.contains(&name) {
            joined.push(name);
        }
    }
    joined.join("|")
}

/// Trims `text` and replaces control characters and line separators with spaces.
pub fn one_line(text: &str) -> String {
    let is_line_break =
        |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    text.trim().replace(is_line_break, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::tmdb::metadata;
    use crate::sources::values::list;

    #[test]
    fn written_rows_are_decoded_unchanged() {
        let facts = Facts {
            title: "A \"B\", C".to_owned(),
            runtime: "95".to_owned(),
            overview: "two\nlines".to_owned(),
            keywords: join_names(["a|b", " c\n d ", "", "a/b"]),
            services: "Netflix".to_owned(),
            collection: "A \"B\" Collection".to_owned(),
            adult: "true".to_owned(),
            status: "Released".to_owned(),
            certifications: "DE:12|US:PG-13".to_owned(),
            release_date: "1999-10-15".to_owned(),
            fetched_on: "2026-11-30".to_owned(),
            original_title: "千と千尋".to_owned(),
            alternative_titles: "A|B".to_owned(),
            ..Facts::default()
        };
        let mut bytes = Vec::new();
        let mut writer = FactsWriter::new(&mut bytes, true).unwrap();
        writer.write(TmdbId(7), &facts).unwrap();
        writer.finish().unwrap();
        let file = metadata("t.csv", &bytes).unwrap();
        assert!(file.has_services && file.decoded.problems.is_empty());
        let row = &file.decoded.records[0];
        assert_eq!((row.tmdb_id, row.runtime), (TmdbId(7), Some(95)));
        assert_eq!((&*row.collection, &*row.status), ("A \"B\" Collection", "Released"));
        assert_eq!((row.is_adult, row.release_date), (true, "1999-10-15".parse().ok()));
        assert_eq!(row.fetched_on, "2026-11-30".parse().ok());
        assert_eq!((&*row.original_title, &*row.alternative_titles), ("千と千尋", "A|B"));
        assert_eq!(list(&row.certifications), ["DE:12", "US:PG-13"]);
        assert_eq!(row.overview, "two\nlines");
        assert_eq!(list(&row.keywords), ["a/b", "c  d"]);
    }
}
