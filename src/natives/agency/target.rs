//! The agency that a run was started for.

use std::sync::{Arc, Mutex, PoisonError};

use crate::client::AgencyClient;
use crate::deadline::Deadline;
use crate::natives::NativeResult;

/// Makes the run's client when a script first asks for it.
pub type Connector = Arc<dyn Fn(&Deadline) -> NativeResult<AgencyClient> + Send + Sync>;

/// The agency that a run was started for; `agency::current()` hands its client out.
///
/// The host puts one into the context:
/// `NativeContext::builder().extension(Arc::new(AgencyTarget::lazy(connector)))`.
#[derive(Default)]
pub struct AgencyTarget {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Absent,
    Lazy(Connector),
    Connected(AgencyClient),
}

impl AgencyTarget {
    /// A client that exists already.
    pub fn connected(client: AgencyClient) -> Self {
        Self { state: Mutex::new(State::Connected(client)) }
    }

    /// A client that is made when first asked for; a failure is reported and tried again the next time.
    pub fn lazy(connector: Connector) -> Self {
        Self { state: Mutex::new(State::Lazy(connector)) }
    }

    /// The client, unless none has been made so far, or one is being made.
    pub fn made(&self) -> Option<AgencyClient> {
        match &*self.state.try_lock().ok()? {
            State::Connected(client) => Some(client.clone()),
            State::Absent | State::Lazy(_) => None,
        }
    }

    /// The client; `None` when the run has no agency.
    ///
    /// # Errors
    /// What the connector returns.
    pub fn client(&self, deadline: &Deadline) -> NativeResult<Option<AgencyClient>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match &*state {
            State::Absent => return Ok(None),
            State::Connected(client) => return Ok(Some(client.clone())),
            State::Lazy(connector) => connector(deadline)?,
        };
        *state = State::Connected(made.clone());
        Ok(Some(made))
    }
}

impl std::fmt::Debug for AgencyTarget {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AgencyTarget")
    }
}
