//! Merges MovieLens movies with TMDB metadata, then cleans and filters them.
//!
//! Duplicates are resolved as follows:
//! - duplicate movieId in `movies.csv` or `links.csv`: the first row is kept;
//! - duplicate TMDB ID in `tmdb_metadata.csv`: the last row is kept, because it was fetched last;
//! - several movies linked to the same TMDB or IMDb ID: they are one film. The movie with the most ratings or,
//!   among equals, the lowest ID is kept; the IDs and titles of the others are added to it.
//!
//! If TMDB has no metadata under a movie's TMDB ID, the metadata with its IMDb ID is used. A movie without a
//! year in MovieLens gets the year of its release on TMDB, and a working title is replaced by TMDB's title.
//!
//! Time and memory are linear in the size of the input.

mod corrections;
mod counts;
mod linked;
mod metadata;
mod titles;

use std::borrow::Cow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::corrections::{CorrectedTitle, CorrectedYear, Corrections, MergedEntry};
pub use self::counts::{Counts, Removed, SourceCount};
pub use self::linked::{CountRatings, Relinked};
use self::linked::{Films, Linked};
use self::metadata::Metadata;
use self::titles::Titles;
use super::merged_csv::{self, Row};
use super::services::MockServices;
use super::{DuplicateEntry, ServicesSource};
use crate::sources::movielens::{self, LinkRow, MovieRow};
use crate::sources::ratings::RatingsError;
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
    /// Corrections to the MovieLens entries, in the order of `movies.csv`.
    pub corrections: Corrections,
    /// All problems, grouped by input file.
    pub problems: Vec<Problem>,
}

/// Error returned by [`merge`].
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// An input file is invalid.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The ratings could not be counted.
    #[error(transparent)]
    Ratings(#[from] RatingsError),
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

/// Merges `inputs` into a single movie table. `count_ratings` decides which of several entries for a film is
/// kept.
pub fn merge(
    inputs: Inputs<'_>,
    settings: &MergeSettings,
    count_ratings: CountRatings<'_>,
) -> Result<Merged, MergeError> {
    // The TMDB file is the largest, so one thread parses it while another reads the MovieLens files.
    let (movielens, tmdb) = rayon::join(
        || MovieLens::read(&inputs),
        || inputs.tmdb.map(|(file, bytes)| tmdb::metadata(file, bytes)).transpose(),
    );
    let (MovieLens { movies, links, mut sources, mut problems }, tmdb) = (movielens?, tmdb?);
    let services_source = services_source(&inputs, tmdb.as_ref(), settings.services)?;

    let mut counts = Counts {
        movies_read: movies.len() as u64,
        duplicate_movie_ids: count_duplicates(&problems),
        ..Counts::default()
    };
    let mut metadata = Metadata::default();
    if let (Some((file, _)), Some(tmdb)) = (inputs.tmdb, tmdb) {
        sources.push(source_count(file, &tmdb.decoded));
        counts.duplicate_tmdb_ids = count_duplicates(&tmdb.decoded.problems);
        problems.extend(tmdb.decoded.problems);
        metadata = Metadata::new(tmdb.decoded.records);
    }
    let linked = Linked::new(inputs.links.0, &movies, links, &metadata);
    problems.extend(linked.problems);
    let films = Films::new(&movies, &linked.links, count_ratings)?;

    let links = linked.links.as_slice();
    let merger = Merger {
        movies: &movies,
        links,
        films: &films,
        metadata: &metadata,
        services_source,
        settings,
    };
    let starts: Vec<usize> = (0..movies.len()).step_by(CHUNK).collect();
    let chunks: Vec<Chunk> = starts.into_par_iter().map(|start| merger.merge(start)).collect();
    let mut table = vec![merged_csv::header()];
    let mut corrections = Corrections { relinked: linked.relinked, ..Corrections::default() };
    for chunk in chunks {
        table.push(chunk.rows);
        counts.add(&chunk.counts);
        corrections.append(chunk.corrections);
    }
    counts.year_read_leniently = corrections.years_read_leniently.len() as u64;
    counts.years_from_tmdb = corrections.years_from_tmdb.len() as u64;
    counts.titles_from_tmdb = corrections.titles_from_tmdb.len() as u64;
    counts.duplicate_entries = corrections.duplicate_entries.len() as u64;
    counts.relinked = corrections.relinked.len() as u64;
    counts.tmdb_rows_without_movie = metadata.n_without_movie(links);
    Ok(Merged { table, counts, sources, services_source, corrections, problems })
}

/// MovieLens movies and their links.
struct MovieLens<'a> {
    movies: Vec<MovieRow<'a>>,
    links: Vec<LinkRow<'a>>,
    sources: Vec<SourceCount>,
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
        Ok(Self { movies: movies.records, links: links.records, sources, problems })
    }
}

/// Merged rows for a chunk of movies.
#[derive(Default)]
struct Chunk {
    /// Serialized table rows.
    rows: Vec<u8>,
    counts: Counts,
    corrections: Corrections,
}

/// State shared by all chunks of a merge.
struct Merger<'a> {
    movies: &'a [MovieRow<'a>],
    links: &'a [Option<LinkRow<'a>>],
    films: &'a Films,
    metadata: &'a Metadata<'a>,
    services_source: Option<ServicesSource>,
    settings: &'a MergeSettings,
}

/// A film: its main MovieLens entry, combined with its duplicates.
struct Film<'a> {
    /// Titles of the entries, those of the main entry first.
    titles: Vec<ParsedTitle>,
    genres: String,
    year: Option<u16>,
    imdb_id: Option<&'a str>,
    facts: Option<&'a TmdbRow<'a>>,
    duplicates: Vec<DuplicateEntry>,
}

impl Merger<'_> {
    /// Merges the chunk that starts at the position `start`.
    fn merge(&self, start: usize) -> Chunk {
        let end = self.movies.len().min(start + CHUNK);
        let mut chunk = Chunk { rows: Vec::with_capacity((end - start) * 256), ..Chunk::default() };
        for position in start as u32..end as u32 {
            let main = self.films.main(position);
            if main == position {
                self.movie(position, &mut chunk);
            } else {
                let (movie, main) = (&self.movies[position as usize], &self.movies[main as usize]);
                chunk.corrections.duplicate_entries.push(MergedEntry {
                    movie_id: movie.movie_id,
                    title: movie.title.to_string(),
                    merged_into: main.movie_id,
                });
            }
        }
        chunk
    }

    fn link(&self, position: u32) -> Option<&LinkRow<'_>> {
        self.links[position as usize].as_ref()
    }

    /// Combines the main entry at `position` with its duplicates. Values that the main entry lacks are taken
    /// from the others.
    fn film(&self, position: u32) -> Film<'_> {
        let duplicates = self.films.duplicates.get(&position).map_or(&[][..], Vec::as_slice);
        let entries = || std::iter::once(position).chain(duplicates.iter().copied());
        let titles: Vec<ParsedTitle> =
            entries().map(|entry| parse_title(&self.movies[entry as usize].title)).collect();
        let mut genres =
            entries().map(|entry| movielens::genres(&self.movies[entry as usize].genres));
        let links = || entries().filter_map(|entry| self.link(entry));
        let facts = links().find_map(|link| self.metadata.get(link.tmdb_id?));
        Film {
            genres: genres.find(|genres| !genres.is_empty()).unwrap_or_default(),
            year: titles.iter().find_map(|title| title.year),
            titles,
            imdb_id: links().find_map(|link| link.imdb_id.as_deref()),
            facts,
            duplicates: duplicates
                .iter()
                .map(|entry| DuplicateEntry {
                    movie_id: self.movies[*entry as usize].movie_id,
                    imdb_id: self
                        .link(*entry)
                        .and_then(|link| Some(link.imdb_id.as_deref()?.to_owned())),
                    tmdb_id: self.link(*entry).and_then(|link| link.tmdb_id),
                })
                .collect(),
        }
    }

    fn movie(&self, position: u32, chunk: &mut Chunk) {
        let row = &self.movies[position as usize];
        let Film { titles, genres, year: title_year, imdb_id, facts, duplicates } =
            self.film(position);
        let release_date = facts.and_then(|facts| facts.release_date);
        let year = title_year.or_else(|| release_date.and_then(|date| date.year().try_into().ok()));
        if let Some(filter) = failed_filter(year, &genres, facts, self.settings) {
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
        let names = Titles::new(&titles, facts);
        // The TMDB ID is that of the metadata, which may come from a duplicate.
        let tmdb_id = facts.map(|facts| facts.tmdb_id).or_else(|| self.link(position)?.tmdb_id);
        let text = |field: for<'f> fn(&'f TmdbRow<'_>) -> &'f str| facts.map_or("", field);
        merged_csv::put_row(
            &Row {
                movie_id: row.movie_id,
                tmdb_id,
                imdb_id: imdb_id.unwrap_or_default(),
                title: &names.title,
                alt_titles: &names.joined_alternatives(),
                year,
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
                release_date,
                fetched_on: facts.and_then(|facts| facts.fetched_on),
                certifications: &joined(text(|facts| &facts.certifications)),
                duplicates: &duplicates,
            },
            &mut chunk.rows,
        );
        chunk.record(row, (title_year, year), &titles[0], &names);
        chunk.counts.movies_kept += 1;
        chunk.counts.with_tmdb_id += u64::from(tmdb_id.is_some());
        chunk.counts.with_metadata += u64::from(facts.is_some());
    }
}

impl Chunk {
    /// Records how the year and the title of a kept movie were corrected.
    fn record(
        &mut self,
        row: &MovieRow<'_>,
        (title_year, year): (Option<u16>, Option<u16>),
        parsed: &ParsedTitle,
        names: &Titles,
    ) {
        let (movie_id, title) = (row.movie_id, || row.title.to_string());
        let corrections = &mut self.corrections;
        if let Some(year) = parsed.year.filter(|_| !parsed.year_is_strict) {
            corrections.years_read_leniently.push(CorrectedYear { movie_id, title: title(), year });
        }
        if let Some(year) = year.filter(|_| title_year.is_none()) {
            corrections.years_from_tmdb.push(CorrectedYear { movie_id, title: title(), year });
        }
        if names.is_replaced {
            let (title, tmdb_title) = (title(), names.title.clone());
            corrections.titles_from_tmdb.push(CorrectedTitle { movie_id, title, tmdb_title });
        }
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

/// Returns the counter for the first filter that a movie fails, or `None` if it passes them all.
fn failed_filter(
    year: Option<u16>,
    genres: &str,
    facts: Option<&TmdbRow<'_>>,
    settings: &MergeSettings,
) -> Option<fn(&mut Removed) -> &mut u64> {
    if let Some(min_year) = settings.min_year {
        match year {
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

#[cfg(test)]
mod tests;
