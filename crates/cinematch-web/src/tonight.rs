//! `/tonight`: picks five movies for a group by its members, time, services and genres, and shows each member's
//! expected enjoyment.

use axum::extract::State;
use axum::response::Response;
use cinematch::catalog::names::NameList;
use cinematch::ids::MovieId;
use cinematch::ranking::wording::member_sentence;
use cinematch::ranking::{Filters, GenreFilter, Query, Reason, explanation};
use cinematch_store::Profile;
use maud::{Markup, html};

use super::choice::Choice;
use super::form::{Fields, FormBody};
use super::layout::{Nav, Page, page};
use super::note::{Note, Undo};
use super::page_caller::PageUser;
use super::responses::redirect_with_note;
use super::strip::strip;
use super::texts::numbers::title_case;
use super::texts::{card as card_texts, errors, tonight as texts};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::actions::{Action, perform};
use cinematch_service::groups::{
    GroupQuery, GroupResult, MemberBody, StrategyName, possible_members, rank,
};
use cinematch_service::user_view::UserView;

/// Path of the page, and of the form that marks a pick as watched.
const PATH: &str = "/tonight";
const SEEN_PATH: &str = "/tonight/seen";
/// Number of movies picked.
const N_PICKS: usize = 5;
/// Maximum number of members of a group.
const MAX_MEMBERS: usize = 12;
/// Age limit if children are watching. It admits films with a PG certificate, which asks parents to be there, as they
/// are.
const CHILDREN_AGE: u8 = 8;
/// Maximum number of picks to skip.
const MAX_SKIPPED: usize = 1000;
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
    /// True if children are watching.
    with_children: bool,
    /// Number of better picks, which the user has passed over.
    n_skipped: usize,
    /// True if the picks start again after the last ones.
    is_wrapped: bool,
    /// True if the user is the only member.
    is_alone: bool,
    /// Path and query of this page.
    address: String,
}

/// `GET /tonight`: shows the form, and the picks after it is submitted.
pub async fn tonight(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    fields: Fields,
) -> Result<Response, Problem> {
    let view = UserView::load(&service, &profile).await?;
    let household = possible_members(&service, &profile, caller.mode()).await?;
    let mut params = TonightParams::from_fields(&fields, &household, &profile, &view)?;
    let mut result = None;
    if fields.get("go").or(fields.get("who")).is_some() {
        let mut found = rank(&service, &view.serving, params.group_query(&view)).await?;
        if found.ranked.items.is_empty() && params.n_skipped > 0 {
            (params.n_skipped, params.is_wrapped) = (0, true);
            found = rank(&service, &view.serving, params.group_query(&view)).await?;
        }
        result = Some(found);
    }
    let main = html! {
        h1 { (texts::TITLE) }
        div .tonight {
            (form(&params, &household, &view))
            @if let Some(result) = &result { (picks(&params, result, &view, &fields)) }
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
            is_alone: matches!(&*members, [one] if one.id == user.id),
            members,
            minutes: fields.number("minutes")?,
            services,
            genres: fields.list("genre"),
            strategy: strategy.unwrap_or(STRATEGIES[0]).0,
            with_children: fields.get("children").is_some(),
            n_skipped: fields.number::<usize>("skip")?.unwrap_or(0).min(MAX_SKIPPED),
            is_wrapped: false,
            address: fields.address(PATH, |_, _| true),
        })
    }

    /// Explains a pick to the group. The user alone is addressed directly.
    fn reason(&self, member: &Profile, reasons: &[Reason<'_>]) -> String {
        if self.is_alone {
            return explanation(reasons);
        }
        member_sentence(reasons, &member.name).to_string()
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
                    max_age: self.with_children.then_some(CHILDREN_AGE),
                    ..Filters::default()
                },
                limit: N_PICKS,
                offset: self.n_skipped,
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
            div .children {
                div .chips {
                    label {
                        input type="checkbox" name="children" value="1" checked[params.with_children]
                            aria-describedby="children-help";
                        (texts::CHILDREN)
                    }
                }
                p #children-help .small { (texts::CHILDREN_HELP) }
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
fn picks(
    params: &TonightParams,
    result: &GroupResult<'_>,
    view: &UserView,
    fields: &Fields,
) -> Markup {
    let ranked = &result.ranked;
    let next = params.n_skipped + N_PICKS;
    html! {
        section .picks aria-labelledby="picks" {
            h2 #picks tabindex="-1" { (texts::heading(ranked.items.len())) }
            @if let Some(age) = result.max_age { p .small { (texts::age_limit(age)) } }
            @if params.is_wrapped { p role="status" { (texts::NO_MORE) } }
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
                                p { (params.reason(profile, &member.reasons)) }
                            }
                        }
                        (seen_form(params, movie.item.movie_id))
                    };
                    li { (strip(&movie, &more)) }
                }
            }
            @if !ranked.items.is_empty() {
                form .others action="/tonight#picks" {
                    @for (name, value) in fields.pairs().filter(|(name, _)| *name != "skip") {
                        input type="hidden" name=(name) value=(value);
                    }
                    input type="hidden" name="skip" value=(next);
                    button .button .quiet { (texts::OTHERS) }
                }
            }
        }
    }
}

/// Renders a button for each member that marks a movie as watched.
fn seen_form(params: &TonightParams, movie_id: MovieId) -> Markup {
    html! {
        form .watched method="post" action=(SEEN_PATH) {
            input type="hidden" name="film" value=(movie_id.0);
            input type="hidden" name="to" value=(params.address);
            @for profile in &params.members {
                button .quiet name="seen-by" value=(profile.id) { (texts::has_seen_it(&profile.name)) }
            }
        }
    }
}

/// `POST /tonight/seen`: marks a movie as watched by a member and shows the picks again, without it.
pub async fn seen(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    let movie_id = fields.number("film")?.ok_or_else(|| Problem::field("film", errors::MISSING))?;
    let household = possible_members(&service, &profile, caller.mode()).await?;
    let seen_by = fields.get("seen-by");
    let member = household.iter().find(|member| seen_by == Some(&*member.key()));
    let member = member.ok_or_else(|| Problem::not_found(texts::NO_MEMBER))?;
    let performed = perform(&service, member, MovieId(movie_id), Action::Seen(true)).await?;
    // The Undo button acts for the user of the page.
    let undo = (member.id == profile.id).then_some(Undo { movie_id, before: performed.undo });
    let note = Note { text: texts::seen(&member.name, &performed.title), undo };
    let is_own = |to: &&str| *to == PATH || to.starts_with("/tonight?");
    let to = fields.get("to").filter(is_own).unwrap_or(PATH);
    Ok(redirect_with_note(&caller, &format!("{to}#picks"), &note))
}

/// Renders a member's expected enjoyment of a movie as a bar and text. `share` is `None` if the member has too few
/// ratings.
fn enjoyment(name: &str, share: Option<f32>) -> Markup {
    share_line(name, share, |share| texts::enjoyment(share).to_owned())
}

/// Renders the mean match of the picks for a member; `None` if the member has too few ratings.
fn group_match(name: &str, share: Option<f32>) -> Markup {
    share_line(name, share, texts::group_match)
}

/// Renders a member's share as a bar and text.
fn share_line(name: &str, share: Option<f32>, words: impl Fn(f32) -> String) -> Markup {
    html! {
        span .name { (name) }
        @match share {
            Some(share) => {
                (bar(share))
                span .words { (words(share)) }
            }
            None => span .words { (texts::TOO_FEW_RATINGS) },
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enjoyment_has_five_levels_and_escapes_names() {
        let all = [0.8, 0.65, 0.5, 0.35, 0.1].map(texts::enjoyment);
        assert_eq!(all.len(), std::collections::BTreeSet::from(all).len());
        let html = enjoyment("<i>Ada</i>", Some(0.5)).into_string();
        assert!(html.contains("&lt;i&gt;Ada") && html.contains("width=\"50\""), "{html}");
        assert!(enjoyment("Ada", None).into_string().contains("not enough ratings yet"));
    }
}

#[cfg(test)]
mod page_tests {
    use cinematch_testing::{PlainBrowser, movie_ids};
    use serde_json::json;

    use crate::testing::{movies, sample, titles};

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
        assert!(page.matches("Ada has seen it").count() == 5 && page.contains(" % match"));
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

    #[test]
    fn a_group_passes_over_picks_and_marks_them_as_watched() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        let mut bob = PlainBrowser::new(&server, "Bob");
        for id in 1..10 {
            ada.send(&format!("/films/{id}/say"), "stars=4.5", &[]);
            bob.send(&format!("/films/{}/say", id + 100), "stars=4", &[]);
        }
        let path = "/tonight?go=1&who=1&who=2";
        let page = ada.page(path);
        let (first, ids) = (titles(&page), movies(&page));
        let next = ada.page(&format!("{path}&skip=5"));
        let next = titles(&next);
        assert!(next.len() == 5 && next.iter().all(|title| !first.contains(title)), "{next:?}");
        let last = ada.page(&format!("{path}&skip=1000"));
        assert!(last.contains("No more films match") && titles(&last) == first, "{last}");
        assert!(page.contains("name=\"skip\" value=\"5\"") && page.contains("Bob has seen it"));

        let mark = |ada: &mut PlainBrowser, film: u64, more: &str| {
            ada.send("/tonight/seen", &format!("film={film}&{more}"), &[])
        };
        let to = "to=%2Ftonight%3Fgo%3D1%26who%3D1%26who%3D2";
        let marked = mark(&mut ada, ids[0], &format!("seen-by=2&{to}"));
        assert_eq!(marked.headers["location"], format!("{path}#picks"));
        let feedback = server.as_user("2", ("GET", "/api/feedback"), None).json();
        let feedback = feedback["feedback"].as_array().unwrap();
        let watched = feedback.iter().find(|movie| movie["movie_id"] == ids[0]).unwrap();
        assert!(!watched["watched"].is_null(), "{watched}");
        let page = ada.page(path);
        assert!(page.contains("as watched by Bob"), "{page}");
        assert_eq!(titles(&page), [&first[1..], &next[..1]].concat());
        assert_eq!(mark(&mut ada, ids[1], "seen-by=99").status, 404);
        let elsewhere = mark(&mut ada, ids[1], "seen-by=1&to=%2F%2Felsewhere.example");
        assert_eq!(elsewhere.headers["location"], "/tonight#picks");
    }

    #[test]
    fn children_watch_only_suitable_movies() {
        let server = sample();
        let ada = PlainBrowser::new(&server, "Ada");
        let page = ada.page("/tonight?go=1&children=1");
        let suitable = server.get("/api/movies?max_age=8&limit=100").json();
        let suitable = movie_ids(suitable["movies"].as_array().unwrap());
        let picked = movies(&page);
        assert!(picked.len() == 5 && picked.iter().all(|id| suitable.contains(id)), "{picked:?}");
        assert!(page.contains("Only films rated for age 8 or younger."), "{page}");
        assert!(page.contains("name=\"children\" value=\"1\" checked"));
    }
}
