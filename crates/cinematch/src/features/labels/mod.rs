//! Labels: the keywords and tags that reasons may name, as people write them.
//!
//! Most keywords and tags are evidence of similarity but say little to a reader ("duringcreditsstinger", "nose",
//! "must see"). A column gets a label if
//!
//! - the number of its movies is in bounds,
//! - its name describes a movie's content: it is not in the stop list (`stop_list`) and is not the name of a genre or
//!   a person, which have columns of their own,
//! - users who like one of its movies like its other movies more often than chance (`co_liking`). Without ratings,
//!   this condition doesn't apply.
//!
//! Overviews show how a keyword is written (`usage`): "Los Angeles", "FBI", "serial killers".
//!
//! O(ratings + entries + words of the overviews), once per training.

mod co_liking;
mod stop_list;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use self::stop_list::{folded, is_descriptive};
use super::block::{Block, BlockKind};
use super::matrix::CsrMatrix;
use crate::catalog::{Interactions, Movie};
use crate::ids::UserIdx;

/// Minimum number of movies with a labeled keyword.
const MIN_MOVIES: u32 = 3;
/// Maximum fraction of the catalog with a labeled keyword. More common keywords describe too many movies.
const MAX_SHARE: f32 = 0.05;
/// Keywords of up to this many movies are never excluded by [`MAX_SHARE`], which is too strict for small catalogs.
const MIN_MAX_MOVIES: u32 = 50;
/// Minimum co-liking of a labeled keyword's movies.
const MIN_LIFT: f64 = 1.1;

/// Display names of the keywords and tags that reasons may name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// Display names by column.
    names: BTreeMap<u32, String>,
    /// Columns of tags that are also the name of a keyword, so that they name a subject: "revenge", but not
    /// "quirky".
    subjects: BTreeSet<u32>,
}

/// A column that may get a label.
struct Candidate {
    column: u32,
    kind: BlockKind,
    /// Name without qualifiers, such as `paris` for `paris, france`.
    name: String,
}

impl Labels {
    /// Selects and writes the labels of `columns`, given by their blocks and names. The `rows` must correspond to
    /// `movies` and to the movies of the ratings. `ratings` holds the ratings and the users whose likes are counted.
    pub(crate) fn fit(
        columns: (&[Block], &[String]),
        rows: &CsrMatrix<f32>,
        movies: &[Movie],
        ratings: Option<(&Interactions, &[UserIdx])>,
    ) -> Self {
        let mut candidates = candidates(columns, rows);
        if let Some((interactions, users)) = ratings {
            let candidate_columns: Vec<u32> =
                candidates.iter().map(|candidate| candidate.column).collect();
            let lifts = co_liking::lifts(rows, &candidate_columns, interactions, users);
            let mut lifts = lifts.iter();
            candidates.retain(|_| lifts.next().is_some_and(|lift| *lift >= MIN_LIFT));
        }
        let names = candidates.iter().map(|candidate| candidate.name.as_str());
        let usage = usage::count(names, movies);
        let keywords: FxHashSet<String> = names_in(columns, &[BlockKind::Keyword])
            .map(|(.., name)| folded(&unqualified(name)))
            .collect();
        let mut labels = Self::default();
        for Candidate { column, kind, name } in candidates {
            let is_subject = keywords.contains(&folded(&name));
            let label =
                if is_subject { usage.plural_or_singular(&name) } else { usage.written(&name) };
            labels.names.insert(column, label);
            if is_subject && kind == BlockKind::Tag {
                labels.subjects.insert(column);
            }
        }
        labels
    }

    /// Returns the label of `column` and its kind, or `None` if reasons must not name it. A tag that is also the name
    /// of a keyword is a keyword.
    pub(crate) fn get(&self, column: u32, kind: BlockKind) -> Option<(BlockKind, &str)> {
        let name = self.names.get(&column)?;
        let kind = if self.subjects.contains(&column) { BlockKind::Keyword } else { kind };
        Some((kind, name))
    }
}

/// Returns the columns in the blocks of the given kinds, with the kind and the name of each.
fn names_in<'a>(
    (blocks, names): (&'a [Block], &'a [String]),
    kinds: &'a [BlockKind],
) -> impl Iterator<Item = (u32, BlockKind, &'a str)> {
    let blocks = blocks.iter().filter(|block| kinds.contains(&block.kind));
    blocks.flat_map(move |block| {
        (block.start..block.end).map(|column| (column, block.kind, names[column as usize].as_str()))
    })
}

/// Returns the columns of descriptive keywords and tags whose number of movies is in bounds.
fn candidates(columns: (&[Block], &[String]), rows: &CsrMatrix<f32>) -> Vec<Candidate> {
    let max_movies = ((rows.n_rows() as f32 * MAX_SHARE) as u32).max(MIN_MAX_MOVIES);
    let mut counts = vec![0_u32; rows.n_columns()];
    for column in rows.parts().1 {
        counts[*column as usize] += 1;
    }
    let taken: FxHashSet<String> =
        names_in(columns, &[BlockKind::Genre, BlockKind::Cast, BlockKind::Director])
            .map(|(_, _, name)| folded(name))
            .collect();
    names_in(columns, &[BlockKind::Keyword, BlockKind::Tag])
        .filter(|(column, ..)| (MIN_MOVIES..=max_movies).contains(&counts[*column as usize]))
        .map(|(column, kind, name)| Candidate { column, kind, name: unqualified(name) })
        .filter(|candidate| {
            let name = folded(&candidate.name);
            is_descriptive(&name) && !taken.contains(&name)
        })
        .collect()
}

/// Returns `name` without the qualifiers that TMDB adds: `paris, france`, `artificial intelligence (a.i.)`.
fn unqualified(name: &str) -> String {
    let end = name.find([',', '(']).unwrap_or(name.len());
    name[..end].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::plain::PlainFeatures;
    use crate::features::ranking::{FeatureSet, RankingFeatures};
    use crate::features::tags::TagCounts;
    use crate::features::text::TfidfParams;
    use crate::fixtures::movie;

    fn labels(keywords: &[&str]) -> Vec<String> {
        let with = |id| Movie {
            genres: vec!["science fiction".to_owned()],
            directors: vec!["Fritz Lang".to_owned()],
            keywords: keywords.iter().map(|keyword| (*keyword).to_owned()).collect(),
            overview: Some(
                "A spy leaves Paris. He joins the FBI in Paris with the FBI.".to_owned(),
            ),
            ..movie(id, "Film")
        };
        let movies: Vec<Movie> = (0..4).map(with).collect();
        let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
        let tags = TagCounts::default();
        let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
        features.with_labels(&movies, None).labels.names.into_values().collect()
    }

    #[test]
    fn labels_descriptive_keywords_as_overviews_write_them() {
        let found =
            labels(&["Fritz Lang", "duringcreditsstinger", "fbi", "paris, france", "revenge"]);
        assert_eq!(found, ["FBI", "Paris", "revenge"]);
        assert!(labels(&["science-fiction", "fritz lang"]).is_empty());
    }
}
