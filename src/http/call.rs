//! What the transport has to know about the request that its thread runs.
//!
//! ureq calls the transport on the thread that sends, and hands it no data of
//! ours. So the sending thread notes here, for the time of one request, when it
//! has to end; pooled connections outlive requests and could not carry it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::error::{HttpError, Phase};
use super::reach::Reach;
use super::tls;
use crate::deadline::{Deadline, SLICE, Stop};

thread_local! {
    static CURRENT: RefCell<Option<Call>> = const { RefCell::new(None) };
}

/// The request that this thread runs now.
#[derive(Debug)]
pub(super) struct Call {
    deadline: Deadline,
    times: Times,
    endpoint: Endpoint,
    /// Whether the server can be reached; it can without this.
    reach: Option<Reach>,
    /// The first byte of the answer.
    received: Option<u8>,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// When it has to have its answer, and how long that is.
    pub(super) end: Instant,
    pub(super) limit: Duration,
    /// When it has to have a connection, and how long that is.
    pub(super) connect_end: Instant,
    pub(super) connect_limit: Duration,
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
    times: Times,
    endpoint: Endpoint,
    reach: Option<Reach>,
) -> Running {
    let call = Call { deadline: deadline.clone(), times, endpoint, reach, received: None };
    Running(CURRENT.with(|current| current.borrow_mut().replace(call)))
}

/// Notes that a part of the answer has arrived, which begins with `first`.
pub(super) fn note_received(first: u8) {
    CURRENT.with(|current| {
        if let Some(call) = current.borrow_mut().as_mut() {
            call.received.get_or_insert(first);
        }
    });
}

/// Whether a part of the answer has arrived.
pub(super) fn has_received() -> bool {
    CURRENT.with(|current| current.borrow().as_ref().is_some_and(|call| call.received.is_some()))
}

/// Whether the answer is a complaint in TLS of a server that was asked without.
pub(super) fn is_tls_only() -> bool {
    CURRENT.with(|current| {
        current.borrow().as_ref().is_some_and(|call| {
            matches!(call.endpoint, Endpoint::Tcp { .. }) && call.received == Some(tls::ALERT)
        })
    })
}

/// Whether the network to the server of the request is cut.
pub(super) fn is_cut() -> bool {
    CURRENT.with(|current| {
        current.borrow().as_ref().is_some_and(|call| {
            call.reach.as_ref().is_some_and(|reach| !reach.reaches(&call.endpoint))
        })
    })
}

/// Returns once the server of the request can be reached; whether it had to wait.
///
/// # Errors
/// Those of [`time_left`], of which a request has only so much.
pub(super) fn wait_for_reach(phase: Phase) -> Result<bool, HttpError> {
    let mut waited = false;
    while is_cut() {
        std::thread::sleep(time_left(phase)?.min(SLICE));
        waited = true;
    }
    Ok(waited)
}

/// The server of the request, for messages.
pub(super) fn endpoint() -> String {
    CURRENT.with(|current| {
        current.borrow().as_ref().map_or_else(String::new, |call| call.endpoint.to_string())
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
        let stop = call.deadline.check().err();
        if let Some(stop) = stop.clone().filter(Stop::ends_run) {
            return Err(HttpError::Stopped(stop));
        }
        let (end, after) = match phase {
            Phase::Connect => (call.times.connect_end, call.times.connect_limit),
            Phase::Write | Phase::Read => (call.times.end, call.times.limit),
        };
        let planned = end.saturating_duration_since(Instant::now());
        // the script's deadline may have come nearer since the request began
        let left = call.deadline.clamp(planned);
        if left.is_zero() {
            let after = after.saturating_sub(planned);
            return Err(HttpError::Timeout { endpoint: call.endpoint.to_string(), after, phase });
        }
        Ok(left)
    })
}
