//! `/tonight`: picks five movies for a group by its members, time, services and genres, and shows each member's
//! expected enjoyment.

use axum::extract::State;
use axum::response::Response;
use cinematch::catalog::names::NameList;
use cinematch::ranking::{Filters, GenreFilter, Query, explanation};
use cinematch_store::Profile;
use maud::{Markup, html};

use super::choice::Choice;
use super::form::Fields;
use super::layout::{Nav, Page, page};
use super::page_caller::PageUser;
use super::strip::strip;
use super::texts::numbers::title_case;
use super::texts::{card as card_texts, tonight as texts};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::groups::{
    GroupQuery, GroupResult, MemberBody, StrategyName, possible_members, rank,
};
use cinematch_service::user_view::UserView;

/// Number of movies picked.
const N_PICKS: usize = 5;
/// Maximum number of members of a group.
const MAX_MEMBERS: usize = 12;
/// Aggregation strategies with label and explanation. The first is the default.
const STRATEGIES: [(StrategyName, (&str, &str)); 3] = [
    (StrategyName::LeastMisery, texts::LEAST_MISERY),
    (StrategyName::Veto, texts::VETO),
    (StrategyName::Average, texts::AVERAGE),
];

/// Members and filters in the query string.
struct TonightParams {
    /// The members; the user alone if none is selected.
    members: Vec<Profile>,
    minutes: Option<u32>,
    services: Vec<String>,
    genres: Vec<String>,
    strategy: StrategyName,
}

/// `GET /tonight`: shows the form, and the picks after it is submitted.
pub async fn tonight(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let view = UserView::load(&service, &profile).await?;
    let household = possible_members(&service, &profile, caller.mode()).await?;
    let params = TonightParams::from_fields(&fields, &household, &profile, &view)?;
    let result = if fields.get("go").or(fields.get("who")).is_some() {
        Some(rank(&service, &view.serving, params.group_query(&view)).await?)
    } else {
        None
    };
    let main = html! {
        h1 { (texts::TITLE) }
        div .tonight {
            (form(&params, &household, &view))
            @if let Some(result) = &result { (picks(&params, result, &view)) }
            @else {
                p .hint { (texts::HINT) }
            }
        }
        @if let Some(attribution) = view.serving.bundle.attribution(view.region) {
            p .small { (attribution) }
        }
    };
    Ok(page(&caller, &Page::new(texts::TITLE, Nav::Tonight, main)))
}

impl TonightParams {
    fn from_fields(
        fields: &Fields,
        household: &[Profile],
        user: &Profile,
        view: &UserView,
    ) -> Result<Self, Problem> {
        let named: Vec<&str> = fields.all("who").collect();
        let is_member = |profile: &&Profile| named.contains(&profile.key().as_str());
        let mut members: Vec<Profile> =
            household.iter().filter(is_member).take(MAX_MEMBERS).cloned().collect();
        if members.is_empty() {
            members.push(user.clone());
        }
        // Initially, the user's own services are checked. An old address may contain services that no longer exist.
        let services = match fields.get("go") {
            Some(_) => fields.list("service"),
            None => view.query(1).filters.services,
        };
        let offered = regional_services(view);
        let services = services.into_iter().filter(|name| offered.find(name).is_some()).collect();
        let strategy = fields.get("strategy").unwrap_or_default();
        let strategy = STRATEGIES.into_iter().find(|it| it.0.name() == strategy);
        Ok(Self {
            members,
            minutes: fields.number("minutes")?,
            services,
            genres: fields.list("genre"),
            strategy: strategy.unwrap_or(STRATEGIES[0]).0,
        })
    }

    /// Converts the parameters to a request for a group ranking.
    fn group_query(&self, view: &UserView) -> GroupQuery {
        let member = |profile: &Profile| MemberBody {
            user_id: Some(profile.key()),
            ..MemberBody::default()
        };
        GroupQuery {
            members: self.members.iter().map(member).collect(),
            // Movies on a member's watchlist may be picked.
            with_watchlist: true,
            strategy: self.strategy.strategy(None),
            query: Query {
                filters: Filters {
                    genres: GenreFilter { any: self.genres.clone(), ..GenreFilter::default() },
                    services: self.services.clone(),
                    region: view.region_code(),
                    runtime_max: self.minutes,
                    ..Filters::default()
                },
                limit: N_PICKS,
                explain: true,
                ..Query::default()
            },
        }
    }
}

/// Returns the services of the user's country.
fn regional_services(view: &UserView) -> &NameList {
    view.recommender().index().services_in(view.region)
}

fn form(params: &TonightParams, household: &[Profile], view: &UserView) -> Markup {
    let index = view.recommender().index();
    let is_member = |profile: &Profile| params.members.iter().any(|it| it.id == profile.id);
    html! {
        form .evening method="get" action="/tonight#picks" {
            input type="hidden" name="go" value="1";
            @if household.len() > 1 {
                fieldset {
                    legend { (texts::WHO) }
                    div .chips {
                        @for profile in household {
                            label {
                                input type="checkbox" name="who" value=(profile.id) checked[is_member(profile)];
                                (profile.name)
                            }
                        }
                    }
                }
            }
            fieldset {
                legend { (texts::HOW_LONG) }
                div .chips {
                    @for (minutes, label) in texts::TIMES {
                        label {
                            input type="radio" name="minutes" value=(minutes) checked[params.minutes == Some(minutes)];
                            (label)
                        }
                    }
                    label {
                        input type="radio" name="minutes" value="" checked[params.minutes.is_none()];
                        (texts::ANY_LENGTH)
                    }
                }
            }
            (Choice::new(&index.genres, &params.genres, title_case).show("genre", texts::MOOD, None))
            (Choice::new(regional_services(view), &params.services, str::to_owned).show("service", texts::SERVICES, None))
            @if household.len() > 1 {
                fieldset {
                    legend { (texts::STRATEGY) }
                    ul .choices {
                        @for (strategy, (label, meaning)) in STRATEGIES {
                            li {
                                label {
                                    input type="radio" name="strategy" value=(strategy.name()) checked[params.strategy == strategy];
                                    span { b { (label) } " " small { (meaning) } }
                                }
                            }
                        }
                    }
                }
            }
            button .button { (texts::PICK) }
        }
    }
}

/// Renders the picks with each member's expected enjoyment.
fn picks(params: &TonightParams, result: &GroupResult<'_>, view: &UserView) -> Markup {
    let ranked = &result.ranked;
    html! {
        section .picks aria-labelledby="picks" {
            h2 #picks tabindex="-1" { (texts::heading(ranked.items.len())) }
            @if ranked.items.is_empty() {
                p { (texts::NO_PICKS) }
            } @else if params.members.len() > 1 {
                ul .content {
                    @for (profile, share) in params.members.iter().zip(result.mean_matches()) {
                        li { (group_match(&profile.name, share)) }
                    }
                }
            }
            ol .strips {
                @for pick in &ranked.items {
                    @let movie = view.movie(pick.movie);
                    @let more = html! {
                        ul .happiness {
                            @for (profile, share) in params.members.iter().zip(result.matches(pick)) {
                                li { (enjoyment(&profile.name, share)) }
                            }
                        }
                        details .why {
                            summary { (card_texts::WHY) }
                            @for (profile, member) in params.members.iter().zip(&pick.members) {
                                @if params.members.len() > 1 { p .whose { (texts::reasons_for(&profile.name)) } }
                                p { (explanation(&member.reasons)) }
                            }
                        }
                    };
                    li { (strip(&movie, &more)) }
                }
            }
        }
    }
}

/// Renders a member's expected enjoyment of a movie as a bar and text.
fn enjoyment(name: &str, share: f32) -> Markup {
    html! {
        span .name { (name) }
        (bar(share))
        span .words { (texts::enjoyment(share)) }
    }
}

/// Renders a share as a bar. It is hidden from screen readers, which read the text after it.
fn bar(share: f32) -> Markup {
    html! {
        svg .meter viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect .track width="100" height="8" rx="4" {}
            rect .full width=(format!("{:.0}", 100.0 * share)) height="8" rx="4" {}
        }
    }
}

/// Renders the mean match of the picks for a member; `None` if the member has too few ratings.
fn group_match(name: &str, share: Option<f32>) -> Markup {
    html! {
        span .name { (name) }
        @match share {
            Some(share) => {
                (bar(share))
                span .words { (texts::group_match(share)) }
            }
            None => span .words { (texts::TOO_FEW_RATINGS) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enjoyment_has_five_levels_and_escapes_names() {
        let all = [0.8, 0.65, 0.5, 0.35, 0.1].map(texts::enjoyment);
        assert_eq!(all.len(), std::collections::BTreeSet::from(all).len());
        let html = enjoyment("<i>Ada</i>", 0.5).into_string();
        assert!(html.contains("&lt;i&gt;Ada") && html.contains("width=\"50\""), "{html}");
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::PlainBrowser;
    use serde_json::json;

    use crate::testing::{sample, titles};

    #[test]
    fn tonight_returns_five_unseen_movies_within_the_time_limit() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        let mut bob = PlainBrowser::new(&server, "Bob &lt;b&gt;");
        for id in 1..40 {
            ada.send(&format!("/films/{id}/say"), "stars=4.5", &[]);
            bob.send(&format!("/films/{}/say", id + 100), "stars=4", &[]);
        }
        let form = ada.page("/tonight");
        assert!(form.contains("Who’s watching?") && titles(&form).is_empty());
        let path = "/tonight?go=1&who=1&who=2&minutes=120&strategy=least_misery&genre=drama";
        let page = ada.page(path);
        let picked = titles(&page);
        assert_eq!(picked.len(), 5, "{page}");
        // The API returns the same movies.
        let body = json!({
            "members": [{"user_id": "1"}, {"user_id": "2"}], "strategy": "least_misery", "limit": 5,
            "filters": {"genres": {"any": ["drama"]}, "runtime_max": 120},
        });
        let expected = server.post("/api/groups/recommendations", &body).json();
        let expected = expected["recommendations"].as_array().unwrap();
        for (title, movie) in picked.iter().zip(expected) {
            assert_eq!(*title, movie["title"].as_str().unwrap().replace('&', "&amp;"));
            assert!(movie["runtime"].as_u64().unwrap() <= 120);
            let id = movie["movie_id"].as_u64().unwrap();
            assert!(!(1..40).contains(&id) && !(101..140).contains(&id), "{title} was seen");
        }
        assert_eq!(page.matches("class=\"happiness\"").count(), 5);
        assert!(page.matches("For Ada").count() == 5 && page.contains(" % match"));
        // The form keeps its submitted values, and names are escaped.
        assert!(
            page.contains("value=\"least_misery\" checked")
                && page.contains("value=\"120\" checked")
        );
        assert!(!page.contains("<b>&gt;"), "{page}");
        // An empty result is reported, with a suggestion.
        let none = ada.page("/tonight?go=1&minutes=1");
        assert!(none.contains("No films match") && titles(&none).is_empty());
        let wrong = ada.get("/tonight?go=1&genre=dramma");
        assert_eq!(wrong.status, 422);
        assert!(wrong.text.contains("did you mean"), "{}", wrong.text);
    }
}
