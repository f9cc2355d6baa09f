//! Decoder for existing TMDB data: `tmdb_metadata.csv` in CineMatch's own format, and public CSV dumps.
//! Supported dumps are The Movies Dataset (`movies_metadata.csv`, `credits.csv`, `keywords.csv`), TMDB
//! 5000 (`tmdb_5000_movies.csv`, `tmdb_5000_credits.csv`) and larger ones with comma-separated lists. The
//! format is detected from the header.

use serde_json::Value;

use super::facts::{CAST_TOP, Facts, join_names, one_line};
use super::literal;
use crate::ids::TmdbId;
use crate::sources::problem::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};
use crate::sources::table::{self, Column, Row};
use crate::sources::values::whole_number;

/// The columns of all formats combined. A file contains only some of them.
const COLUMNS: [Column; 30] = [
    Column::optional("tmdb_id"),
    Column::optional("id"),
    Column::optional("movie_id"),
    Column::optional("title").multiline(),
    Column::optional("release_date"),
    Column::optional("runtime"),
    Column::optional("popularity"),
    Column::optional("vote_count"),
    Column::optional("vote_average"),
    Column::optional("genres"),
    Column::optional("overview").multiline(),
    Column::optional("keywords").multiline(),
    Column::optional("cast_top"),
    Column::optional("director"),
    Column::optional("cast").multiline(),
    Column::optional("crew").multiline(),
    Column::optional("original_language"),
    Column::optional("poster_path"),
    Column::optional("certification"),
    Column::optional("imdb_id"),
    Column::optional("services"),
    Column::optional("directors"),
    Column::optional("collection"),
    Column::optional("belongs_to_collection").multiline(),
    Column::optional("adult"),
    Column::optional("status"),
    Column::optional("fetched_on"),
    Column::optional("certifications"),
    Column::optional("original_title").multiline(),
    Column::optional("alternative_titles").multiline(),
];

/// Returns the index of the column `name` in [`COLUMNS`].
fn column_index(name: &str) -> usize {
    COLUMNS.iter().position(|column| column.name == name).expect("the column is in `COLUMNS`")
}

/// Decodes a file in any supported format. Drops rows without a valid ID and empties invalid values, and
/// reports both.
pub fn dump(file: &str, bytes: &[u8]) -> Result<Decoded<(TmdbId, Facts)>, SourceError> {
    let format = DumpFormat::detect(file, bytes)?;
    table::decode(file, bytes, &COLUMNS, |row, problems| {
        let id = row.get(format.id);
        let Some(id) = whole_number(id).map(TmdbId) else {
            let reason = format!("expected a whole number above 0, got `{}`", excerpt(id));
            let (kind, outcome) = (ProblemKind::InvalidValue, Outcome::RowDropped);
            problems.push(row.problem(format.id, kind, outcome, reason));
            return None;
        };
        let mut reader = Reader { format: &format, row, problems };
        Some((id, reader.facts()))
    })
}

/// The format of a dump.
struct DumpFormat {
    /// Index of the column with the TMDB ID.
    id: usize,
    /// True for CineMatch's own format, in which list items are separated by `|`. Other formats use
    /// commas.
    is_own_format: bool,
}

impl DumpFormat {
    /// Detects the format from the header.
    fn detect(file: &str, bytes: &[u8]) -> Result<Self, SourceError> {
        let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let header = String::from_utf8_lossy(header);
        let header = header.trim_start_matches('\u{feff}').trim_end();
        let names: Vec<&str> =
            header.split(',').map(|name| name.trim().trim_matches('"')).collect();
        let has = |name: &str| names.contains(&name);
        let is_present = |name: &&str| has(name);
        let has_facts =
            ["title", "overview", "genres", "keywords", "cast", "crew"].iter().any(is_present);
        let id = ["tmdb_id", "movie_id", "id"].into_iter().find(|name| has(name));
        match id {
            Some(id) if has_facts => {
                Ok(Self { id: column_index(id), is_own_format: id == "tmdb_id" })
            }
            _ if header.is_empty() => {
                Err(SourceError::Empty { file: file.to_owned(), expected: EXPECTED.to_owned() })
            }
            _ => Err(SourceError::WrongHeader {
                file: file.to_owned(),
                missing: if id.is_none() { "tmdb_id or id" } else { "title" }.to_owned(),
                expected: EXPECTED.to_owned(),
                found: excerpt(header),
            }),
        }
    }
}

const EXPECTED: &str = "tmdb_id,title,… or id,title,…";

struct Reader<'r, 'a> {
    format: &'r DumpFormat,
    row: &'r Row<'r, 'a>,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_, '_> {
    fn facts(&mut self) -> Facts {
        let crew = self.list("crew");
        let directors: Vec<Value> = crew
            .into_iter()
            .filter(|worker| worker.get("job").and_then(Value::as_str) == Some("Director"))
            .collect();
        let cast = names(&self.list("cast"));
        let cast = cast.split('|').take(CAST_TOP).collect::<Vec<_>>().join("|");
        let listed = self.names("director");
        let director = [listed, self.names("directors"), names(&directors)];
        Facts {
            title: self.text("title"),
            release_date: self.date("release_date"),
            runtime: self
                .number("runtime")
                .filter(|minutes| *minutes > 0.0)
                .map_or(String::new(), |number| number.to_string()),
            popularity: self
                .number("popularity")
                .map_or(String::new(), |number| number.to_string()),
            vote_count: self
                .number("vote_count")
                .map_or(String::new(), |number| number.to_string()),
            vote_average: self
                .number("vote_average")
                .map_or(String::new(), |number| number.to_string()),
            genres: self.names("genres").to_lowercase(),
            overview: self.row.get(column_index("overview")).to_owned(),
            keywords: self.names("keywords"),
            cast_top: first_filled([self.names("cast_top"), cast]),
            director: first_filled(director),
            original_language: self.text("original_language"),
            poster_path: self.text("poster_path"),
            certification: self.text("certification"),
            imdb_id: self.text("imdb_id"),
            collection: first_filled([self.text("collection"), self.collection()]),
            adult: self.flag("adult"),
            status: self.text("status"),
            fetched_on: self.date("fetched_on"),
            certifications: self.names("certifications"),
            original_title: self.text("original_title"),
            alternative_titles: self.names("alternative_titles"),
            services: self.names("services"),
        }
    }

    fn text(&self, column: &str) -> String {
        one_line(self.row.get(column_index(column)))
    }

    fn number(&mut self, column: &str) -> Option<f64> {
        let text = self.row.get(column_index(column));
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            self.report_emptied(column, "a number, 0 or more");
        }
        number
    }

    /// Returns a date, such as `1995-10-30`. In the malformed rows of some dumps, the column of the release
    /// date holds other values, which are emptied and reported.
    fn date(&mut self, column: &str) -> String {
        let text = self.text(column);
        let digits =
            |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = text.split('-').collect();
        let is_date = matches!(parts[..], [year, month, day]
            if digits(year, 4) && digits(month, 2) && digits(day, 2));
        if !is_date && !text.is_empty() {
            self.report_emptied(column, "a date such as 1999-10-15");
            return String::new();
        }
        text
    }

    /// Returns `true`, `false`, or an empty string if the value is unknown.
    fn flag(&mut self, column: &str) -> String {
        let text = self.text(column).to_lowercase();
        if matches!(text.as_str(), "true" | "false" | "") {
            return text;
        }
        self.report_emptied(column, "True or False");
        String::new()
    }

    /// Returns the name of the collection in an object in JSON or Python notation.
    fn collection(&mut self) -> String {
        let column = "belongs_to_collection";
        let text = self.row.get(column_index(column));
        if text.is_empty() {
            return String::new();
        }
        match literal::parse(text) {
            Some(Value::Null) => String::new(),
            Some(value) if value.is_object() => names(&[value]),
            _ => {
                self.report_emptied(column, "an object in JSON or Python notation");
                String::new()
            }
        }
    }

    /// Returns the names in a list, in any supported notation, separated by `|`.
    fn names(&mut self, column: &str) -> String {
        let text = self.row.get(column_index(column)).to_owned();
        if text.starts_with('[') {
            return names(&self.list(column));
        }
        join_names(text.split(if self.format.is_own_format { '|' } else { ',' }))
    }

    fn list(&mut self, column: &str) -> Vec<Value> {
        let text = self.row.get(column_index(column));
        if text.is_empty() || !text.starts_with('[') {
            return Vec::new();
        }
        if let Some(Value::Array(values)) = literal::parse(text) {
            return values;
        }
        self.report_emptied(column, "a list in JSON or Python notation");
        Vec::new()
    }

    fn report_emptied(&mut self, column: &str, expected: &str) {
        let index = column_index(column);
        let reason = format!("expected {expected}, got `{}`", excerpt(self.row.get(index)));
        let (kind, outcome) = (ProblemKind::InvalidValue, Outcome::ValueEmptied);
        self.problems.push(self.row.problem(index, kind, outcome, reason));
    }
}

/// Joins the strings in `values`, and the `name`s of the objects, with `|`.
fn names(values: &[Value]) -> String {
    let name = |value: &'_ Value| value.get("name").unwrap_or(value).as_str().map(str::to_owned);
    let texts: Vec<String> = values.iter().filter_map(name).collect();
    join_names(texts.iter().map(String::as_str))
}

fn first_filled<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

impl Facts {
    /// Fills in empty values from `other`. The date of the fetch comes with the popularity, whose age it states.
    pub fn fill_from(&mut self, other: Self) {
        if self.popularity.is_empty() {
            self.fetched_on = other.fetched_on;
        }
        let targets = [
            &mut self.title,
            &mut self.release_date,
            &mut self.runtime,
            &mut self.popularity,
            &mut self.vote_count,
            &mut self.vote_average,
            &mut self.genres,
            &mut self.overview,
            &mut self.keywords,
            &mut self.cast_top,
            &mut self.director,
            &mut self.original_language,
            &mut self.poster_path,
            &mut self.certification,
            &mut self.imdb_id,
            &mut self.collection,
            &mut self.adult,
            &mut self.status,
            &mut self.certifications,
            &mut self.original_title,
            &mut self.alternative_titles,
            &mut self.services,
        ];
        let sources = [
            other.title,
            other.release_date,
            other.runtime,
            other.popularity,
            other.vote_count,
            other.vote_average,
            other.genres,
            other.overview,
            other.keywords,
            other.cast_top,
            other.director,
            other.original_language,
            other.poster_path,
            other.certification,
            other.imdb_id,
            other.collection,
            other.adult,
            other.status,
            other.certifications,
            other.original_title,
            other.alternative_titles,
            other.services,
        ];
        for (target, source) in targets.into_iter().zip(sources) {
            if target.is_empty() {
                *target = source;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(file: &str, csv: &str) -> (Facts, Vec<Problem>) {
        let mut decoded = dump(file, csv.as_bytes()).unwrap();
        assert_eq!(decoded.records.len(), 1, "{:?}", decoded.problems);
        (decoded.records.remove(0).1, decoded.problems)
    }

    #[test]
    fn reads_the_movies_dataset_and_reports_its_malformed_rows() {
        // As in the original dataset, an unquoted line break in an overview splits the row in two, and
        // the second part has values in the wrong columns.
        let csv = "adult,belongs_to_collection,genres,id,imdb_id,original_language,overview,popularity,\
                   poster_path,release_date,runtime,status,title,vote_average,vote_count\n\
                   False,\"{'id': 10194, 'name': 'Toy Story Collection', 'poster_path': None}\",\"[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]\",862,\
                   tt0114709,en,\"Led by Woody, Andy's toys\",21.946943,/a.jpg,1995-10-30,81.0,\
                   Released,Toy Story,7.7,5415.0\n\
                   False,,[],82663,tt0113002,en,Midnight Man,0.5,/b.jpg\n\
                   - Written by Ørnås,,0.065736,/zV8b.jpg,1,x,x,x,x,x,x,x,x,x,x\n";
        let (facts, problems) = only("movies_metadata.csv", csv);
        assert_eq!((facts.genres.as_str(), facts.runtime.as_str()), ("animation|comedy", "81"));
        assert_eq!((facts.vote_count.as_str(), facts.vote_average.as_str()), ("5415", "7.7"));
        assert_eq!(facts.popularity, "21.946943");
        assert_eq!(facts.collection, "Toy Story Collection");
        assert_eq!((facts.adult.as_str(), facts.status.as_str()), ("false", "Released"));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn reads_credits_and_keywords_from_separate_files() {
        let credits = "cast,crew,id\n\"[{'name': 'Tom Hanks', 'order': 0}]\",\"[{'job': 'Director', \
                       'name': 'John Lasseter'}, {'job': 'Writer', 'name': \"\"X 'Y'\"\"}]\",862\n";
        let (mut facts, problems) = only("credits.csv", credits);
        assert!(problems.is_empty(), "{problems:?}");
        let keywords = "id,keywords\n862,\"[{'id': 931, 'name': 'jealousy'}]\"\n";
        facts.fill_from(only("keywords.csv", keywords).0);
        assert_eq!(facts.cast_top, "Tom Hanks");
        assert_eq!(facts.director, "John Lasseter");
        assert_eq!(facts.keywords, "jealousy");
    }

    #[test]
    fn reads_json_comma_separated_and_own_lists() {
        let tmdb_5000 = "genres,id,keywords,title\n\"[{\"\"id\"\": 28, \"\"name\"\": \"\"Action\"\"}]\",19995,\
                         \"[{\"\"name\"\": \"\"culture clash\"\"}]\",Avatar\n";
        let (facts, _) = only("tmdb_5000_movies.csv", tmdb_5000);
        assert_eq!((facts.genres.as_str(), facts.keywords.as_str()), ("action", "culture clash"));
        let commas = "id,title,genres,directors\n27205,Inception,\"Action, Science Fiction\",C N\n";
        let (facts, _) = only("v11.csv", commas);
        assert_eq!(
            (facts.genres.as_str(), facts.director.as_str()),
            ("action|science fiction", "C N")
        );
        let own = "tmdb_id,title,release_date,runtime,genres,cast_top\n2,Ariel,bad,abc,a|b,X|Y\n";
        let (facts, problems) = only("tmdb_metadata.csv", own);
        assert_eq!((facts.cast_top.as_str(), facts.release_date.as_str()), ("X|Y", ""));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(dump("x.csv", b"a,b\n1,2\n").is_err());
    }
}
