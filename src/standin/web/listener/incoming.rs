//! The body of a request, given up when it comes too slowly.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use super::super::limits::Limits;
use super::pace::Pace;
use super::places::{Place, Receiving};

/// Why a body does not come to its end.
#[derive(Debug, thiserror::Error)]
pub(in crate::standin) enum BodyError {
    /// The client sends too little for too long.
    #[error("the body of the request comes too slowly")]
    TooSlow,
    /// The connection failed.
    #[error("the body of the request broke off")]
    Broken(#[source] hyper::Error),
}

impl BodyError {
    /// Whether an error has this one at its root.
    pub(in crate::standin) fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .any(|error| matches!(error.downcast_ref(), Some(Self::TooSlow)))
    }
}

/// A body that waits for its client only so long.
pub(super) struct PacedBody {
    body: Incoming,
    pace: Pace,
    due: Option<Pin<Box<Sleep>>>,
    /// Until the body is there.
    receiving: Option<Receiving>,
}

impl PacedBody {
    pub(super) fn new(body: Incoming, place: &Arc<Place>, limits: &Limits) -> Self {
        let receiving = (!body.is_end_stream()).then(|| place.receive());
        Self { body, pace: Pace::new(limits), due: None, receiving }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.pace.moved(bytes, Instant::now());
                this.due = None;
                if this.body.is_end_stream() {
                    this.receiving = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(BodyError::Broken(error)))),
            Poll::Ready(None) => {
                this.receiving = None;
                Poll::Ready(None)
            }
            Poll::Pending => {
                let deadline = this.pace.waits(Instant::now()).into();
                let due =
                    this.due.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                match due.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(BodyError::TooSlow))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
