//! Test clients for the complete server, which runs in-process.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_service::cache::CacheConfig;
use cinematch_service::jobs::JobsConfig;
use cinematch_store::Address;
use cinematch_testing::{Client, Sample, World};

use crate::config::{DEVELOPMENT_ORIGINS, ServerConfig};
use crate::monitor;
use crate::router::router;
use crate::state::AppState;

/// Returns a client for a server in open mode.
pub fn open() -> Client {
    serve(World::default(), |_| ())
}

/// Returns a client for a server in accounts mode, limited to `rate_limit` requests per second. A published
/// generation gives the operator routes something to act on.
pub fn with_accounts(rate_limit: Option<u32>) -> Client {
    serve(World::published(&Sample::default()), |config| {
        config.access = AccessConfig {
            mode: AccessMode::Accounts,
            rate_limit: rate_limit.and_then(NonZeroU32::new),
            ..AccessConfig::default()
        };
    })
}

/// Returns a client for a server with the default settings, as modified by `set`. The server doesn't run jobs.
pub fn serve(world: World, set: impl FnOnce(&mut ServerConfig)) -> Client {
    let mut config = ServerConfig {
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        artifacts: world.artifacts(),
        database: Address::File("unused: the fixture has already opened its database".into()),
        cors_origins: DEVELOPMENT_ORIGINS.map(str::to_owned).into(),
        access: AccessConfig::default(),
        cache: CacheConfig::default(),
        jobs: JobsConfig::default(),
        stop_delay: Duration::ZERO,
    };
    set(&mut config);
    config.check().unwrap();
    monitor::start();
    let router = router(&AppState::new(config, world.service().clone()));
    Client::new(world, router)
}

/// Returns the origin that may read the reply to a request from `origin`, or an empty string.
pub fn allowed_origin(server: &Client, path: &str, origin: &str) -> String {
    let reply = server.send(("GET", path), &[("origin", origin)], None);
    let allowed = reply.headers.get("access-control-allow-origin");
    allowed.map(|origin| origin.to_str().unwrap().to_owned()).unwrap_or_default()
}
