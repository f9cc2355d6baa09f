//! API key lookup.

use cinematch_service::Service;
use cinematch_service::secrets::ApiToken;
use cinematch_store::Scope;

use crate::problem::Problem;

/// Returns the scope of the API key `key`, or `None` if it is malformed, unknown or revoked.
pub async fn key_scope(service: &Service, key: &str) -> Result<Option<Scope>, Problem> {
    let Some(token) = ApiToken::parse(key) else { return Ok(None) };
    let Some(stored) = service.store().key(token.id()).await? else { return Ok(None) };
    let is_valid = stored.revoked_at.is_none() && token.matches(&stored.key.secret_hash);
    Ok(is_valid.then_some(stored.key.scope))
}
