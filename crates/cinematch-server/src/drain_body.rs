//! Drains request bodies that a handler didn't read to the end, usually because it rejected the request.
//!
//! hyper closes a keep-alive connection if part of the request body is still unread when the response is complete,
//! without announcing it with `Connection: close`. A client that reuses the connection then gets a connection
//! error. To avoid this, the rest of a small body is read before the response is sent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

/// Maximum number of bytes to drain. Beyond that, closing the connection is cheaper.
const MAX_DRAINED: usize = 256 << 10;
/// Time limit for draining a body.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// A request body that sends its unread remainder to [`UnreadBody`] when dropped.
struct ReturningBody {
    body: Option<Incoming>,
    sender: Option<oneshot::Sender<Incoming>>,
}

/// Receives the unread remainder of a request body.
pub struct UnreadBody(Option<oneshot::Receiver<Incoming>>);

/// Wraps a request body. Returns the body for the handler, and the receiver for its unread remainder.
pub fn split(body: Incoming) -> (Body, UnreadBody) {
    if body.is_end_stream() {
        return (Body::new(body), UnreadBody(None));
    }
    let (sender, receiver) = oneshot::channel();
    (
        Body::new(ReturningBody { body: Some(body), sender: Some(sender) }),
        UnreadBody(Some(receiver)),
    )
}

impl UnreadBody {
    /// Reads and discards the unread remainder, up to 256 KiB and for at most 1 second.
    ///
    /// Does nothing if the body was read to the end or is still in use.
    pub async fn drain(self) {
        let Some(Ok(body)) = self.0.map(|mut receiver| receiver.try_recv()) else { return };
        let _ =
            tokio::time::timeout(DRAIN_TIMEOUT, Limited::new(body, MAX_DRAINED).collect()).await;
    }
}

impl Drop for ReturningBody {
    fn drop(&mut self) {
        if let (Some(body), Some(sender)) = (self.body.take(), self.sender.take())
            && !body.is_end_stream()
        {
            let _ = sender.send(body);
        }
    }
}

impl hyper::body::Body for ReturningBody {
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
