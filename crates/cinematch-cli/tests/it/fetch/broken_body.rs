//! A body whose connection is closed under it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

/// Sends `first`, and then, if that is not the whole body, fails.
pub fn body(first: Vec<u8>, whole: bool) -> Body {
    Body::new(BrokenBody { first: Some(first), whole, flushed: false })
}

struct BrokenBody {
    first: Option<Vec<u8>>,
    whole: bool,
    flushed: bool,
}

impl HttpBody for BrokenBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first.into()))));
        }
        if self.whole {
            return Poll::Ready(None);
        }
        // What was sent has to leave before the connection breaks.
        if !std::mem::replace(&mut self.flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("broken on purpose"))))
    }
}
