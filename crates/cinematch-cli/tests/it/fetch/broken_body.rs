//! Response bodies that fail or stall after their first bytes.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

/// Returns a body that sends `first` and then ends if `is_complete`, and fails otherwise.
pub fn body(first: Vec<u8>, is_complete: bool) -> Body {
    Body::new(BrokenBody {
        first: Some(first),
        then: is_complete.then_some(End::Complete),
        flushed: false,
    })
}

/// Returns a body that sends `first` and then never ends.
pub fn stalled(first: Vec<u8>) -> Body {
    Body::new(BrokenBody { first: Some(first), then: Some(End::Never), flushed: false })
}

/// How a body ends if it doesn't fail.
enum End {
    Complete,
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
            Some(End::Complete) => return Poll::Ready(None),
            // The task is never woken again.
            Some(End::Never) => return Poll::Pending,
            None => {}
        }
        // The first frame must be flushed before the connection breaks.
        if !std::mem::replace(&mut self.flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("broken on purpose"))))
    }
}
