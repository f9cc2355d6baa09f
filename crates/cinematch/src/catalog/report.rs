//! `preprocess_report.json`: the counts, settings, inputs and problems of a merge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ServicesSource;
use super::merge::{Corrections, Counts, MergeSettings, Merged, ServicesChoice, SourceCount};
use super::services::MockServices;
use crate::sources::{Outcome, Problem, ProblemKind, Unlisted};

/// Report on a merge. Lists every problem, with its line number.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    format_version: u32,
    settings: ReportSettings,
    #[serde(rename = "made_from")]
    inputs: &'a InputPaths,
    sources: &'a [SourceCount],
    counts: Counts,
    services_source: Option<ServicesSource>,
    output: OutputFile<'a>,
    #[serde(flatten)]
    corrections: &'a Corrections,
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

/// Paths of the merged files, relative to the root folder if they are inside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPaths {
    /// Folder that contains the MovieLens files.
    pub raw: String,
    /// Path of the TMDB file; `None` if there wasn't one.
    pub tmdb: Option<String>,
}

/// The part of a report that is needed to repeat the merge with newer files.
#[derive(Debug, Deserialize)]
pub struct Recipe {
    settings: ReportSettings,
    /// Paths of the inputs; `None` in reports from earlier versions.
    pub made_from: Option<InputPaths>,
}

impl Recipe {
    /// Parses `preprocess_report.json`.
    pub fn read(report: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(report)
    }

    /// Returns the settings used for the merge.
    pub fn settings(&self) -> MergeSettings {
        let settings = &self.settings;
        MergeSettings {
            min_year: settings.min_year,
            require_tmdb: settings.require_tmdb,
            min_votes: settings.min_votes,
            keep_without_genres: settings.keep_without_genres,
            services: settings.services,
            mock: MockServices { seed: settings.seed, sample_fraction: settings.sample_fraction },
        }
    }
}

#[derive(Debug, Serialize)]
struct OutputFile<'a> {
    file: &'a str,
    sha256: &'a str,
}

/// Number of problems that share a file, column, kind and outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ProblemCount<'a> {
    /// File name.
    pub file: &'a str,
    /// Column name, if the problems concern a single column.
    pub field: Option<&'a str>,
    /// The kind of problem.
    pub kind: ProblemKind,
    /// How the rows were handled.
    pub outcome: Outcome,
    /// Number of problems.
    pub count: u64,
    /// Line number of the first problem.
    pub first_line: u64,
    /// Message for the first problem.
    pub first_reason: &'a str,
}

/// Counts problems by file, column, kind and outcome, and sorts the counts by these fields.
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

/// Like [`count_problems`], but includes problems that were counted but not listed. For each kind of
/// unlisted problem, at least one must be in `problems`.
pub fn count_with_unlisted<'a>(
    problems: &'a [Problem],
    unlisted: &Unlisted,
) -> Vec<ProblemCount<'a>> {
    let mut counts = count_problems(problems);
    for count in &mut counts {
        count.count += unlisted.count(count.field, count.kind, count.outcome);
    }
    counts
}

impl Merged {
    /// Builds the report. `file` and `sha256` are the name and SHA-256 of the table that was written.
    pub fn report<'a>(
        &'a self,
        settings: &MergeSettings,
        inputs: &'a InputPaths,
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
            inputs,
            sources: &self.sources,
            counts: self.counts,
            services_source: self.services_source,
            output: OutputFile { file, sha256 },
            corrections: &self.corrections,
            problem_counts: count_problems(&self.problems),
            problems: &self.problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_round_trips_its_settings_and_inputs() {
        let merged = Merged {
            table: Vec::new(),
            counts: Counts::default(),
            sources: Vec::new(),
            services_source: None,
            corrections: Corrections::default(),
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
        let made_from = InputPaths { raw: "raw/ml-32m".to_owned(), tmdb: None };
        let report = merged.report(&settings, &made_from, ("m.csv", "0"));
        let recipe = Recipe::read(&serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!((recipe.settings(), recipe.made_from), (settings, Some(made_from)));
    }
}
