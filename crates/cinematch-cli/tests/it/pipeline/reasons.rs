//! Sentences that explain recommendations: what they say to the personas and to users of MovieLens latest-small.
//!
//! `reason_words.csv` has 200 words that reasons could name for these users, and our judgment of each: `meaningful` if
//! it says something about a film to a reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cinematch::bundle::Bundle;
use cinematch::ids::UserId;
use cinematch::ranking::wording::{Basis, Segment, Sentence, sentence};
use cinematch::ranking::{Query, Rating};
use cinematch::sources::movielens;
use serde::de::IgnoredAny;

use super::latest_small;
use crate::support::folder::{Folder, real_data};

const JUDGMENTS: &str = include_str!("reason_words.csv");
const N_USERS: usize = 500;
/// Seed of the sample of users.
const SEED: u32 = 42;
const LIST_LENGTH: usize = 12;

/// Returns the words with a judgment.
fn judged(judgment: &str) -> BTreeSet<String> {
    let rows = JUDGMENTS.lines().skip(1).filter_map(|row| row.split_once(','));
    rows.filter(|(_, found)| *found == judgment).map(|(word, _)| stem(word)).collect()
}

/// Returns a word in lowercase and, mostly, in the singular.
fn stem(word: &str) -> String {
    word.to_lowercase().trim_end_matches('s').to_owned()
}

/// Returns the histories of `n` users, in an order that depends only on the seed.
fn users(ratings: &Path, n: usize) -> Vec<Query> {
    let bytes = fs::read(ratings).unwrap();
    let mut by_user: BTreeMap<UserId, Vec<Rating>> = BTreeMap::new();
    for row in movielens::ratings("ratings.csv", &bytes).unwrap().records {
        let rating = Rating { movie_id: row.movie_id, rating: row.stars.value() };
        by_user.entry(row.user_id).or_default().push(rating);
    }
    let mut users: Vec<(UserId, Vec<Rating>)> = by_user.into_iter().collect();
    // Multiplication by an odd number permutes the IDs.
    users.sort_by_key(|(user, _)| user.0.wrapping_mul(2_654_435_761) ^ SEED);
    users.truncate(n);
    users.into_iter().map(|(_, ratings)| Query { ratings, ..Query::default() }).collect()
}

/// Calls `each` with the sentence for every movie in the lists for `queries`.
fn for_each_sentence(bundle: &Bundle, queries: Vec<Query>, mut each: impl FnMut(Sentence<'_>)) {
    let recommender = &bundle.recommender;
    for query in queries {
        let query = Query { limit: LIST_LENGTH, explain: true, ..query };
        let (request, _) = recommender.resolve(&query).unwrap();
        for item in recommender.recommend(&request).items {
            each(sentence(&item.reasons));
        }
    }
}

#[test]
fn reasons_name_something_specific_and_meaningful() {
    let Some(raw) = real_data("reasons_name_something_specific_and_meaningful") else { return };
    let mut queries = users(&raw.join("ml-latest-small/ratings.csv"), N_USERS);
    queries.extend(
        latest_small::personas::<IgnoredAny>(&raw)
            .into_iter()
            .map(|persona| Query { liked: persona.likes, ..Query::default() }),
    );
    let (meaningful, meaningless) = (judged("meaningful"), judged("meaningless"));
    assert_eq!(meaningful.len() + meaningless.len(), 200);

    let mut n_sentences = 0_usize;
    let mut by_basis: BTreeMap<&str, usize> = BTreeMap::new();
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for_each_sentence(latest_small::bundle(&raw), queries, |sentence| {
        n_sentences += 1;
        let basis = match sentence.basis {
            Basis::Kind | Basis::Preference => "general",
            Basis::Nothing => "empty",
            _ => "specific",
        };
        *by_basis.entry(basis).or_default() += 1;
        if sentence.basis == Basis::Theme {
            for segment in &sentence.segments {
                if let Segment::Feature(word) = segment {
                    *words.entry(stem(word)).or_default() += 1;
                }
            }
        }
    });

    let shown: Vec<&String> = words.keys().filter(|word| meaningless.contains(*word)).collect();
    assert!(shown.is_empty(), "meaningless words: {shown:?}");
    let count = |basis| by_basis.get(basis).copied().unwrap_or_default();
    assert!(count("empty") * 20 <= n_sentences, "{by_basis:?}");
    assert!(count("general") * 20 <= n_sentences * 3, "{by_basis:?}");
    // The sample covers what is shown, so that the first assertion means something.
    let n_shown: usize = words.values().sum();
    let is_judged = |word: &&String| meaningful.contains(*word);
    let n_judged: usize = words.keys().filter(is_judged).map(|word| words[word]).sum();
    let unjudged: Vec<_> = words.iter().filter(|(word, _)| !is_judged(word)).collect();
    assert!(n_judged * 4 >= n_shown * 3, "{n_judged} of {n_shown} judged; not: {unjudged:?}");
}

#[test]
fn reasons_without_tmdb_text_name_tags_fans_and_genres() {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train", "--without-tmdb-text"]);
    let bundle = Bundle::load(&folder.path("ml/artifacts")).unwrap();
    let queries = users(&folder.path("raw/ml-32m/ratings.csv"), 50);
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for_each_sentence(&bundle, queries, |sentence| {
        assert_ne!(sentence.basis, Basis::Person, "{sentence}");
        assert_ne!(sentence.basis, Basis::Nothing, "{sentence}");
        found.insert(match sentence.basis {
            Basis::Theme => "tags",
            Basis::Fans => "fans",
            _ => "general",
        });
    });
    assert!(found.contains("tags") && found.contains("fans"), "{found:?}");
}
