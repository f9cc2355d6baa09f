//! `preprocess_report.json`: what a merge read, kept, removed and could not use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ServicesSource;
use super::merge::{Counts, MergeSettings, Merged, ServicesChoice, SourceCount};
use super::services::MockServices;
use crate::ids::MovieId;
use crate::sources::{Outcome, Problem, ProblemKind, Unlisted};

/// The report. Everything that was wrong is in `problems`, row by row.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    format_version: u32,
    settings: ReportSettings,
    made_from: &'a MadeFrom,
    sources: &'a [SourceCount],
    counts: Counts,
    services_source: Option<ServicesSource>,
    output: OutputFile<'a>,
    /// Kept films whose year only the lenient reading of titles finds.
    years_read_leniently: Vec<LenientYear<'a>>,
    problem_counts: Vec<ProblemCount<'a>>,
    problems: &'a [Problem],
}

#[derive(Debug, Serialize, Deserialize)]
struct ReportSettings {
    min_year: Option<u16>,
    require_tmdb: bool,
    min_votes: u32,
    keep_without_genres: bool,
    services: ServicesChoice,
    seed: u64,
    sample_fraction: f64,
}

/// Where the merged files were, relative to the root folder if they were in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFrom {
    /// The folder of MovieLens' files.
    pub raw: String,
    /// TMDb's facts, if there were any.
    pub tmdb: Option<String>,
}

/// What a report says of how its table was made: enough to make it again from newer files.
#[derive(Debug, Deserialize)]
pub struct Recipe {
    settings: ReportSettings,
    /// Where the files were; reports of earlier versions do not say.
    pub made_from: Option<MadeFrom>,
}

impl Recipe {
    /// Reads `preprocess_report.json`.
    pub fn read(report: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(report)
    }

    /// Which films stayed, and what they got.
    pub fn settings(&self) -> MergeSettings {
        let of = &self.settings;
        MergeSettings {
            min_year: of.min_year,
            require_tmdb: of.require_tmdb,
            min_votes: of.min_votes,
            keep_without_genres: of.keep_without_genres,
            services: of.services,
            mock: MockServices { seed: of.seed, sample_fraction: of.sample_fraction },
        }
    }
}

#[derive(Debug, Serialize)]
struct OutputFile<'a> {
    file: &'a str,
    sha256: &'a str,
}

#[derive(Debug, Serialize)]
struct LenientYear<'a> {
    movie_id: MovieId,
    title: &'a str,
    year: u16,
}

/// Problems of one sort in one column of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ProblemCount<'a> {
    /// The file.
    pub file: &'a str,
    /// The column, where one is to blame.
    pub field: Option<&'a str>,
    /// What was wrong.
    pub kind: ProblemKind,
    /// What became of the rows.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
    /// The first of them: its line and reason.
    pub first_line: u64,
    /// The first one's reason.
    pub first_reason: &'a str,
}

/// Sums problems up by file, column and sort, in the order of files and columns.
pub fn count_problems(problems: &[Problem]) -> Vec<ProblemCount<'_>> {
    let mut counts: BTreeMap<_, ProblemCount<'_>> = BTreeMap::new();
    for problem in problems {
        let field = problem.field.as_deref();
        let key = (problem.file.as_str(), field, problem.kind, problem.outcome);
        let entry = counts.entry(key).or_insert(ProblemCount {
            file: &problem.file,
            field,
            kind: problem.kind,
            outcome: problem.outcome,
            count: 0,
            first_line: problem.line,
            first_reason: &problem.reason,
        });
        entry.count += 1;
    }
    counts.into_values().collect()
}

/// The same, with those that are only counted. Of every sort some are listed.
pub fn count_all<'a>(problems: &'a [Problem], unlisted: &Unlisted) -> Vec<ProblemCount<'a>> {
    let mut counts = count_problems(problems);
    for count in &mut counts {
        count.count += unlisted.of(count.field, count.kind, count.outcome);
    }
    counts
}

impl Merged {
    /// The report on this merge; the table it was written to is named with its SHA-256.
    pub fn report<'a>(
        &'a self,
        settings: &MergeSettings,
        made_from: &'a MadeFrom,
        (file, sha256): (&'a str, &'a str),
    ) -> Report<'a> {
        Report {
            format_version: 1,
            settings: ReportSettings {
                min_year: settings.min_year,
                require_tmdb: settings.require_tmdb,
                min_votes: settings.min_votes,
                keep_without_genres: settings.keep_without_genres,
                services: settings.services,
                seed: settings.mock.seed,
                sample_fraction: settings.mock.sample_fraction,
            },
            made_from,
            sources: &self.sources,
            counts: self.counts,
            services_source: self.services_source,
            output: OutputFile { file, sha256 },
            years_read_leniently: self
                .lenient_years
                .iter()
                .map(|(movie_id, title, year)| LenientYear {
                    movie_id: *movie_id,
                    title,
                    year: *year,
                })
                .collect(),
            problem_counts: count_problems(&self.problems),
            problems: &self.problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_how_to_make_its_table_again() {
        let merged = Merged {
            table: Vec::new(),
            counts: Counts::default(),
            sources: Vec::new(),
            services_source: None,
            lenient_years: Vec::new(),
            problems: Vec::new(),
        };
        let settings = MergeSettings {
            min_year: Some(1990),
            require_tmdb: true,
            min_votes: 7,
            keep_without_genres: false,
            services: ServicesChoice::Mock,
            mock: MockServices { seed: 3, sample_fraction: 0.3 },
        };
        let made_from = MadeFrom { raw: "raw/ml-32m".to_owned(), tmdb: None };
        let report = merged.report(&settings, &made_from, ("m.csv", "0"));
        let recipe = Recipe::read(&serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!((recipe.settings(), recipe.made_from), (settings, Some(made_from)));
    }
}
