//! A body whose connection is closed under it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

/// Sends `first`, and then, if that is not the whole body, fails.
pub fn body(first: Vec<u8>, whole: bool) -> Body {
    Body::new(BrokenBody { first: Some(first), then: whole.then_some(End::Whole), flushed: false })
}

/// Sends `first`, and then nothing for ever.
pub fn stalled(first: Vec<u8>) -> Body {
    Body::new(BrokenBody { first: Some(first), then: Some(End::Never), flushed: false })
}

/// How a body ends, if it is not broken.
enum End {
    Whole,
    Never,
}

struct BrokenBody {
    first: Option<Vec<u8>>,
    then: Option<End>,
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
        match self.then {
            Some(End::Whole) => return Poll::Ready(None),
            // Nobody wakes it again.
            Some(End::Never) => return Poll::Pending,
            None => {}
        }
        // What was sent has to leave before the connection breaks.
        if !std::mem::replace(&mut self.flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("broken on purpose"))))
    }
}
