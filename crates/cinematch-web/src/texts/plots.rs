//! Captions and descriptions for the operator's plots.

pub const HISTORY: &str = "Evaluation history";
pub const HISTORY_CAPTION: &str =
    "NDCG@20 for users with a history, with 95 % confidence intervals";

pub fn generation(number: u64) -> String {
    format!("generation {number}")
}

pub fn ndcg(group: &str) -> String {
    format!("NDCG@20, {group}, with 95 % confidence intervals")
}

pub fn difference(group: &str) -> String {
    format!("Difference from the champion, {group}")
}

pub fn ndcg_by_history(group: &str) -> String {
    format!("NDCG@20 by number of films rated, {group}")
}

pub fn at_least(films: usize) -> String {
    format!("{films}+ films")
}

/// Formats a value with its confidence interval, if there is one.
pub fn value(name: &str, mean: f64, interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{name}: {mean:.3}, interval {low:.3} to {high:.3}"),
        None => format!("{name}: {mean:.3}"),
    }
}

/// Formats a difference with its confidence interval and the smallest allowed difference.
pub fn difference_value(caption: &str, mean: f64, low: f64, high: f64, allowed: f64) -> String {
    format!(
        "{caption}. {mean:+.4}, interval {low:+.4} to {high:+.4}; allowed: {allowed:+.4} or more"
    )
}

pub fn allowed(value: f64) -> String {
    format!("allowed {value:+.4}")
}
