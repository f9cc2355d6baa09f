//! Merges MovieLens movies with TMDB metadata, then cleans and filters them.
//!
//! Duplicates are resolved as follows:
//! - duplicate movieId in `movies.csv` or `links.csv`: the first row is kept;
//! - duplicate TMDB ID in `tmdb_metadata.csv`: the last row is kept, because it was fetched last;
//! - two movies linked to the same TMDB ID: the first one in `movies.csv` keeps the ID; the other stays
//!   in the table with no TMDB ID or metadata.
//!
//! Time and memory are linear in the size of the input.

mod linked;

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use self::linked::Linked;
use super::ServicesSource;
use super::matching::fold_title;
use super::merged_csv::{self, Row};
use super::services::MockServices;
use crate::ids::{MovieId, TmdbId};
use crate::sources::movielens::{self, LinkRow, MovieRow};
use crate::sources::title::{ParsedTitle, parse_title};
use crate::sources::tmdb::{self, TmdbFile, TmdbRow};
use crate::sources::values::joined;
use crate::sources::{Decoded, Problem, ProblemKind, SourceError};

/// A file's name, as used in messages, and its contents.
pub(crate) type NamedBytes<'a> = (&'a str, &'a [u8]);

/// The files to merge.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// MovieLens `movies.csv`.
    pub movies: NamedBytes<'a>,
    /// MovieLens `links.csv`.
    pub links: NamedBytes<'a>,
    /// `tmdb_metadata.csv`, if available.
    pub tmdb: Option<NamedBytes<'a>>,
}

/// Requested source of streaming services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServicesChoice {
    /// Provider data if it was fetched; otherwise, mock data.
    Auto,
    /// Provider data only.
    Tmdb,
    /// Mock data for demonstrations.
    Mock,
    /// No services.
    None,
}

/// Filters and streaming services for a merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeSettings {
    /// Earliest release year. Also removes movies with no year. `None` turns the filter off.
    pub min_year: Option<u16>,
    /// If true, removes movies with no TMDB metadata.
    pub require_tmdb: bool,
    /// Minimum number of TMDB votes. An unknown vote count is treated as 0.
    pub min_votes: u32,
    /// If true, keeps movies with no genre.
    pub keep_without_genres: bool,
    /// Requested source of streaming services.
    pub services: ServicesChoice,
    /// Parameters for mock services.
    pub mock: MockServices,
}

impl Default for MergeSettings {
    /// Returns settings that keep every movie that has a genre, and add no streaming services.
    fn default() -> Self {
        Self {
            min_year: None,
            require_tmdb: false,
            min_votes: 0,
            keep_without_genres: false,
            services: ServicesChoice::None,
            mock: MockServices { seed: 42, sample_fraction: 0.3 },
        }
    }
}

/// Number of movies removed by each filter. A movie is counted only under the first filter it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Movies with no year, if a minimum year is set.
    pub without_year: u64,
    /// Movies older than the minimum year.
    pub before_min_year: u64,
    /// Movies with no genre.
    pub without_genres: u64,
    /// Movies with no TMDB metadata, if it is required.
    pub without_tmdb: u64,
    /// Movies with fewer votes than the minimum.
    pub too_few_votes: u64,
}

/// Counts collected during a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Movies read from `movies.csv`.
    pub movies_read: u64,
    /// Movies kept in the result.
    pub movies_kept: u64,
    /// Movies removed by each filter.
    pub removed: Removed,
    /// Kept movies with a TMDB ID.
    pub with_tmdb_id: u64,
    /// Kept movies with TMDB metadata.
    pub with_metadata: u64,
    /// Kept movies whose title doesn't end with the year in the strict format, `(YYYY)`.
    pub year_read_leniently: u64,
    /// Duplicate movie IDs in `movies.csv` and `links.csv`.
    pub duplicate_movie_ids: u64,
    /// Duplicate TMDB IDs in `tmdb_metadata.csv`.
    pub duplicate_tmdb_ids: u64,
    /// Movies that lost their TMDB ID because an earlier movie already has it.
    pub shared_tmdb_ids: u64,
    /// TMDB rows that no movie links to.
    #[serde(rename = "tmdb_rows_without_film")]
    pub tmdb_rows_without_movie: u64,
}

impl Counts {
    /// Adds the counts for a chunk of movies.
    fn add(&mut self, movies: &Self) {
        self.movies_kept += movies.movies_kept;
        self.with_tmdb_id += movies.with_tmdb_id;
        self.with_metadata += movies.with_metadata;
        let (total, removed) = (&mut self.removed, movies.removed);
        total.without_year += removed.without_year;
        total.before_min_year += removed.before_min_year;
        total.without_genres += removed.without_genres;
        total.without_tmdb += removed.without_tmdb;
        total.too_few_votes += removed.too_few_votes;
    }
}

/// Number of rows, records and problems in an input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// Name of the file.
    pub file: String,
    /// Data rows, including invalid ones.
    pub rows: u64,
    /// Valid records.
    pub records: u64,
    /// Number of problems found in the file.
    pub problems: u64,
}

/// Result of a merge.
#[derive(Clone, Debug)]
pub struct Merged {
    /// `movies_merged.csv`, in parts to be concatenated. Movies are in the order of `movies.csv`.
    pub table: Vec<Vec<u8>>,
    /// Counts collected during the merge.
    pub counts: Counts,
    /// Row, record and problem counts for each input file.
    pub sources: Vec<SourceCount>,
    /// Source of the streaming services; `None` if there are none.
    pub services_source: Option<ServicesSource>,
    /// Kept movies whose year only the lenient title parser could find: ID, raw title, year.
    pub lenient_years: Vec<(MovieId, String, u16)>,
    /// All problems, grouped by input file.
    pub problems: Vec<Problem>,
}

/// Error returned by [`merge`].
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// An input file is invalid.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Provider data was requested, but there is no TMDB file.
    #[error(
        "no streaming providers: there is no tmdb_metadata.csv to read for `--services tmdb`. \
         Set its path with --tmdb, or use `--services mock` for mock data or `--services none` for no \
         services"
    )]
    NoTmdb,
    /// Provider data was requested, but the TMDB file has none.
    #[error(
        "no streaming providers: {file} has no `services` column to read for `--services tmdb`. Use \
         `--services mock` for mock data or `--services none` for no services"
    )]
    NoProviders {
        /// Name of the TMDB file.
        file: String,
    },
}

/// Number of movies per parallel task.
const CHUNK: usize = 4096;

/// Merges `inputs` into a single movie table.
pub fn merge(inputs: Inputs<'_>, settings: &MergeSettings) -> Result<Merged, MergeError> {
    // The TMDB file is the largest, so one thread parses it while another reads the MovieLens files.
    let (movielens, tmdb) = rayon::join(
        || MovieLens::read(&inputs),
        || inputs.tmdb.map(|(file, bytes)| tmdb::metadata(file, bytes)).transpose(),
    );
    let (mut movielens, tmdb) = (movielens?, tmdb?);
    let services_source = services_source(&inputs, tmdb.as_ref(), settings.services)?;

    let mut counts = Counts {
        movies_read: movielens.movies.len() as u64,
        duplicate_movie_ids: count_duplicates(&movielens.problems),
        shared_tmdb_ids: movielens.linked.shared,
        ..Counts::default()
    };
    let mut problems = movielens.problems;
    let mut metadata = Metadata::default();
    if let (Some((file, _)), Some(tmdb)) = (inputs.tmdb, tmdb) {
        movielens.sources.push(source_count(file, &tmdb.decoded));
        counts.duplicate_tmdb_ids = count_duplicates(&tmdb.decoded.problems);
        problems.extend(tmdb.decoded.problems);
        metadata = Metadata::new(tmdb.decoded.records);
    }
    problems.extend(movielens.linked.problems);

    let (movies, links) = (&movielens.movies, &movielens.linked.links);
    let merger = Merger { metadata: &metadata, services_source, settings };
    let chunks = movies.par_chunks(CHUNK).zip(links.par_chunks(CHUNK));
    let chunks: Vec<Chunk> = chunks.map(|(movies, links)| merger.merge(movies, links)).collect();
    let mut table = vec![merged_csv::header()];
    let mut lenient_years = Vec::new();
    for chunk in chunks {
        table.push(chunk.rows);
        counts.add(&chunk.counts);
        lenient_years.extend(chunk.lenient_years);
    }
    counts.year_read_leniently = lenient_years.len() as u64;
    counts.tmdb_rows_without_movie = metadata.n_without_movie(&movielens.linked.owners);
    let sources = movielens.sources;
    Ok(Merged { table, counts, sources, services_source, lenient_years, problems })
}

/// MovieLens movies and their links.
struct MovieLens<'a> {
    movies: Vec<MovieRow<'a>>,
    linked: Linked<'a>,
    sources: Vec<SourceCount>,
    /// Problems with individual rows. Problems with links between the files are in `linked`.
    problems: Vec<Problem>,
}

impl<'a> MovieLens<'a> {
    fn read(inputs: &Inputs<'a>) -> Result<Self, SourceError> {
        let ((movies_file, movies), (links_file, links)) = (inputs.movies, inputs.links);
        let (movies, links) = rayon::join(
            || movielens::movies(movies_file, movies),
            || movielens::links(links_file, links),
        );
        let (movies, links) = (movies?, links?);
        let sources = vec![source_count(movies_file, &movies), source_count(links_file, &links)];
        let mut problems = movies.problems;
        problems.extend(links.problems);
        let linked = Linked::new(links_file, &movies.records, links.records);
        Ok(Self { movies: movies.records, linked, sources, problems })
    }
}

/// Merged rows for a chunk of movies.
#[derive(Default)]
struct Chunk {
    /// Serialized table rows.
    rows: Vec<u8>,
    counts: Counts,
    lenient_years: Vec<(MovieId, String, u16)>,
}

/// State shared by all chunks of a merge.
struct Merger<'a> {
    metadata: &'a Metadata<'a>,
    services_source: Option<ServicesSource>,
    settings: &'a MergeSettings,
}

impl Merger<'_> {
    fn merge(&self, movies: &[MovieRow<'_>], links: &[Option<LinkRow<'_>>]) -> Chunk {
        let mut chunk = Chunk { rows: Vec::with_capacity(movies.len() * 256), ..Chunk::default() };
        for (row, link) in movies.iter().zip(links) {
            self.movie(row, link.as_ref(), &mut chunk);
        }
        chunk
    }

    fn movie(&self, row: &MovieRow<'_>, link: Option<&LinkRow<'_>>, chunk: &mut Chunk) {
        let parsed = parse_title(&row.title);
        let genres = movielens::genres(&row.genres);
        let tmdb_id = link.and_then(|link| link.tmdb_id);
        let facts = tmdb_id.and_then(|id| self.metadata.get(id));
        if let Some(filter) = failed_filter(&parsed, &genres, facts, self.settings) {
            *filter(&mut chunk.counts.removed) += 1;
            return;
        }
        let services = match self.services_source {
            Some(ServicesSource::Mock) => self.settings.mock.assign(row.movie_id).join("|").into(),
            Some(ServicesSource::Tmdb) => {
                facts.map_or(Cow::Borrowed(""), |facts| joined(&facts.services))
            }
            None => Cow::Borrowed(""),
        };
        let text = |field: for<'f> fn(&'f TmdbRow<'_>) -> &'f str| facts.map_or("", field);
        merged_csv::put_row(
            &Row {
                movie_id: row.movie_id,
                tmdb_id,
                imdb_id: link.and_then(|link| link.imdb_id.as_deref()).unwrap_or_default(),
                title: &parsed.title,
                alt_titles: &join_names(&alternative_titles(&parsed, text(|facts| &facts.title))),
                year: parsed.year,
                genres: &genres,
                overview: text(|facts| &facts.overview),
                runtime: facts.and_then(|facts| facts.runtime),
                popularity: facts.and_then(|facts| facts.popularity),
                vote_count: facts.and_then(|facts| facts.vote_count),
                vote_average: facts.and_then(|facts| facts.vote_average),
                keywords: &joined(text(|facts| &facts.keywords)),
                cast: &joined(text(|facts| &facts.cast)),
                directors: &joined(text(|facts| &facts.directors)),
                services: &services,
                services_source: self.services_source.filter(|_| !services.is_empty()),
                original_language: text(|facts| &facts.original_language),
                poster_path: text(|facts| &facts.poster_path),
                collection: text(|facts| &facts.collection),
                is_adult: facts.is_some_and(|facts| facts.is_adult),
                status: text(|facts| &facts.status),
                release_date: facts.and_then(|facts| facts.release_date),
                fetched_on: facts.and_then(|facts| facts.fetched_on),
                certifications: &joined(text(|facts| &facts.certifications)),
            },
            &mut chunk.rows,
        );
        if let Some(year) = parsed.year.filter(|_| !parsed.year_is_strict) {
            chunk.lenient_years.push((row.movie_id, row.title.to_string(), year));
        }
        chunk.counts.movies_kept += 1;
        chunk.counts.with_tmdb_id += u64::from(tmdb_id.is_some());
        chunk.counts.with_metadata += u64::from(facts.is_some());
    }
}

fn services_source(
    inputs: &Inputs<'_>,
    tmdb: Option<&TmdbFile<'_>>,
    choice: ServicesChoice,
) -> Result<Option<ServicesSource>, MergeError> {
    let fetched = tmdb.is_some_and(|file| file.has_services);
    Ok(match choice {
        ServicesChoice::None => None,
        ServicesChoice::Auto | ServicesChoice::Tmdb if fetched => Some(ServicesSource::Tmdb),
        ServicesChoice::Auto | ServicesChoice::Mock => Some(ServicesSource::Mock),
        ServicesChoice::Tmdb => {
            let Some((file, _)) = inputs.tmdb else { return Err(MergeError::NoTmdb) };
            return Err(MergeError::NoProviders { file: file.to_owned() });
        }
    })
}

fn source_count<T>(file: &str, decoded: &Decoded<T>) -> SourceCount {
    SourceCount {
        file: file.to_owned(),
        rows: decoded.rows,
        records: decoded.records.len() as u64,
        problems: decoded.problems.len() as u64,
    }
}

fn count_duplicates(problems: &[Problem]) -> u64 {
    problems.iter().filter(|problem| problem.kind == ProblemKind::DuplicateId).count() as u64
}

/// TMDB rows, indexed by ID.
#[derive(Default)]
struct Metadata<'a> {
    rows: Vec<TmdbRow<'a>>,
    row_of: FxHashMap<TmdbId, u32>,
}

impl<'a> Metadata<'a> {
    fn new(rows: Vec<TmdbRow<'a>>) -> Self {
        let row_of = rows.iter().map(|row| row.tmdb_id).zip(0..).collect();
        Self { rows, row_of }
    }

    fn get(&self, id: TmdbId) -> Option<&TmdbRow<'a>> {
        self.row_of.get(&id).map(|row| &self.rows[*row as usize])
    }

    /// Returns the number of rows that no movie links to.
    fn n_without_movie(&self, owners: &FxHashMap<TmdbId, MovieId>) -> u64 {
        let found = owners.keys().filter(|id| self.row_of.contains_key(id)).count();
        (self.rows.len() - found) as u64
    }
}

/// Returns the counter for the first filter that a movie fails, or `None` if it passes them all.
fn failed_filter(
    parsed: &ParsedTitle,
    genres: &str,
    facts: Option<&TmdbRow<'_>>,
    settings: &MergeSettings,
) -> Option<fn(&mut Removed) -> &mut u64> {
    if let Some(min_year) = settings.min_year {
        match parsed.year {
            None => return Some(|removed| &mut removed.without_year),
            Some(year) if year < min_year => return Some(|removed| &mut removed.before_min_year),
            Some(_) => {}
        }
    }
    if genres.is_empty() && !settings.keep_without_genres {
        return Some(|removed| &mut removed.without_genres);
    }
    if settings.require_tmdb && facts.is_none() {
        return Some(|removed| &mut removed.without_tmdb);
    }
    let votes = facts.and_then(|facts| facts.vote_count).unwrap_or(0);
    if votes < settings.min_votes {
        return Some(|removed| &mut removed.too_few_votes);
    }
    None
}

/// Returns a movie's alternative titles, including its TMDB title if that differs from the MovieLens
/// title. MovieLens has “Star Wars: Episode IV”, but TMDB and most services have “Star Wars”.
fn alternative_titles<'a>(parsed: &'a ParsedTitle, tmdb_title: &'a str) -> Vec<&'a str> {
    let mut titles: Vec<&str> = parsed.alt_titles.iter().map(String::as_str).collect();
    let tmdb_title = tmdb_title.trim();
    let mut known = std::iter::once(parsed.title.as_str()).chain(titles.iter().copied());
    // Most titles are identical byte for byte, so compare them before the more expensive folding.
    let is_known = known.clone().any(|title| title == tmdb_title)
        || known.any(|title| fold_title(title) == fold_title(tmdb_title));
    if !tmdb_title.is_empty() && !is_known {
        titles.push(tmdb_title);
    }
    titles
}

/// Joins `names` with `|`. A `|` inside a name becomes `/`.
fn join_names(names: &[&str]) -> String {
    let mut joined = String::new();
    for name in names {
        if !joined.is_empty() {
            joined.push('|');
        }
        joined.extend(name.chars().map(|letter| if letter == '|' { '/' } else { letter }));
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Movie;

    const MOVIES: &str = "movieId,title,genres\n1,\"Matrix, The (1999)\",Action|Sci-Fi\n\
        2,Old One (1950),Drama\n3,Plain (2001),(no genres listed)\n4,No Year,Drama\n\
        5,Twin (1999),Drama\n6,Loose (2005)),Drama\n";
    const LINKS: &str = "movieId,imdbId,tmdbId\n1,0133093,603\n2,,\n5,0133094,603\n6,,7\n99,,8\n";
    const TMDB: &str = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,\
        genres,overview,keywords,cast_top,director\n603,The Matrix,,136,50,25000,8.2,,A hacker.,\
        hacker|ai,Keanu Reeves,Lana Wachowski|Lilly Wachowski\n9,Other,,1,1,1,1,,,,,\n";

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
        let merged = merge(inputs, settings).unwrap();
        let ids: Vec<u32> = movies(&merged).iter().map(|movie| movie.movie_id.0).collect();
        assert_eq!(ids, expect);
        let removed = merged.counts.removed;
        let total = removed.without_year
            + removed.before_min_year
            + removed.without_genres
            + removed.without_tmdb
            + removed.too_few_votes;
        assert_eq!(total + merged.counts.movies_kept, merged.counts.movies_read);
        merged
    }

    #[test]
    fn each_filter_removes_the_failing_movies() {
        check(&settings(), true, &[1, 5, 6]);
        check(&settings(), false, &[1, 5, 6]);
        check(&MergeSettings { min_year: None, ..settings() }, true, &[1, 2, 4, 5, 6]);
        check(&MergeSettings { keep_without_genres: true, ..settings() }, true, &[1, 3, 5, 6]);
        check(&MergeSettings { require_tmdb: true, ..settings() }, true, &[1]);
        check(&MergeSettings { min_votes: 100, ..settings() }, true, &[1]);
    }

    #[test]
    fn the_first_movie_keeps_a_shared_tmdb_id_and_anomalies_are_counted() {
        let merged = check(&settings(), true, &[1, 5, 6]);
        let movies = movies(&merged);
        assert_eq!(movies[0].tmdb_id, Some(TmdbId(603)));
        assert_eq!(movies[0].directors, ["Lana Wachowski", "Lilly Wachowski"]);
        assert_eq!(movies[1].tmdb_id, None);
        assert_eq!(movies[1].imdb_id.as_deref(), Some("0133094"));
        assert_eq!(merged.counts.shared_tmdb_ids, 1);
        assert_eq!(merged.counts.tmdb_rows_without_movie, 1);
        assert_eq!(merged.lenient_years, [(MovieId(6), "Loose (2005))".to_owned(), 2005)]);
        let reasons: Vec<(u64, ProblemKind)> =
            merged.problems.iter().map(|problem| (problem.line, problem.kind)).collect();
        assert_eq!(reasons, [(4, ProblemKind::DuplicateId), (6, ProblemKind::UnknownReference)]);
    }

    #[test]
    fn mock_services_are_marked_and_missing_providers_are_an_error() {
        let mock = MergeSettings { services: ServicesChoice::Auto, ..settings() };
        let merged = check(&mock, true, &[1, 5, 6]);
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
        let error = merge(inputs, &tmdb).unwrap_err().to_string();
        assert!(error.contains("`--services mock`"), "{error}");
        let error = merge(Inputs { tmdb: None, ..inputs }, &tmdb).unwrap_err().to_string();
        assert!(error.contains("there is no tmdb_metadata.csv"), "{error}");
    }
}
