//! Account sessions: signing in and signing out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use cinematch_service::secrets::MAX_PASSWORD_LENGTH;
use cinematch_service::{Service, profile};
use cinematch_store::Profile;
use secrecy::{ExposeSecret, SecretString};

use crate::config::{AccessConfig, AccessMode};
use crate::cookies::{NewCookie, SESSION_COOKIE, session_token};
use crate::limits::Limits;
use crate::problem::{INTERNAL, Problem};

/// Lifetime of a session, in seconds: 30 days.
const SESSION_SECONDS: u32 = 30 * 24 * 3600;
/// Maximum length of an email address, in characters.
const MAX_EMAIL_LENGTH: usize = 254;

/// Signs users in and out.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The service that implements the use cases.
    pub service: Service,
    /// The server's access control settings.
    pub access: Arc<AccessConfig>,
    /// Limits on sign-in attempts.
    pub limits: Arc<Limits>,
}

impl Sessions {
    /// Verifies the credentials and starts a session. Returns the user's profile and the `Set-Cookie` header value.
    ///
    /// Counts as a sign-in attempt against both `client` and the account.
    pub async fn sign_in(
        &self,
        client: IpAddr,
        email: &str,
        password: SecretString,
    ) -> Result<(Profile, HeaderValue), Problem> {
        let detail = "This server does not use passwords; see /auth/identify";
        self.access.require_mode(AccessMode::Accounts, detail)?;
        if email.chars().count() > MAX_EMAIL_LENGTH {
            let message = format!("expected at most {MAX_EMAIL_LENGTH} characters");
            return Err(Problem::field("email", message));
        }
        if password.expose_secret().chars().count() > MAX_PASSWORD_LENGTH {
            let message = format!("expected at most {MAX_PASSWORD_LENGTH} characters");
            return Err(Problem::field("password", message));
        }
        self.limits.check_sign_in(client, email)?;
        let run_hash = |check| self.limits.run_hash(check);
        let profile = profile::authenticate(&self.service, email, password, run_hash).await?;
        let token = profile::begin_session(&self.service, &profile, SESSION_SECONDS.into()).await?;
        Ok((profile, self.cookie(token.expose(), SESSION_SECONDS)?))
    }

    /// Ends the session identified by the request's cookie, if any, and returns the `Set-Cookie` header value that
    /// deletes the cookie.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
        if let Some(token) = session_token(headers) {
            profile::end_session(&self.service, &token).await?;
        }
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, seconds: u32) -> Result<HeaderValue, Problem> {
        let cookie = NewCookie::new(SESSION_COOKIE, value, seconds).header(&self.access);
        cookie.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL))
    }
}
