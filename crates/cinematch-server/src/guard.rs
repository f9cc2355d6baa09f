//! The guard layer: identifies the caller, applies the rate limit, and checks the host and origin of every
//! request.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use cinematch_http::access::{
    Caller, ClientIp, NoProfile, forbidden, profile_in_header, sign_in, unauthorized,
};
use cinematch_http::class::RouteClass;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_http::cookies::{PROFILE_COOKIE, cookie, session_token};
use cinematch_http::limits::Limits;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::access::{find_profile, find_session, key_scope};
use cinematch_service::trace::span;
use tracing::Instrument;

use crate::state::AppState;

/// State of the guard layer: access settings, limits and allowed origins.
#[derive(Clone)]
pub struct Guard {
    service: Service,
    access: Arc<AccessConfig>,
    limits: Arc<Limits>,
    cors_origins: Arc<[String]>,
}

impl Guard {
    /// Creates the guard from the server's state.
    pub fn new(state: &AppState) -> Self {
        Self {
            service: state.service().clone(),
            access: state.routes.access.clone(),
            limits: state.routes.limits.clone(),
            cors_origins: state.config.cors_origins.clone().into(),
        }
    }
}

/// Middleware that identifies the caller and rejects requests that the route's class doesn't admit.
///
/// Monitoring must work during a burst of requests, so health probes and requests of identified callers for the
/// metrics don't count toward the client's rate limit.
///
/// Adds [`ClientIp`] and, for operations and pages, [`Caller`] to the request's extensions.
pub async fn guard(
    State(state): State<Guard>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let client = client_ip(&state, &request);
    let class = request.extensions().get::<RouteClass>().copied();
    let identifies = class.is_some_and(RouteClass::is_api) && request.method() != Method::OPTIONS;
    let is_exempt = match class {
        Some(RouteClass::Probe) => true,
        // Checked below, if the caller is not identified.
        Some(RouteClass::Metrics) => identifies,
        _ => false,
    };
    if !is_exempt {
        state.limits.check_request(client)?;
    }
    if state.access.mode == AccessMode::Open {
        check_host(&state, &request)?;
    }
    if !request.method().is_safe() {
        check_origin(&state, request.headers())?;
    }
    match class {
        Some(class) if identifies => {
            let caller = caller(&state, request.headers()).instrument(span!("guard")).await;
            if is_exempt && matches!(caller, Err(_) | Ok(Caller::Anonymous)) {
                state.limits.check_request(client)?;
            }
            let caller = caller?;
            if matches!(caller, Caller::Anonymous) && class != RouteClass::Public {
                return Err(sign_in());
            }
            request.extensions_mut().insert(caller);
        }
        Some(RouteClass::Page) => {
            let caller = page_caller(&state, request.headers()).instrument(span!("guard")).await?;
            request.extensions_mut().insert(caller);
        }
        _ => {}
    }
    request.extensions_mut().insert(ClientIp(client));
    Ok(next.run(request).await)
}

/// Returns the client's address: the peer address, or the last element of `X-Forwarded-For` behind a proxy.
fn client_ip(state: &Guard, request: &Request) -> IpAddr {
    let connect_info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = connect_info.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    if !state.access.behind_proxy {
        return peer;
    }
    // Only the last element was added by the proxy; the client can forge the others.
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last =
        forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

/// Rejects requests to hosts other than loopback names and `allowed_hosts`.
///
/// Protects open mode against DNS rebinding: a page whose host name an attacker has pointed at this machine would
/// otherwise have full access.
fn check_host(state: &Guard, request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return Err(forbidden("The request must have exactly one Host header"));
    }
    let host = host.or_else(|| request.uri().host()).unwrap_or("localhost");
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        },
    };
    let is_own = name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let is_allowed = || state.access.allowed_hosts.iter().any(|it| it.eq_ignore_ascii_case(name));
    if is_own || is_allowed() {
        return Ok(());
    }
    Err(forbidden(
        "This server only accepts requests to localhost; allow other host names with --allowed-hosts",
    ))
}

/// Rejects requests from pages on other sites, except for allowed origins (CSRF protection).
fn check_origin(state: &Guard, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    let Some(origin) = text("origin") else {
        // Browsers send at least one of the two headers; other clients usually send neither.
        return match text("sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) => Err(forbidden("Requests from pages on other sites are refused")),
        };
    };
    let host = text("host").unwrap_or_default();
    let is_same_origin =
        origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host));
    let is_allowed = state.cors_origins.iter().any(|it| it.trim_end_matches('/') == origin);
    if is_same_origin || is_allowed {
        return Ok(());
    }
    Err(forbidden(
        "Requests from pages on other origins are refused; allow an origin with --cors-origins",
    ))
}

/// Identifies the caller of an API operation by `X-User-Id`, API key or session cookie, depending on the mode.
async fn caller(state: &Guard, headers: &HeaderMap) -> Result<Caller, Problem> {
    if state.access.mode == AccessMode::Open {
        return Ok(Caller::Open(profile_in_header(&state.service, headers).await?));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let unknown_key = || unauthorized("This API key is unknown or revoked");
        let key = value.to_str().ok().and_then(bearer_token);
        let scope =
            key_scope(&state.service, key.unwrap_or_default()).await?.ok_or_else(unknown_key)?;
        return Ok(Caller::ApiKey(scope, profile_in_header(&state.service, headers).await?));
    }
    session(state, headers).await
}

/// Returns the token in the value of an `Authorization` header. The scheme is case-insensitive (RFC 9110).
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Identifies the caller by the session cookie.
async fn session(state: &Guard, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = session_token(headers) else { return Ok(Caller::Anonymous) };
    let profile = find_session(&state.service, &token).await?;
    Ok(profile.map_or(Caller::Anonymous, Caller::Session))
}

/// Identifies the caller of a page by cookies alone. Callers without a valid cookie have no profile; pages ask
/// them to choose one or to sign in.
async fn page_caller(state: &Guard, headers: &HeaderMap) -> Result<Caller, Problem> {
    if state.access.mode == AccessMode::Open {
        let id = cookie(headers, PROFILE_COOKIE).and_then(|id| id.parse().ok());
        let profile = match id {
            Some(id) => find_profile(&state.service, id).await?,
            None => None,
        };
        return Ok(Caller::Open(profile.ok_or(NoProfile::NotSelected)));
    }
    session(state, headers).await
}
