//! Test fixture: a service that serves the sample and has its own database.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use cinematch_http::access::{Caller, ClientIp, NoProfile, profile_in_header};
use cinematch_http::class::RouteClass;
use cinematch_http::config::AccessConfig;
use cinematch_http::cookies::{PROFILE_COOKIE, cookie};
use cinematch_http::problem::Problem;
use cinematch_http::state::RouteState;
use cinematch_service::access::find_profile;
use cinematch_service::cache::CacheConfig;
use cinematch_service::jobs::JobsConfig;
use cinematch_service::secrets::{ApiToken, hash_password};
use cinematch_service::{Clock, Service, ServiceConfig, Serving};
use cinematch_store::{Address, NewKey, NewProfile, Ownership, Scope, Store, now_millis};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::databases::new_database;
use crate::notice::did_not_run;
use crate::sample::Sample;

/// A test fixture: a service loaded with the sample data set, an empty database in a temporary folder, and the runtime
/// that the service runs on.
#[derive(Debug)]
pub struct World {
    service: Service,
    /// Database of the service.
    store: Store,
    runtime: Runtime,
    folder: TempDir,
}

impl Default for World {
    fn default() -> Self {
        Self::of(Sample::shared())
    }
}

impl World {
    /// Creates a fixture that serves the generation in `serving`.
    pub fn of(serving: Arc<Serving>) -> Self {
        Self::open(serving, None, tempfile::tempdir().unwrap())
    }

    /// Creates a fixture with `sample` published as generation 1.
    pub fn published(sample: &Sample) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving = sample.publish(&folder.path().join(ARTIFACTS));
        Self::open(serving, None, folder)
    }

    /// Creates one fixture on an `SQLite` file and one on the `PostgreSQL` server at `postgres`. If `postgres` is
    /// `None`, skips the latter and prints a notice for `test`.
    pub fn on_every_database(test: &str, postgres: Option<&str>) -> Vec<Self> {
        let mut worlds = vec![Self::default()];
        match postgres {
            Some(server) => {
                let folder = tempfile::tempdir().unwrap();
                worlds.push(Self::open(Sample::shared(), Some(server), folder));
            }
            None => {
                did_not_run(&format!("{test} on PostgreSQL"), "`cargo xtask test` starts a server");
            }
        }
        worlds
    }

    fn open(serving: Arc<Serving>, postgres: Option<&str>, folder: TempDir) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (service, store) = runtime.block_on(async {
            let database = match postgres {
                Some(server) => Address::parse(&new_database(server).await).unwrap(),
                None => Address::File(folder.path().join("cinematch.db")),
            };
            let config = ServiceConfig {
                artifacts: folder.path().join(ARTIFACTS),
                database,
                cache: CacheConfig::default(),
                jobs: JobsConfig::default(),
                clock: Clock::system(),
            };
            let store = Store::open(&config.database, Ownership::Exclusive).await.unwrap();
            (Service::with_store(config, serving, store.clone()).await.unwrap(), store)
        });
        Self { service, store, runtime, folder }
    }

    /// Returns the fixture's service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Returns the folder of trained models.
    pub fn artifacts(&self) -> PathBuf {
        self.folder.path().join(ARTIFACTS)
    }

    /// Runs `future` to completion on the fixture's runtime.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Adds an account and returns its ID.
    pub fn add_account(&self, email: &str, name: &str, password: &str) -> i64 {
        let password_hash = Some(hash_password(&SecretString::from(password)).unwrap());
        let new = NewProfile { email: email.to_owned(), name: name.to_owned(), password_hash };
        self.wait(self.store.add_profile(new, now_millis())).unwrap().id
    }

    /// Adds an API key and returns its public ID and the full key.
    pub fn add_key(&self, scope: Scope) -> (String, String) {
        let token = ApiToken::generate().unwrap();
        let (id, name) = (token.id().to_owned(), scope.name().to_owned());
        let key = NewKey { id: id.clone(), name, secret_hash: token.hash(), scope };
        self.wait(self.store.add_key(key, now_millis())).unwrap();
        (id, token.expose())
    }

    /// Changes the password of an account, which ends its sessions.
    pub fn set_password(&self, email: &str, password: &str) {
        let hash = hash_password(&SecretString::from(password)).unwrap();
        assert!(self.wait(self.store.set_password(email, hash)).unwrap());
    }

    /// Revokes an API key by its public ID.
    pub fn revoke_key(&self, id: &str) {
        assert!(self.wait(self.store.revoke_key(id, now_millis())).unwrap());
    }

    /// Merges the routers for each route class into one router in open mode. A stand-in for the server's guard
    /// identifies the caller by `X-User-Id` on API routes and by the profile cookie on pages.
    pub fn router(
        &self,
        routers: impl FnOnce(&RouteState) -> Vec<(RouteClass, Router<RouteState>)>,
    ) -> Router {
        let state = RouteState::new(self.service.clone(), AccessConfig::default());
        let mut merged = Router::new();
        for (class, router) in routers(&state) {
            let router = router
                .with_state(state.clone())
                .layer(from_fn_with_state(self.service.clone(), identify))
                .layer(Extension(class));
            merged = merged.merge(router);
        }
        merged
    }
}

/// Name of the folder of trained models, inside a fixture's folder.
const ARTIFACTS: &str = "artifacts";

/// Adds the caller to the request, as the server's guard does in open mode.
async fn identify(State(service): State<Service>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let profile = match request.extensions().get::<RouteClass>() {
        Some(RouteClass::Page) => {
            let id = cookie(headers, PROFILE_COOKIE).and_then(|id| id.parse().ok());
            let profile = match id {
                Some(id) => find_profile(&service, id).await,
                None => Ok(None),
            };
            profile.map(|profile| profile.ok_or(NoProfile::NotSelected))
        }
        _ => profile_in_header(&service, headers).await,
    };
    match profile {
        Ok(profile) => request.extensions_mut().insert(Caller::Open(profile)),
        Err(error) => return Problem::from(error).into_response(),
    };
    request.extensions_mut().insert(ClientIp(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    next.run(request).await
}
