//! State shared by the API and page routers.

use std::sync::Arc;

use axum::extract::FromRef;
use cinematch_service::Service;

use crate::config::AccessConfig;
use crate::limits::Limits;
use crate::sessions::Sessions;

/// Router state, from which handlers extract the parts they need. Clones are cheap and share their contents.
#[derive(Clone, Debug)]
pub struct RouteState {
    /// The service that implements the use cases.
    pub service: Service,
    /// The server's access control settings.
    pub access: Arc<AccessConfig>,
    /// Limits on requests, sign-in attempts and imports.
    pub limits: Arc<Limits>,
}

impl RouteState {
    /// Creates the router state for `service`, with fresh limits.
    pub fn new(service: Service, access: AccessConfig) -> Self {
        let limits = Arc::new(Limits::new(access.rate_limit));
        Self { service, access: Arc::new(access), limits }
    }
}

impl FromRef<RouteState> for Service {
    fn from_ref(state: &RouteState) -> Self {
        state.service.clone()
    }
}

impl FromRef<RouteState> for Arc<AccessConfig> {
    fn from_ref(state: &RouteState) -> Self {
        state.access.clone()
    }
}

impl FromRef<RouteState> for Arc<Limits> {
    fn from_ref(state: &RouteState) -> Self {
        state.limits.clone()
    }
}

impl FromRef<RouteState> for Sessions {
    fn from_ref(state: &RouteState) -> Self {
        let RouteState { service, access, limits } = state.clone();
        Self { service, access, limits }
    }
}
