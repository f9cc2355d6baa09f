//! `preprocess_report.json`: what a merge read, kept, removed and could not use.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ServicesSource;
use super::merge::{Counts, MergeSettings, Merged, ServicesChoice, SourceCount};
use crate::ids::MovieId;
use crate::sources::{Outcome, Problem, ProblemKind, Unlisted};

/// The report. Everything that was wrong is in `problems`, row by row.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    format_version: u32,
    settings: ReportSettings,
    sources: &'a [SourceCount],
    counts: Counts,
    services_source: Option<ServicesSource>,
    output: OutputFile<'a>,
    /// Kept films whose year only the lenient reading of titles finds.
    years_read_leniently: Vec<LenientYear<'a>>,
    problem_counts: Vec<ProblemCount<'a>>,
    problems: &'a [Problem],
}

#[derive(Debug, Serialize)]
struct ReportSettings {
    min_year: Option<u16>,
    require_tmdb: bool,
    min_votes: u32,
    keep_without_genres: bool,
    services: ServicesChoice,
    seed: u64,
    sample_fraction: f64,
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
    /// The report on this merge; `file` and `sha256` are those of the table it was written to.
    pub fn report<'a>(
        &'a self,
        settings: &MergeSettings,
        file: &'a str,
        sha256: &'a str,
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
