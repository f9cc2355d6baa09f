//! A local HTTP server on a free port, for the duration of a test.

use axum::Router;
use tokio::runtime::Runtime;

/// A running server, stopped on drop.
pub struct Local {
    address: String,
    _runtime: Runtime,
}

impl Local {
    /// Starts a server with one worker thread.
    pub fn serve(router: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
