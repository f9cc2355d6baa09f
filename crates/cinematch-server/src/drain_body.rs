//! Bodies of requests that were answered without being read: refusals, mostly.
//!
//! hyper closes a connection on which a part of the last body is still to come, without having said so in
//! the reply. A client that sends its next request on it is cut off for no reason it could know. So the rest
//! of a small body is read before the reply goes out.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

/// Of a longer rest nothing is read: closing the connection is cheaper.
const LONGEST: usize = 256 << 10;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body that comes back when nobody wants the rest of it.
struct Returning {
    body: Option<Incoming>,
    back: Option<oneshot::Sender<Incoming>>,
}

/// Where the rest of a body comes back.
pub struct Rest(Option<oneshot::Receiver<Incoming>>);

/// A body to hand on, and the place where its rest comes back.
pub fn lend(body: Incoming) -> (Body, Rest) {
    if body.is_end_stream() {
        return (Body::new(body), Rest(None));
    }
    let (back, rest) = oneshot::channel();
    (Body::new(Returning { body: Some(body), back: Some(back) }), Rest(Some(rest)))
}

impl Rest {
    /// Reads what is left of the body, if that is little.
    pub async fn read(self) {
        let Some(Ok(body)) = self.0.map(|mut rest| rest.try_recv()) else { return };
        let _ = tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await;
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take())
            && !body.is_end_stream()
        {
            let _ = back.send(body);
        }
    }
}

impl hyper::body::Body for Returning {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(hyper::body::Body::size_hint).unwrap_or_default()
    }
}
