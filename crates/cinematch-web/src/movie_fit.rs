//! The section of a movie's page that explains how well the movie fits the user's taste.

use cinematch::ranking::Reason;
use cinematch::ranking::wording::{Description, MIN_CONTRIBUTION, Segment, describe};
use maud::{Markup, html};

use super::texts::numbers::title_case;
use super::texts::{self as common, movie as texts, numbers};
use cinematch_service::movie_fit::MovieFit;
use cinematch_service::user_view::UserView;

/// Renders the section: rank, reasons, score table and counterfactual.
pub fn section(fit: &MovieFit<'_>, view: &UserView, has_stars: bool) -> Markup {
    let n_movies = view.recommender().movies().len();
    let max_contribution = fit.recommendation.reasons.iter().map(|it| it.contribution().abs());
    let max_contribution = max_contribution.fold(f32::MIN_POSITIVE, f32::max);
    let (mut large, small): (Vec<&Reason<'_>>, Vec<&Reason<'_>>) = fit
        .recommendation
        .reasons
        .iter()
        .partition(|it| it.contribution().abs() >= MIN_CONTRIBUTION);
    // The sum of the other movies comes last.
    large.sort_by_key(|reason| matches!(reason, Reason::OtherMovies { .. }));
    let rest: f32 = small.iter().map(|it| it.contribution()).sum();
    html! {
        section .fit aria-labelledby="fit" {
            h2 #fit { (texts::FIT) }
            @if has_stars { p { (texts::FIT_WITHOUT_RATING) } }
            @else if let Some(place) = fit.place {
                @let (before, after) = texts::rank(n_movies);
                p { (before) b { (numbers::thousands(place as u64)) } (after) }
            }
            @if !fit.is_known {
                p { (texts::FIT_UNKNOWN) a href="/welcome/rate" { (common::RATE_FILMS) } }
            }
            @if !large.is_empty() {
                ul .parts {
                    @for reason in &large {
                        li { (bar(reason.contribution(), max_contribution)) span { (reason_text(reason)) } }
                    }
                    @if !small.is_empty() {
                        li { (bar(rest, max_contribution)) span { (texts::SMALLER_REASONS) } }
                    }
                }
                details .numbers {
                    summary { (texts::DETAILS) }
                    (score_table(&large, (!small.is_empty()).then_some(rest)))
                    p .small { (texts::score(fit.recommendation.score)) }
                }
            }
            @if let Some(line) = &fit.counterfactual { p { (line) } }
        }
    }
}

/// Renders a table of the reasons with their contributions to the score.
fn score_table(reasons: &[&Reason<'_>], rest: Option<f32>) -> Markup {
    html! {
        table {
            caption .unseen { (texts::SCORE_TERMS) }
            thead { tr {
                th scope="col" { (texts::REASON) }
                th .number scope="col" { (texts::EFFECT) }
            } }
            tbody {
                @for reason in reasons {
                    tr { td { (reason_text(reason)) } td .number { (signed(reason.contribution())) } }
                }
                @if let Some(rest) = rest {
                    tr { td { (texts::SMALLER_REASONS) } td .number { (signed(rest)) } }
                }
            }
        }
    }
}

/// Renders a reason as text.
fn reason_text(reason: &Reason<'_>) -> Markup {
    let Description { sentence, details } = describe(reason);
    html! {
        @for segment in sentence {
            @match segment {
                Segment::Text(text) | Segment::Feature(text) => (text),
                Segment::Genre(name) => (title_case(name)),
                Segment::Movie { movie_id, title } => {
                    a href={ "/films/" (movie_id.0) } { (title) }
                },
            }
        }
        @for detail in details { span .detail { (detail) } }
    }
}

/// Renders a contribution as a bar. Screen readers announce a contribution that lowers the score.
fn bar(contribution: f32, max_contribution: f32) -> Markup {
    let width = format!("{:.1}", (contribution.abs() / max_contribution * 60.0).min(60.0));
    let side = if contribution < 0.0 { "against" } else { "for" };
    html! {
        span .size {
            svg viewBox="0 0 60 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect x="0" y="0" width=(width) height="8" class=(side) {}
            }
            @if contribution < 0.0 { span .unseen { (texts::LOWERS) } }
        }
    }
}

/// Formats a contribution with its sign; zero gets a plus.
fn signed(contribution: f32) -> String {
    let text = format!("{:.2}", contribution.abs());
    if contribution < 0.0 && text != "0.00" { format!("−{text}") } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contributions_have_a_sign() {
        assert_eq!([0.314, -0.2, -0.001].map(signed), ["+0.31", "−0.20", "+0.00"]);
    }
}
