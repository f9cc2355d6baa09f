//! Who looks at a page, and how.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cinematch_store::Profile;

use super::note::Note;
use cinematch_http::access::Caller;
use cinematch_http::config::AccessMode;
use cinematch_http::cookies::cookie;
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::Service;

/// Light or dark, where it was chosen.
pub const THEME_COOKIE: &str = "cinematch_theme";

/// A choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the browser prefers.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// Somebody who looks at a page.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who they are, where that is known.
    pub profile: Option<Profile>,
    /// Whether people sign in here.
    pub mode: AccessMode,
    /// The colours they chose.
    pub theme: Theme,
    /// Whether only the parts that change are wanted: a script of ours asks.
    pub is_fragment: bool,
    /// What the page before did, to be told on this one.
    pub note: Option<Note>,
    /// The page that a form stands on, and where to go after it: path and query.
    pub back: String,
}

impl FromRequestParts<RouteState> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let profile = match parts.extensions.get::<Caller>() {
            Some(Caller::Household(profile)) => profile.clone(),
            Some(Caller::Person(profile)) => Some(profile.clone()),
            _ => None,
        };
        Ok(Self {
            profile,
            mode: state.access.mode,
            theme: cookie(headers, THEME_COOKIE).and_then(Theme::of).unwrap_or_default(),
            is_fragment: headers.contains_key("x-fragment"),
            note: cookie(headers, super::note::COOKIE).and_then(Note::read),
            back: back(headers).unwrap_or_else(|| "/".to_owned()),
        })
    }
}

impl Visitor {
    /// Where to say who one is.
    pub fn door(&self) -> &'static str {
        match self.mode {
            AccessMode::Open => "/people",
            AccessMode::Accounts => "/sign-in",
        }
    }
}

/// Somebody of whom it is known who they are; whoever that is not known of is asked first. A script says whose
/// page it stands on: what is tapped there is not said by whom the browser became meanwhile.
#[derive(Clone, Debug)]
pub struct User {
    pub visitor: Visitor,
    pub profile: Profile,
}

impl FromRequestParts<RouteState> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &RouteState) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        let page_of = parts.headers.get("x-profile").and_then(|id| id.to_str().ok()?.parse().ok());
        match visitor.profile.clone() {
            Some(profile) if page_of.is_some_and(|id: i64| id != profile.id) => {
                let detail = format!(
                    "This page was made for somebody else, and this browser is {} now: load it again",
                    profile.name
                );
                Err(Problem::new(StatusCode::CONFLICT, detail).into_response())
            }
            Some(profile) => Ok(Self { visitor, profile }),
            None => Err(Redirect::to(visitor.door()).into_response()),
        }
    }
}

/// The page of ours that a form was sent from.
pub fn back(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
    let (_, referrer) = text(header::REFERER)?.split_once("://")?;
    let (host, path) = referrer.split_at(referrer.find('/')?);
    // A path that begins with two slashes would lead to another host.
    (Some(host) == text(header::HOST) && !path.starts_with("//") && !path.contains('\\'))
        .then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use cinematch_http::cookies::PROFILE_COOKIE;

    use super::*;

    #[test]
    fn forms_lead_back_to_pages_of_ours_alone() {
        let from = |referrer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "films.example:8000".parse().unwrap());
            headers.insert(header::REFERER, referrer.parse().unwrap());
            back(&headers)
        };
        let ours = from("http://films.example:8000/browse?genre=crime");
        assert_eq!(ours.as_deref(), Some("/browse?genre=crime"));
        assert_eq!(from("http://films.example/browse"), None);
        assert_eq!(from("http://films.example:8000//evil.example/"), None);
        assert_eq!(from("http://films.example:8000/\\evil.example/"), None);
        assert_eq!(from("https://evil.example/?http://films.example:8000/"), None);
        assert_eq!(from("nonsense"), None);
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; cinematch_theme=dark".parse().unwrap());
        headers.append(header::COOKIE, "cinematch_profile=7".parse().unwrap());
        assert_eq!(cookie(&headers, THEME_COOKIE), Some("dark"));
        assert_eq!(cookie(&headers, PROFILE_COOKIE), Some("7"));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}
