//! Compares the ranking metrics with `trec_eval`.

use std::process::Command;

use cinematch::evaluation::{
    UserMetrics, hit_at, ndcg_at, precision_at, recall_at, reciprocal_rank,
};
use cinematch::ids::MovieIdx;
use cinematch_testing::did_not_run;
use serde_json::{Map, Value, json};

use crate::support::folder::{Folder, project};

/// Cutoffs inside, at the end of and beyond a list of 100 movies, including all cutoffs used by [`UserMetrics`].
const CUTOFFS: [usize; 8] = [1, 5, 10, 20, 50, 100, 101, 500];
const N_MOVIES: u32 = 300;

/// Pseudo-random number generator (`SplitMix64`, Steele et al. 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % u64::from(bound)) as u32
    }

    /// Returns `n` distinct movies.
    fn movies(&mut self, n: u32) -> Vec<MovieIdx> {
        let mut all: Vec<MovieIdx> = (0..N_MOVIES).map(MovieIdx).collect();
        for at in 0..n {
            all.swap(at as usize, (at + self.below(N_MOVIES - at)) as usize);
        }
        all.truncate(n as usize);
        all
    }
}

/// Returns a ranked list, its relevant movies, and all metrics for the list by name, as JSON.
fn user(ranked: &[MovieIdx], mut relevant: Vec<MovieIdx>) -> Value {
    relevant.sort_unstable();
    let mut metrics = Map::new();
    metrics.insert("reciprocal_rank".into(), reciprocal_rank(ranked, &relevant).into());
    for k in CUTOFFS {
        metrics.insert(format!("ndcg@{k}"), ndcg_at(k, ranked, &relevant).into());
        metrics.insert(format!("recall@{k}"), recall_at(k, ranked, &relevant).into());
        metrics.insert(format!("precision@{k}"), precision_at(k, ranked, &relevant).into());
        metrics.insert(format!("hit@{k}"), hit_at(k, ranked, &relevant).into());
    }
    // These values replace the ones computed by the functions above.
    let values = UserMetrics::new(ranked, &relevant).values();
    for (name, value) in UserMetrics::NAMES.into_iter().zip(values) {
        metrics.insert(name.into(), value.into());
    }
    let rows = |movies: &[MovieIdx]| movies.iter().map(|movie| movie.0).collect::<Vec<_>>();
    json!({ "ranked": rows(ranked), "relevant": rows(&relevant), "metrics": metrics })
}

#[test]
fn ranking_metrics_equal_trec_eval() {
    let Some(python) = std::env::var_os("CINEMATCH_TEST_PYTHON") else {
        return did_not_run(
            "ranking_metrics_equal_trec_eval",
            "CINEMATCH_TEST_PYTHON is not set; run `cargo xtask test`",
        );
    };
    let mut random = Random(1);
    let list = random.movies(30);
    let mut users = vec![
        user(&list, list.clone()),
        user(&list, Vec::new()),
        user(&[], list.clone()),
        user(&list[..15], list[15..].to_vec()),
    ];
    for _ in 0..500 {
        let (n_ranked, n_relevant) = (random.below(101), random.below(150));
        users.push(user(&random.movies(n_ranked), random.movies(n_relevant)));
    }
    let folder = Folder::empty();
    let lists = json!({ "k": CUTOFFS, "users": users });
    folder.write("lists.json", &serde_json::to_vec(&lists).unwrap());
    let output = Command::new(python)
        .arg(project().join("tests/python/check_metrics.py"))
        .args(["--lists".into(), folder.path("lists.json")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.starts_with("ok "), "{text}\n{errors}");
}
