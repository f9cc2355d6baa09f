//! Fields of forms, which may repeat their names.

use std::convert::Infallible;
use std::fmt::Write;

use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::Service;

/// What programs call a field, in the words of people.
const NAMES: [(&str, &str); 9] = [
    ("filters.", ""),
    ("runtime_min", "the shortest length"),
    ("runtime_max", "the longest length"),
    ("year_min", "the first year"),
    ("year_max", "the last year"),
    ("preferred_genres", "genres"),
    ("original_languages", "languages"),
    ("rating_min", "the lowest rating"),
    ("min_votes", "the fewest votes"),
];

/// A refusal as a page shows it.
pub fn in_words(detail: &str) -> String {
    NAMES.iter().fold(detail.to_owned(), |text, (name, words)| text.replace(name, words))
}

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field's first value that is not empty: browsers send what was left empty too.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A field's value as it was sent: of a password every space counts.
    pub fn as_sent(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field that are not empty.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same, as a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }

    #[cfg(test)]
    pub fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// An address with the fields that are not empty and that `keeps` says yes to.
    pub fn address(&self, path: &str, keeps: impl Fn(&str, &str) -> bool) -> String {
        let fields = self.0.iter().map(|(name, value)| (name.as_str(), value.trim()));
        address(path, fields.filter(|(name, value)| !value.is_empty() && keeps(name, value)))
    }

    /// A number, where the field has one.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let text: String = text.chars().take(40).collect();
        let wrong = || Problem::field(name, format!("expected a number, got `{text}`"));
        text.parse().map(Some).map_err(|_| wrong())
    }
}

/// A path with fields behind it.
pub fn address<'a>(path: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = path.to_owned();
    for (at, (name, value)) in fields.enumerate() {
        let coded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let joint = if at == 0 { '?' } else { '&' };
        let _ = write!(address, "{joint}{}={}", coded(name), coded(value));
    }
    address
}

/// The fields of an address.
impl FromRequestParts<RouteState> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &RouteState) -> Result<Self, Infallible> {
        let fields = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Ok(fields.map(|Query(fields)| Self(fields)).unwrap_or_default())
    }
}

/// The fields of a form's body.
pub struct Sent(pub Fields);

impl FromRequest<RouteState> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &RouteState) -> Result<Self, Problem> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(Fields(fields))),
            Err(rejection) => Err(Problem::new(rejection.status(), rejection.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_was_not_given() {
        let fields = [("genre", "crime"), ("genre", " drama "), ("year_min", ""), ("minutes", "x")];
        let fields = Fields(fields.map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!(fields.list("genre"), ["crime", "drama"]);
        assert_eq!(fields.number::<u16>("year_min").unwrap(), None);
        assert!(fields.number::<u32>("minutes").is_err());
        let without_crime =
            fields.address("/browse", |name, value| (name, value) != ("genre", "crime"));
        assert_eq!(without_crime, "/browse?genre=drama&minutes=x");
    }
}
