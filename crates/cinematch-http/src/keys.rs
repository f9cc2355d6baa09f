//! Lookup of API keys.

use cinematch_service::Service;
use cinematch_service::secrets::ApiToken;
use cinematch_store::Scope;

use crate::problem::Problem;

/// Returns the scope of an API key, or `None` if the key is malformed, unknown or revoked.
pub async fn scope_of(service: &Service, key: &str) -> Result<Option<Scope>, Problem> {
    let Some(token) = ApiToken::read(key) else { return Ok(None) };
    let Some(kept) = service.store().key(token.id()).await? else { return Ok(None) };
    let is_good = kept.revoked_at.is_none() && token.matches(&kept.key.secret_hash);
    Ok(is_good.then_some(kept.key.scope))
}
