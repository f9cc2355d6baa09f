//! `/tonight`: how long, who, where, in what mood → five films that everyone can live with, and how happy
//! each would be.

use axum::extract::State;
use axum::response::Response;
use cinematch::catalog::names::NameList;
use cinematch::ranking::{Filters, GenreFilter, Query, Strategy, VETO_BELOW, explanation};
use cinematch_store::Profile;
use maud::{Markup, html};

use super::choice::Choice;
use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::movies::{MovieCard, Viewing};
use super::strip::strip;
use super::visitor::User;
use cinematch_http::config::AccessMode;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::groups::{GroupAnswer, GroupQuestion, MemberBody, rank};

/// Films to choose from.
const PICKS: usize = 5;
/// The most who are asked at once.
const MOST_PEOPLE: usize = 12;
/// How long one may have, in minutes.
const TIMES: [(u32, &str); 4] =
    [(90, "1½ hours"), (120, "2 hours"), (150, "2½ hours"), (180, "3 hours")];

/// How several become of one mind, as the form names it.
const STRATEGIES: [(&str, &str, &str); 3] = [
    ("least_misery", "Nobody left out", "What counts is whoever likes a film least."),
    ("veto", "No vetoes", "The best average of films that nobody would turn down."),
    ("average", "Most joy in all", "The best average; one may like a film much less."),
];

/// What is asked for tonight.
struct Evening {
    /// Who is there, the viewer where nobody is named.
    people: Vec<Profile>,
    minutes: Option<u32>,
    services: Vec<String>,
    genres: Vec<String>,
    strategy: &'static str,
}

/// `GET /tonight`.
pub async fn tonight(
    State(state): State<Service>,
    User { visitor, profile }: User,
    fields: Fields,
) -> Result<Response, Problem> {
    let viewing = Viewing::of(&state, &profile).await?;
    // With accounts everybody answers for themselves; in a household one asks for all.
    let household = match visitor.mode {
        AccessMode::Open => {
            let accounts = state.store().accounts().await?;
            accounts.into_iter().map(|account| account.profile).collect()
        }
        AccessMode::Accounts => vec![profile.clone()],
    };
    let evening = Evening::of(&fields, &household, &profile, &viewing)?;
    let answer = if fields.get("go").or(fields.get("who")).is_some() {
        Some(rank(&state, &viewing.serving, evening.question(&viewing)).await?)
    } else {
        None
    };
    let main = html! {
        h1 { "Tonight" }
        div .tonight {
            (form(&evening, &household, &viewing))
            @if let Some(answer) = &answer { (picks(&evening, answer, &viewing)) }
            @else {
                p .hint { "Say who is watching, and get five films that everyone can live with." }
            }
        }
        @if let Some(attribution) = viewing.serving.bundle.attribution(viewing.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&visitor, &Page::new("Tonight", Nav::Tonight, main)))
}

impl Evening {
    fn of(
        fields: &Fields,
        household: &[Profile],
        user: &Profile,
        viewing: &Viewing,
    ) -> Result<Self, Problem> {
        let named: Vec<&str> = fields.all("who").collect();
        let is_there = |profile: &&Profile| named.contains(&profile.key().as_str());
        let mut people: Vec<Profile> =
            household.iter().filter(is_there).take(MOST_PEOPLE).cloned().collect();
        if people.is_empty() {
            people.push(user.clone());
        }
        // The first time the person's own services are ticked. A page kept from before may name others.
        let services = match fields.get("go") {
            Some(_) => fields.list("service"),
            None => viewing.query(1).filters.services,
        };
        let offered = offered(viewing);
        let services = services.into_iter().filter(|name| offered.find(name).is_some()).collect();
        let strategy = fields.get("strategy").unwrap_or_default();
        let known = STRATEGIES.into_iter().find(|it| it.0 == strategy).unwrap_or(STRATEGIES[0]);
        Ok(Self {
            people,
            minutes: fields.number("minutes")?,
            services,
            genres: fields.list("genre"),
            strategy: known.0,
        })
    }

    /// The same for the ranking.
    fn question(&self, viewing: &Viewing) -> GroupQuestion {
        let member = |profile: &Profile| MemberBody {
            user_id: Some(profile.key()),
            ..MemberBody::default()
        };
        let index = viewing.recommender().index();
        let region = viewing.region.map(|region| index.regions()[region].code().to_owned());
        GroupQuestion {
            members: self.people.iter().map(member).collect(),
            // What one of them means to watch, they may watch together.
            with_watchlist: true,
            strategy: match self.strategy {
                "average" => Strategy::Average,
                "veto" => Strategy::Veto { below: VETO_BELOW },
                _ => Strategy::LeastMisery,
            },
            query: Query {
                filters: Filters {
                    genres: GenreFilter { any: self.genres.clone(), ..GenreFilter::default() },
                    services: self.services.clone(),
                    region,
                    runtime_max: self.minutes,
                    ..Filters::default()
                },
                limit: PICKS,
                explain: true,
                ..Query::default()
            },
        }
    }
}

/// The services of the viewer's country.
fn offered(viewing: &Viewing) -> &NameList {
    let index = viewing.recommender().index();
    viewing.region.map_or(&index.services, |region| &index.regions()[region].services)
}

fn form(evening: &Evening, household: &[Profile], viewing: &Viewing) -> Markup {
    let index = viewing.recommender().index();
    let is_there = |profile: &Profile| evening.people.iter().any(|it| it.id == profile.id);
    html! {
        form .evening method="get" action="/tonight#picks" {
            input type="hidden" name="go" value="1";
            @if household.len() > 1 {
                fieldset {
                    legend { "Who is watching?" }
                    div .chips {
                        @for profile in household {
                            label {
                                input type="checkbox" name="who" value=(profile.id) checked[is_there(profile)];
                                (profile.name)
                            }
                        }
                    }
                }
            }
            fieldset {
                legend { "How long have you got?" }
                div .chips {
                    @for (minutes, label) in TIMES {
                        label {
                            input type="radio" name="minutes" value=(minutes) checked[evening.minutes == Some(minutes)];
                            (label)
                        }
                    }
                    label {
                        input type="radio" name="minutes" value="" checked[evening.minutes.is_none()];
                        "All night"
                    }
                }
            }
            (Choice::of(&index.genres, &evening.genres, |name| name).show("genre", "In the mood for", None))
            (Choice::of(offered(viewing), &evening.services, |name| name).show("service", "On", None))
            @if household.len() > 1 {
                fieldset {
                    legend { "What matters" }
                    ul .choices {
                        @for (name, label, meaning) in STRATEGIES {
                            li {
                                label {
                                    input type="radio" name="strategy" value=(name) checked[evening.strategy == name];
                                    span { b { (label) } " " small { (meaning) } }
                                }
                            }
                        }
                    }
                }
            }
            button .button { "Pick five films" }
        }
    }
}

/// The films, and how happy each would be.
fn picks(evening: &Evening, answer: &GroupAnswer<'_>, viewing: &Viewing) -> Markup {
    let ranked = &answer.ranked;
    html! {
        section .picks aria-labelledby="picks" {
            h2 #picks tabindex="-1" {
                @match ranked.items.len() {
                    0 => "No film fits",
                    1 => "One film fits",
                    PICKS => "Five films for you",
                    _ => "The films that fit",
                }
            }
            @if ranked.items.is_empty() {
                p { "Allow more time, more services or another mood." }
            } @else if evening.people.len() > 1 {
                ul .content {
                    @for (profile, share) in evening.people.iter().zip(&ranked.satisfaction) {
                        li { (content(&profile.name, *share)) }
                    }
                }
            }
            ol .strips {
                @for pick in &ranked.items {
                    @let movie = MovieCard { ..viewing.movie(pick.movie) };
                    @let reasons: Vec<String> =
                        pick.members.iter().map(|member| explanation(&member.reasons)).collect();
                    @let more = html! {
                        ul .happiness {
                            @for ((profile, member), best) in evening.people.iter().zip(&pick.members).zip(&ranked.best) {
                                li { (happiness(&profile.name, share_of(member.score, *best))) }
                            }
                        }
                        details .why {
                            summary { "Why this?" }
                            @for (profile, reasons) in evening.people.iter().zip(&reasons) {
                                @if evening.people.len() > 1 { p .whose { "For " (profile.name) } }
                                ul { @for part in reasons.split(" • ") { li { (part) } } }
                            }
                        }
                    };
                    li { (strip(&movie, &more)) }
                }
            }
        }
    }
}

/// How a film compares with the one that fits a member best, from 0 to 1.
fn share_of(score: f32, best: Option<f32>) -> f32 {
    match best {
        Some(best) if best > 0.0 => (score / best).clamp(0.0, 1.0),
        _ => 0.0,
    }
}

/// How happy somebody would be with a film: a bar and words.
fn happiness(name: &str, share: f32) -> Markup {
    html! {
        span .name { (name) }
        (bar(share))
        span .words { (words(share)) }
    }
}

/// A share as a bar, for eyes alone: words stand beside it.
fn bar(share: f32) -> Markup {
    html! {
        svg .meter viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect .track width="100" height="8" rx="4" {}
            rect .full width=(format!("{:.0}", 100.0 * share)) height="8" rx="4" {}
        }
    }
}

/// What a share of somebody's best film feels like.
fn words(share: f32) -> &'static str {
    match share {
        share if share >= 0.85 => "would love it",
        share if share >= 0.65 => "would like it",
        share if share >= 0.45 => "would be fine with it",
        share if share >= 0.2 => "would put up with it",
        _ => "would rather not",
    }
}

/// How much of their own best evening somebody gets.
fn content(name: &str, share: Option<f32>) -> Markup {
    html! {
        span .name { (name) }
        @match share {
            Some(share) => {
                (bar(share.min(1.0)))
                span .words { (format!("{:.0}", 100.0 * share.min(1.0))) " % of a perfect night" }
            }
            None => span .words { "has said too little for us to know" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn happiness_is_measured_against_ones_best_movie() {
        let tenths = |score, best| (10.0 * share_of(score, best)).round() as i32;
        let whole = Some(1.0);
        assert_eq!([tenths(0.5, whole), tenths(2.0, whole), tenths(-1.0, whole)], [5, 10, 0]);
        assert_eq!([tenths(0.5, None), tenths(0.5, Some(0.0))], [0, 0]);
        let all = [1.0, 0.7, 0.5, 0.3, 0.0].map(words);
        assert_eq!(all.len(), std::collections::BTreeSet::from(all).len());
        let html = happiness("<i>Ada</i>", 0.5).into_string();
        assert!(html.contains("&lt;i&gt;Ada") && html.contains("width=\"50\""), "{html}");
    }
}
