//! The layer that every request to the API goes through: who calls, how often, from where.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use cinematch_store::{Profile, Scope};
use tracing::Instrument;

use super::{ApiToken, Caller, SessionToken, forbidden, sign_in, unauthorized};
use crate::config::AccessMode;
use crate::problem::Problem;
use crate::routes::now;
use crate::state::AppState;
use crate::trace::span;
use crate::ui;

/// The cookie of a session.
pub const COOKIE: &str = "cinematch_session";

/// What may be asked for by whoever comes along, accounts or not.
const PUBLIC: [&str; 3] = ["/auth/login", "/auth/logout", "/auth/identify"];

/// Finds out who calls and refuses who may not.
pub async fn guard(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let client = client_of(&state, &request);
    let access = &state.config().access;
    state.limits().request(client)?;
    let path = request.uri().path();
    let is_api = path.starts_with("/api/") || path.starts_with("/auth/") || path == "/metrics";
    if access.mode == AccessMode::Open {
        check_host(&state, &request)?;
    }
    if !request.method().is_safe() {
        check_origin(&state, request.headers())?;
    }
    if is_api && request.method() != Method::OPTIONS {
        let caller = caller(&state, request.headers()).instrument(span!("guard")).await?;
        if matches!(caller, Caller::Nobody) && !PUBLIC.contains(&path) {
            return Err(sign_in());
        }
        request.extensions_mut().insert(caller);
    } else if ui::is_page(path) {
        let caller = looker(&state, request.headers()).instrument(span!("guard")).await?;
        request.extensions_mut().insert(caller);
    }
    request.extensions_mut().insert(Client(client));
    Ok(next.run(request).await)
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

fn client_of(state: &AppState, request: &Request) -> IpAddr {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = connected.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    if !state.config().access.behind_proxy {
        return peer;
    }
    // What stands before the last element is the client's own word.
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last =
        forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

/// In open mode the server answers to this machine's own names: a name that somebody else has made to
/// lead here would give their pages everything (DNS rebinding).
fn check_host(state: &AppState, request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return Err(forbidden("A request has one Host"));
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
    let is_allowed =
        || state.config().access.allowed_hosts.iter().any(|it| it.eq_ignore_ascii_case(name));
    if is_own || is_allowed() {
        return Ok(());
    }
    Err(forbidden("This server answers to localhost only; --allowed-hosts names further names"))
}

/// What changes something must not come from a page of another site.
fn check_origin(state: &AppState, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    let Some(origin) = text("origin") else {
        // Programs send neither; browsers have sent at least one of both for years.
        return match text("sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) => Err(forbidden("Requests from pages of other sites are refused")),
        };
    };
    let host = text("host").unwrap_or_default();
    let of_ours =
        origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host));
    let listed = state.config().cors_origins.iter().any(|it| it.trim_end_matches('/') == origin);
    if of_ours || listed {
        return Ok(());
    }
    Err(forbidden(
        "Requests from pages of other origins are refused; --cors-origins lists those that may",
    ))
}

async fn caller(state: &AppState, headers: &HeaderMap) -> Result<Caller, Problem> {
    if state.config().access.mode == AccessMode::Open {
        return Ok(Caller::Household(claimed(state, headers).await?));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let refused = || unauthorized("This API key is unknown or revoked");
        let text = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let scope = scope_of(state, text.unwrap_or_default().trim()).await?.ok_or_else(refused)?;
        return Ok(Caller::Program(scope, claimed(state, headers).await?));
    }
    session(state, headers).await
}

/// What an API key may do; `None` where it is unknown or revoked.
pub async fn scope_of(state: &AppState, key: &str) -> Result<Option<Scope>, Problem> {
    let Some(token) = ApiToken::read(key) else { return Ok(None) };
    let Some(kept) = state.store().key(token.id()).await? else { return Ok(None) };
    let is_good = kept.revoked_at.is_none() && token.fits(&kept.key.secret_hash);
    Ok(is_good.then_some(kept.key.scope))
}

/// Whoever signed in.
async fn session(state: &AppState, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = session_token(headers) else { return Ok(Caller::Nobody) };
    let profile = state.store().session(&token.hash(), now()).await?;
    Ok(profile.map_or(Caller::Nobody, Caller::Person))
}

/// Who looks at a page: pages go by cookies alone, and ask whoever has none who they are.
async fn looker(state: &AppState, headers: &HeaderMap) -> Result<Caller, Problem> {
    if state.config().access.mode == AccessMode::Open {
        let id = ui::cookie(headers, ui::PROFILE_COOKIE).and_then(|id| id.parse().ok());
        let profile = match id {
            Some(id) => state.store().profile(id).await?,
            None => None,
        };
        return Ok(Caller::Household(profile));
    }
    session(state, headers).await
}

/// The session of a request's cookies.
pub fn session_token(headers: &HeaderMap) -> Option<SessionToken> {
    ui::cookie(headers, COOKIE).and_then(SessionToken::read)
}

/// The profile named by `X-User-Id`.
async fn claimed(state: &AppState, headers: &HeaderMap) -> Result<Option<Profile>, Problem> {
    let Some(value) = headers.get("x-user-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
    let Some(id) = id else { return Ok(None) };
    Ok(state.store().profile(id).await?)
}

/// Refused in one mode.
pub fn only_in(state: &AppState, mode: AccessMode, detail: &str) -> Result<(), Problem> {
    if state.config().access.mode == mode {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, detail))
}
