//! Sends requests to a router in the test process.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use cinematch_http::problem::Problem;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::reply::Reply;
use crate::world::World;

/// `Host` header sent unless the test sets one.
const HOST: &str = "127.0.0.1:8000";

/// A client for a router. Calls block until the reply is complete and don't follow redirects.
#[derive(Debug)]
pub struct Client {
    router: Router,
    world: World,
}

impl Client {
    /// Creates a client for `router`, whose routes use the service in `world`.
    pub fn new(world: World, router: Router) -> Self {
        Self { router, world }
    }

    /// Returns the test fixture behind the router.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Returns the origin of the router's pages.
    pub fn origin(&self) -> String {
        format!("http://{HOST}")
    }

    /// Sends a request with the given method, path, headers and optional body.
    pub fn send(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, HOST);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_vec()));
        let request = request.body(body).unwrap();
        self.world.wait(async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let mut response = with_document(response);
            let body = std::mem::take(response.body_mut()).collect().await.unwrap().to_bytes();
            Reply::new(&response, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    /// Sends a GET request.
    pub fn get(&self, path: &str) -> Reply {
        self.send(("GET", path), &[], None)
    }

    /// Sends a GET request with an `Accept` header.
    pub fn get_as(&self, path: &str, accept: &str) -> Reply {
        self.send(("GET", path), &[("accept", accept)], None)
    }

    /// Sends a DELETE request.
    pub fn delete(&self, path: &str) -> Reply {
        self.send(("DELETE", path), &[], None)
    }

    /// Sends a PUT request without a body.
    pub fn put(&self, path: &str) -> Reply {
        self.send(("PUT", path), &[], None)
    }

    /// Sends a POST request with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_raw(path, "application/json", &body.to_string())
    }

    /// Sends a POST request with a body of any content type.
    pub fn post_raw(&self, path: &str, content_type: &str, body: &str) -> Reply {
        self.send(("POST", path), &[("content-type", content_type)], Some(body.as_bytes()))
    }

    /// Sends a request on behalf of `user`, with an optional JSON body.
    pub fn as_user(&self, user: &str, call: (&str, &str), body: Option<&Value>) -> Reply {
        let headers = [("x-user-id", user), ("content-type", "application/json")];
        let text = body.map(Value::to_string);
        self.send(call, &headers, text.as_deref().map(str::as_bytes))
    }

    /// Requests recommendations, asserts that the request succeeds, and returns the reply.
    pub fn recommend(&self, body: &Value) -> Value {
        let reply = self.post("/api/recommendations", body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }
}

/// Adds the problem document to a response that lacks one, like the server's outermost layer.
fn with_document(response: Response<Body>) -> Response<Body> {
    const REQUEST_ID: &str = "in-process";
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let mut written = problem.reply(REQUEST_ID);
    written.headers_mut().insert("x-request-id", HeaderValue::from_static(REQUEST_ID));
    written
}
