//! What the transport has to know about the request that its thread runs.
//!
//! ureq calls the transport on the thread that sends, and hands it no data of
//! ours. So the sending thread notes here, for the time of one request, when it
//! has to end; pooled connections outlive requests and could not carry it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::error::{HttpError, Phase};
use crate::deadline::Deadline;

thread_local! {
    static CURRENT: RefCell<Option<Call>> = const { RefCell::new(None) };
}

/// The request that this thread runs now.
#[derive(Debug)]
pub(super) struct Call {
    deadline: Deadline,
    end: Instant,
    limit: Duration,
    endpoint: String,
    received: bool,
}

/// Takes the request back from its thread when dropped.
pub(super) struct Running(Option<Call>);

impl Drop for Running {
    fn drop(&mut self) {
        CURRENT.with(|current| *current.borrow_mut() = self.0.take());
    }
}

/// Notes the request that this thread runs until the result is dropped.
pub(super) fn enter(
    deadline: &Deadline,
    end: Instant,
    limit: Duration,
    endpoint: String,
) -> Running {
    let call = Call { deadline: deadline.clone(), end, limit, endpoint, received: false };
    Running(CURRENT.with(|current| current.borrow_mut().replace(call)))
}

/// Notes that a part of the answer has arrived.
pub(super) fn note_received() {
    CURRENT.with(|current| {
        if let Some(call) = current.borrow_mut().as_mut() {
            call.received = true;
        }
    });
}

/// Whether a part of the answer has arrived.
pub(super) fn has_received() -> bool {
    CURRENT.with(|current| current.borrow().as_ref().is_some_and(|call| call.received))
}

/// The server of the request, for messages.
pub(super) fn endpoint() -> String {
    CURRENT.with(|current| {
        current.borrow().as_ref().map_or_else(String::new, |call| call.endpoint.clone())
    })
}

/// Time left for the request that this thread runs.
///
/// # Errors
/// [`HttpError::Timeout`] when there is none; [`HttpError::Stopped`] when the run has to end.
pub(super) fn time_left(phase: Phase) -> Result<Duration, HttpError> {
    CURRENT.with(|current| {
        let current = current.borrow();
        let Some(call) = current.as_ref() else { return Ok(Duration::from_secs(1)) };
        call.deadline.check_run().map_err(HttpError::Stopped)?;
        let left = call.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(HttpError::Timeout {
                endpoint: call.endpoint.clone(),
                after: call.limit,
                phase,
            });
        }
        Ok(left)
    })
}
