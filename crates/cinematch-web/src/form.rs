//! Fields of queries and forms. A name can occur more than once.

use std::convert::Infallible;
use std::fmt::Write;

use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::texts::errors as texts;
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;

/// Maximum number of characters of an invalid value that an error message quotes.
const MAX_QUOTED: usize = 40;

/// Fields of a query or form, in the order sent.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns a field's first non-empty value. Browsers send empty fields too.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns a field's value without trimming it, since spaces are significant in passwords.
    pub fn untrimmed(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Returns the names and values of all non-empty fields.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter().map(|(name, value)| (name.as_str(), value.trim()));
        fields.filter(|(_, value)| !value.is_empty())
    }

    /// Returns all non-empty values of a field.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns all non-empty values of a field as a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }

    #[cfg(test)]
    pub fn from_pairs(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// Returns a path with a query of the non-empty fields for which `keep` returns true.
    pub fn address(&self, path: &str, keep: impl Fn(&str, &str) -> bool) -> String {
        address(path, self.pairs().filter(|(name, value)| keep(name, value)))
    }

    /// Parses a field as a number. Returns `None` if the field is missing or empty.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let text: String = text.chars().take(MAX_QUOTED).collect();
        let invalid = || Problem::field(name, texts::number_expected(&text));
        text.parse().map(Some).map_err(|_| invalid())
    }
}

/// Returns a path with a query.
pub fn address<'a>(path: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = path.to_owned();
    for (at, (name, value)) in fields.enumerate() {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let separator = if at == 0 { '?' } else { '&' };
        let _ = write!(address, "{separator}{}={}", encoded(name), encoded(value));
    }
    address
}

/// Extracts the fields of the query.
impl FromRequestParts<RouteState> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &RouteState) -> Result<Self, Infallible> {
        let fields = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Ok(fields.map(|Query(fields)| Self(fields)).unwrap_or_default())
    }
}

/// Extracts the fields of a form's body.
pub struct FormBody(pub Fields);

impl FromRequest<RouteState> for FormBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &RouteState) -> Result<Self, Problem> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(Fields(fields))),
            Err(rejection) => {
                let status = rejection.status();
                Err(Problem::new(status, texts::unreadable_form(status)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_count_as_missing() {
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
