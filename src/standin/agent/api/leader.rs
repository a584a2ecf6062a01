//! What the endpoints that only a leader serves have in common.

use super::super::commit::CommitError;
use super::super::leadership::Role;
use super::dispatch::Call;
use crate::standin::web::endpoint::to_url;
use crate::standin::web::error::ApiError;
use crate::standin::web::turned_true;

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Timeout => Self::CommitTimeout,
            CommitError::LeadershipLost => Self::LeadershipLost,
            CommitError::ShuttingDown => Self::ShuttingDown,
        }
    }
}

/// The redirect to the leader, or the error if there is none to go to.
pub(super) fn redirect(endpoint: Option<&str>, path: &str) -> ApiError {
    match endpoint {
        Some(endpoint) => ApiError::Redirect { location: format!("{}{path}", to_url(endpoint)) },
        None => ApiError::NoLeader,
    }
}

/// The term in which this agent leads, catching up or not.
pub(super) fn leading(call: &Call) -> Result<u64, ApiError> {
    match call.agent.role() {
        Role::Leader { term } | Role::Preparing { term } => Ok(term),
        Role::Follower { endpoint, .. } => Err(redirect(endpoint.as_deref(), &call.path)),
        Role::Leaderless => Err(ApiError::NoLeader),
    }
}

/// The term in which this agent serves: nobody else leads, now. Waits while a new leader catches
/// up, and while it is not sure whether it has been replaced; a leader that lost its majority
/// resigns.
pub(super) async fn serving(call: &Call) -> Result<u64, ApiError> {
    let mut role = call.agent.role.subscribe();
    let mut shutdown = call.agent.shutdown.subscribe();
    loop {
        let now = role.borrow_and_update().clone();
        match now {
            Role::Leader { term } if call.agent.holds_lease(term) => return Ok(term),
            Role::Leader { .. } if call.agent.has_majority() => {}
            Role::Leader { term } => {
                call.agent.resign(term);
                return Err(ApiError::NoLeader);
            }
            Role::Follower { endpoint, .. } => {
                return Err(redirect(endpoint.as_deref(), &call.path));
            }
            Role::Leaderless => return Err(ApiError::NoLeader),
            Role::Preparing { .. } => {}
        }
        tokio::select! {
            _ = role.changed() => {}
            () = call.agent.peers.next_answer() => {}
            () = tokio::time::sleep(call.agent.config.heartbeat()) => {}
            () = turned_true(&mut shutdown) => return Err(ApiError::ShuttingDown),
        }
    }
}
