//! The dial "How adventurous": the default novelty of the user's recommendations, in five steps.

use axum::extract::State;
use axum::response::Response;
use cinematch_store::Preferences;
use maud::{Markup, html};

use super::form::{Fields, FormBody};
use super::note::Note;
use super::page_caller::PageUser;
use super::responses::redirect_with_note;
use super::texts::adventure as texts;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::preferences::{novelty, save_novelty};

/// Name of the form field.
const FIELD: &str = "novelty";
/// Values of the form field with their labels, from well-known to little-known movies. Below -0.5, blockbusters
/// outrank the movies that fit a user with special taste.
const STEPS: [(f32, &str); 5] = [
    (-0.5, texts::FAMILIAR),
    (-0.25, texts::RATHER_FAMILIAR),
    (0.0, texts::BALANCED),
    (0.5, texts::RATHER_ADVENTUROUS),
    (1.0, texts::ADVENTUROUS),
];

/// Renders a form with one button per step. The steps between the ends are marks with labels for screen readers.
pub fn dial(preferences: &Preferences) -> Markup {
    let current = closest_step(novelty(preferences));
    html! {
        form .dial method="post" action="/me/novelty" {
            span #dial { (texts::LEGEND) }
            div role="group" aria-labelledby="dial" {
                @for (step, (value, label)) in STEPS.into_iter().enumerate() {
                    button .quiet name=(FIELD) value=(value) aria-pressed=(step == current) title=(label) {
                        @if step == 0 || step == STEPS.len() - 1 { (label) }
                        @else { span .unseen { (label) } }
                    }
                }
            }
        }
    }
}

/// Renders one radio button per step, as part of another form.
pub fn choice(preferences: &Preferences) -> Markup {
    let current = closest_step(novelty(preferences));
    html! {
        fieldset aria-describedby="novelty-help" {
            legend { (texts::LEGEND) }
            p #novelty-help .small { (texts::HELP) }
            div .chips {
                @for (step, (value, label)) in STEPS.into_iter().enumerate() {
                    label {
                        input type="radio" name=(FIELD) value=(value) checked[step == current];
                        (label)
                    }
                }
            }
        }
    }
}

/// Returns the index of the step that is closest to a novelty.
fn closest_step(novelty: f32) -> usize {
    let distance = |step: &usize| (STEPS[*step].0 - novelty).abs();
    let closest = (0..STEPS.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    closest.expect("there are five steps")
}

/// Parses the form field.
pub fn parse(fields: &Fields) -> Result<Option<f32>, Problem> {
    fields.number(FIELD)
}

/// Returns the submitted value in percent, or 0 if it is invalid, to show the form again.
pub fn submitted_percent(fields: &Fields) -> i8 {
    let novelty = parse(fields).ok().flatten().unwrap_or_default();
    (100.0 * novelty).clamp(-100.0, 100.0) as i8
}

/// `POST /me/novelty`: saves the dial and shows the page again.
pub async fn save(
    State(service): State<Service>,
    PageUser { caller, profile }: PageUser,
    FormBody(fields): FormBody,
) -> Result<Response, Problem> {
    save_novelty(&service, &profile, parse(&fields)?.unwrap_or_default()).await?;
    Ok(redirect_with_note(&caller, &caller.back, &Note::plain(texts::SAVED)))
}

#[cfg(test)]
mod tests {
    use cinematch_testing::PlainBrowser;
    use serde_json::json;

    use super::closest_step;
    use crate::testing::{movies, sample};

    #[test]
    fn selects_the_closest_step() {
        assert_eq!([-1.0, -0.3, 0.2, 0.3, 1.0].map(closest_step), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn changes_home_and_the_default_of_the_api_and_is_remembered() {
        let server = sample();
        let mut ada = PlainBrowser::new(&server, "Ada");
        for id in [163, 1, 32] {
            ada.send(&format!("/films/{id}/say"), "stars=5", &[]);
        }
        let preferences = json!({ "preferred_genres": ["crime"] });
        let put = ("PUT", "/api/preferences/me");
        assert_eq!(server.as_user("1", put, Some(&preferences)).status, 200);
        let api = |query: &str| {
            let path = format!("/api/recommendations{query}");
            server.as_user("1", ("GET", &path), None).json()["recommendations"].clone()
        };
        let balanced = movies(&ada.page("/"));
        let adventurous = api("?novelty=1");
        let familiar = api("?novelty=-0.5");
        assert_ne!(adventurous, familiar);
        for (value, expected) in [("1", &adventurous), ("-0.5", &familiar)] {
            let saved = ada.send("/me/novelty", &format!("novelty={value}"), &[]);
            assert_eq!(saved.status, 303, "{}", saved.text);
            assert_eq!(&api(""), expected);
            let home = ada.page("/");
            let pressed = format!("value=\"{value}\" aria-pressed=\"true\"");
            assert!(home.contains(&pressed), "{home}");
            assert_ne!(movies(&home), balanced);
            let profile = ada.page("/me");
            assert!(profile.contains(&format!("value=\"{value}\" checked")), "{profile}");
        }
        // The dial keeps all other preferences, and a request can name another novelty.
        let stored = server.as_user("1", ("GET", "/api/preferences/me"), None).json();
        assert_eq!(stored["preferred_genres"], json!(["crime"]));
        assert_eq!(stored["novelty"], json!(-0.5));
        assert_eq!(api("?novelty=1"), adventurous);
        assert_eq!(ada.send("/me/novelty", "novelty=7", &[]).status, 422);
    }
}
