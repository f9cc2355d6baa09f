//! Access of callers: the access mode, and the lookup of the profile, session or API key that a request names.

use cinematch_store::{Profile, Scope};

use crate::error::ServiceFuture;
use crate::secrets::{ApiToken, SessionToken};
use crate::service::Service;

/// Access mode, which determines how callers are identified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// Profiles without passwords. The server is only reachable from its own machine.
    #[default]
    Open,
    /// Accounts with passwords, and API keys for clients.
    Accounts,
}

/// Returns the profile with the given ID, or `None` if there is none.
pub fn find_profile(service: &Service, id: i64) -> ServiceFuture<'_, Option<Profile>> {
    Box::pin(async move { Ok(service.store().profile(id).await?) })
}

/// Returns the profile that a session belongs to, or `None` if the session is unknown or has expired.
pub fn find_session<'a>(
    service: &'a Service,
    token: &'a SessionToken,
) -> ServiceFuture<'a, Option<Profile>> {
    Box::pin(async move { Ok(service.store().session(&token.hash(), service.now()).await?) })
}

/// Returns the scope of an API key, or `None` if the key is malformed, unknown or revoked.
pub fn key_scope<'a>(service: &'a Service, key: &'a str) -> ServiceFuture<'a, Option<Scope>> {
    Box::pin(async move {
        let Some(token) = ApiToken::parse(key) else { return Ok(None) };
        let Some(stored) = service.store().key(token.id()).await? else { return Ok(None) };
        let is_valid = stored.revoked_at.is_none() && token.matches(&stored.key.secret_hash);
        Ok(is_valid.then_some(stored.key.scope))
    })
}
