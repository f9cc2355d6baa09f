//! The section of a movie's page that explains how well the movie fits the user's taste.

use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::wording::{Description, MIN_CONTRIBUTION, Segment, describe};
use cinematch::ranking::{Filters, Ranked, Reason, Recommendation, Request};
use maud::{Markup, html};

use super::movies::UserView;
use super::texts::numbers::title_case;
use super::texts::{self as common, movie as texts, numbers};
use cinematch_http::problem::Problem;

/// A movie's assessment for the user, without the user's own feedback on it.
pub struct Fit<'a> {
    pub recommendation: Recommendation<'a>,
    /// Rank among all movies that the user hasn't seen, from 1; `None` if the user has no history.
    place: Option<usize>,
    /// Sentence about the movie in the user's history on which this movie's rank depends most.
    counterfactual: Option<String>,
    /// True if the user has a history.
    pub is_known: bool,
}

impl<'a> Fit<'a> {
    pub fn new(view: &'a UserView, movie: MovieIdx) -> Result<Self, Problem> {
        let recommender = view.recommender();
        let movie_id = recommender.movie(movie).movie_id;
        let is_other = |id: &MovieId| *id != movie_id;
        let mut query = view.query(1);
        query.liked.retain(is_other);
        query.disliked.retain(is_other);
        query.ratings.retain(|rating| is_other(&rating.movie_id));
        query.seen.retain(is_other);
        // Ignores the preferred length and services, which the page shows elsewhere.
        query.filters = Filters::default();
        let request = view.resolve(&query)?;
        let is_known = !request.history.is_empty();
        let recommendation = recommender.score_movies(&request, &[movie]).remove(0);
        let place = if is_known { recommender.place(&request, movie) } else { None };
        let counterfactual = place.and_then(|place| {
            let page = Request { offset: place - 1, ..request };
            // The list that starts at this rank begins with the movie.
            let ranked = Ranked { items: vec![recommendation.clone()], shortfall: None };
            recommender.counterfactuals(&page, &ranked).into_iter().flatten().next()
        });
        // Shown only if the movie would rank lower without it.
        let counterfactual =
            counterfactual.filter(|without| without.counterfactual_place > without.place);
        let counterfactual = counterfactual.map(|without| format!("{without}."));
        Ok(Self { recommendation, place, counterfactual, is_known })
    }

    /// Renders the section: rank, reasons, score table and counterfactual.
    pub fn show(&self, view: &UserView, has_stars: bool) -> Markup {
        let n_movies = view.recommender().movies().len();
        let max_contribution = self.recommendation.reasons.iter().map(|it| it.contribution().abs());
        let max_contribution = max_contribution.fold(f32::MIN_POSITIVE, f32::max);
        let (mut large, small): (Vec<&Reason<'_>>, Vec<&Reason<'_>>) = self
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
                @else if let Some(place) = self.place {
                    @let (before, after) = texts::rank(n_movies);
                    p { (before) b { (numbers::thousands(place as u64)) } (after) }
                }
                @if !self.is_known {
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
                        p .small { (texts::score(self.recommendation.score)) }
                    }
                }
                @if let Some(line) = &self.counterfactual { p { (line) } }
            }
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
                Segment::Text(text) => (text),
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
