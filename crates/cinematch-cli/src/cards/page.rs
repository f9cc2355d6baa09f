//! A generation's card as a single HTML file with plots.

use std::collections::BTreeMap;

use anyhow::Result;
use cinematch::bundle::Manifest;
use cinematch::evaluation::promotion::{ByTaste, Comparison, Interval, Means, Verdict};
use cinematch_web::plots;
use maud::{Markup, html};

use super::card::Card;
use crate::output::thousands;
use crate::reports::page;

/// Renders the card.
pub fn render(card: &Card) -> Result<Markup> {
    let manifest = &card.manifest;
    let counts = &manifest.counts;
    let settings = serde_json::to_string_pretty(&manifest.settings)?;
    let body = html! {
        p { "Trained " (manifest.run.created_at) ". " (evaluation_status(card)) }
        @if let Some(verdict) = &card.verdict { (quality(verdict)) }
        h2 { "Data" }
        table {
            tr { th { "input" } th { "rows" } th { "SHA-256" } }
            @for input in &manifest.inputs {
                tr { td { (input.name) } td { (thousands(input.rows)) } td { (input.sha256) } }
            }
        }
        p {
            (thousands(counts.movies as u64)) " movies, " (thousands(counts.tagged_movies as u64))
            " of them with users' tags; " (thousands(counts.ratings as u64)) " training ratings; "
            (thousands(counts.ranking_columns as u64)) " columns for ranking. " (holdout(manifest))
            @if let Some(weights) = &manifest.blend_weights { " Weights: " (weights) "." }
            @if let Some(calibration) = &manifest.match_calibration { " Match: " (calibration) "." }
        }
        h2 { "Settings" }
        pre { (settings) }
    };
    Ok(page(&format!("Generation {}: {}", card.generation, manifest.model_id), &body))
}

/// States which users the models were trained without.
fn holdout(manifest: &Manifest) -> String {
    let Some(holdout) = manifest.holdout else {
        return "It was trained on all users; none are held out for evaluation.".to_owned();
    };
    let percent = holdout.share() * 100.0;
    match manifest.refit {
        None => format!("{percent:.1} % of users are held out of training."),
        Some(refit) => format!(
            "The served models were trained on all users. The evaluated models were trained on {} ratings, without \
             {percent:.1} % of users.",
            thousands(refit.evaluation_ratings as u64)
        ),
    }
}

fn evaluation_status(card: &Card) -> String {
    let (Some(verdict), Some(at)) = (&card.verdict, &card.judged_at) else {
        return "It was not evaluated.".to_owned();
    };
    let decision = if verdict.promote { "accepted" } else { "rejected" };
    format!("Evaluated {at} and {decision}: {}.", verdict.reason)
}

/// Renders the verdict as a table and plots.
fn quality(verdict: &Verdict) -> Markup {
    let groups = [("users with a history", &verdict.overall), ("new users", &verdict.cold)];
    let groups = groups.map(|(users, comparison)| Some((users, comparison.as_ref()?)));
    let champion = match &verdict.champion {
        Some(champion) => {
            format!("The champion is generation {}, {}.", champion.generation, champion.model_id)
        }
        None => "There was no champion to compare with.".to_owned(),
    };
    html! {
        h2 { "Quality" }
        div.wide {
            table {
                tr {
                    th { "users" } th { "number" } th { "model" } th { "NDCG@20" } th { "recall@20" }
                    th { "hit@20" } th { "movies shown" }
                }
                @for (users, comparison) in groups.iter().flatten() {
                    (row((users, comparison.users), "this generation", &comparison.challenger))
                    @if let Some(champion) = &comparison.champion {
                        (row((users, comparison.users), "champion", champion))
                    }
                }
            }
        }
        p {
            (champion) " The metrics are means over lists of 20 movies, as the server returns them, for users on \
             whom neither model was trained. Intervals are from a bootstrap over users. The largest accepted loss is "
            (format!("{:.1}", verdict.margin * 100.0)) " % of the champion's NDCG."
        }
        @for (users, comparison) in groups.iter().flatten() { (plots::comparison(users, comparison)) }
        @if let Some(overall) = &verdict.overall { (taste(overall)) }
    }
}

/// Taste metrics in the table, with their headings and number of decimals.
const TASTE_METRICS: [(&str, &str, usize); 6] = [
    ("lift@10", "lift", 2),
    ("ips_ndcg@10", "IPS NDCG@10", 4),
    ("tail_recall@20", "tail recall@20", 4),
    ("miscalibration@10", "genres", 3),
    ("decade_miscalibration@10", "decades", 3),
    ("language_miscalibration@10", "languages", 3),
];

/// Renders the taste metrics of the users with a history. Empty for verdicts without them.
fn taste(comparison: &Comparison) -> Markup {
    let cell = |means: &BTreeMap<String, f64>, metric: &str, decimals: usize| {
        means.get(metric).map_or_else(|| "–".to_owned(), |mean| format!("{mean:.decimals$}"))
    };
    let row = |of: &ByTaste, name: &str, means: &BTreeMap<String, f64>| {
        html! {
            tr {
                td { (of.group) } td { (thousands(of.users as u64)) } td { (name) }
                @for (metric, _, decimals) in TASTE_METRICS { td { (cell(means, metric, decimals)) } }
            }
        }
    };
    html! {
        @if !comparison.by_taste.is_empty() {
            h2 { "Taste" }
            div.wide {
                table {
                    tr {
                        th { "users" } th { "number" } th { "model" }
                        @for (_, heading, _) in TASTE_METRICS { th { (heading) } }
                    }
                    @for of in &comparison.by_taste {
                        (row(of, "this generation", &of.challenger))
                        @if let Some(champion) = &of.champion { (row(of, "champion", champion)) }
                    }
                }
            }
            p {
                "Thirds of the users with a history, by the popularity of the movies that they like. Lift is the \
                 difference between the popularity of the first ten movies and of the liked ones, in powers of \
                 two. IPS NDCG counts a hit more if fewer users like the movie. Genres, decades and languages \
                 are the divergences of the first ten movies from the liked ones. These metrics do not decide \
                 on promotion."
            }
        }
    }
}

fn row((users, n_users): (&str, usize), name: &str, means: &Means) -> Markup {
    let cell = |interval: Interval| {
        format!("{:.4} [{:.4}, {:.4}]", interval.mean, interval.low, interval.high)
    };
    html! {
        tr {
            td { (users) } td { (thousands(n_users as u64)) } td { (name) }
            td { (cell(means.ndcg)) } td { (cell(means.recall)) } td { (cell(means.hit)) }
            td { (thousands(means.n_shown as u64)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_figures_and_plots_without_a_script() {
        let of = |mean: f64| Interval { mean, low: mean - 0.01, high: mean + 0.01 };
        let means =
            |mean: f64| Means { ndcg: of(mean), recall: of(0.1), hit: of(0.5), n_shown: 99 };
        let comparison = Comparison {
            users: 1234,
            challenger: means(0.25),
            champion: Some(means(0.24)),
            difference: Some(of(0.01)),
            allowed: Some(-0.0048),
            by_history: Vec::new(),
            by_taste: vec![ByTaste {
                group: "niche".to_owned(),
                users: 411,
                challenger: BTreeMap::from([("lift@10".to_owned(), 0.75)]),
                champion: None,
            }],
            passed: true,
        };
        let verdict = Verdict {
            promote: true,
            reason: "not <worse>".to_owned(),
            margin: 0.02,
            champion: None,
            overall: Some(comparison.clone()),
            cold: Some(comparison),
        };
        let html = quality(&verdict).into_string();
        for needle in
            ["1,234", "0.2500 [0.2400, 0.2600]", "allowed -0.0048", "<svg", "2.0 %", "0.75"]
        {
            assert!(html.contains(needle), "{needle}\n{html}");
        }
        assert!(!html.contains("<script"));
    }
}
