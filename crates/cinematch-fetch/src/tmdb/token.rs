//! The TMDB API token, which is kept out of all output.

use std::fmt;

use reqwest::header::HeaderValue;

/// A token that can be sent but not printed.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// Error returned for an invalid token. It doesn't contain the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "TMDB_BEARER_TOKEN is not a token: expected letters, digits and punctuation on one line. Copy \
     the `API Read Access Token` from https://www.themoviedb.org/settings/api"
)]
pub struct InvalidToken;

impl Token {
    /// Parses a token, ignoring surrounding whitespace and a `Bearer` prefix.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let mut value =
            HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| InvalidToken)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_the_token_in_the_header_and_never_prints_it() {
        let token = Token::parse(" Bearer canary.4711 \n").unwrap();
        assert_eq!(token.header().to_str().unwrap(), "Bearer canary.4711");
        assert!(!format!("{token:?} {:?}", token.header()).contains("4711"));
        for wrong in ["", "  ", "two words", "ümlaut", "line\nbreak"] {
            let error = Token::parse(wrong).unwrap_err().to_string();
            assert!(wrong.trim().is_empty() || !error.contains(wrong), "{error}");
        }
    }
}
