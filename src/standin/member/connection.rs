//! A member's way to the agency: found at the start, and patient with an agency that is not there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agency::AgencyError;
use super::worker::Worker;
use super::{MemberAgency, MemberConfig, MemberError};
use crate::client::{AgencyClient, ClientAuth, ClientError, ClientOptions, Outcome};
use crate::deadline::Deadline;
use crate::http::{Endpoint, TlsOptions};
use crate::standin::model::{Transaction, Tree};

/// Limit of one operation on the agency, with all its repetitions.
const OPERATION: Duration = Duration::from_secs(15);
/// Limit of a heartbeat: a late one is worth less than the next.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Pause before the agency is asked again after an error.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is told that the agency does not answer.
const COMPLAINT: Duration = Duration::from_secs(10);

/// The clients of a member, which end with one deadline.
#[derive(Debug)]
pub(super) struct Clients {
    /// For everything but heartbeats.
    pub(super) everything: AgencyClient,
    /// For heartbeats.
    pub(super) heartbeats: AgencyClient,
}

impl Clients {
    /// Waits for an agent that answers, and learns from it where the others are.
    pub(super) async fn find(
        config: &MemberConfig,
        deadline: &Deadline,
    ) -> Result<Self, MemberError> {
        let endpoints = config.agency.iter().map(|text| {
            Endpoint::parse(text)
                .map_err(|source| MemberError::AgencyEndpoint { endpoint: text.clone(), source })
        });
        let mut endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
        if endpoints.is_empty() {
            return Err(MemberError::NoAgency);
        }
        let first = client(config, endpoints.clone(), OPERATION, deadline)?;
        let worker = Worker::start("agency-search").map_err(MemberError::Threads)?;
        let mut patience = Patience::new(&config.agency.join(", "));
        let agents = loop {
            let asked = first.clone();
            match worker.run(move || asked.agents()).await {
                Ok(Ok(agents)) => break agents,
                Ok(Err(error)) => patience.bear(AgencyError::Client(Arc::new(error))).await?,
                Err(_) => return Err(MemberError::Ended),
            }
        };
        let learnt = agents.iter().filter_map(|agent| Endpoint::parse(&agent.endpoint).ok());
        endpoints.extend(learnt);
        Ok(Self {
            everything: client(config, endpoints.clone(), OPERATION, deadline)?,
            heartbeats: client(config, endpoints, HEARTBEAT, deadline)?,
        })
    }
}

fn client(
    config: &MemberConfig,
    endpoints: Vec<Endpoint>,
    timeout: Duration,
    deadline: &Deadline,
) -> Result<AgencyClient, MemberError> {
    let auth = match &config.authentication {
        Some(authentication) => ClientAuth::Signed(authentication.own_tokens()),
        None => ClientAuth::None,
    };
    // Servers of a cluster take any certificate of each other, as those of arangod do.
    let tls = TlsOptions { insecure: true, ca_file: None };
    let reach = config.way.reach();
    let defaults = ClientOptions::default();
    let options = ClientOptions { endpoints, auth, timeout, tls, reach, ..defaults };
    AgencyClient::new(options, deadline.clone()).map_err(|e| MemberError::Refused(Arc::new(e)))
}

/// Bears errors that pass, and tells of them now and then.
pub(super) struct Patience {
    agency: String,
    complained: Option<Instant>,
}

impl Patience {
    pub(super) fn new(agency: &str) -> Self {
        Self { agency: agency.to_owned(), complained: None }
    }

    /// Waits a moment after an error that may pass.
    pub(super) async fn bear(&mut self, error: AgencyError) -> Result<(), MemberError> {
        let error = match error {
            AgencyError::Client(error) => error,
            AgencyError::Ended => return Err(MemberError::Ended),
        };
        match &*error {
            ClientError::Stopped(_) => return Err(MemberError::Ended),
            ClientError::Unauthorized { .. } | ClientError::Token(_) => {
                return Err(MemberError::Refused(error));
            }
            _ => {}
        }
        if self.complained.is_none_or(|at| at.elapsed() > COMPLAINT) {
            self.complained = Some(Instant::now());
            let error: &dyn std::error::Error = &*error;
            tracing::warn!(error, "waiting for the agency at {}", self.agency);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

/// Writes and reads that are tried until the agency answers.
pub(super) struct Persistent<'a> {
    agency: &'a MemberAgency,
    patience: Patience,
}

impl<'a> Persistent<'a> {
    pub(super) fn new(agency: &'a MemberAgency) -> Self {
        let endpoints = agency.client().endpoints().join(", ");
        Self { agency, patience: Patience::new(&endpoints) }
    }

    /// Runs a transaction that does no harm when it is run twice; the index it was applied at, or
    /// nothing if a precondition did not hold.
    pub(super) async fn write(
        &mut self,
        transaction: &Transaction,
    ) -> Result<Option<u64>, MemberError> {
        loop {
            match self.agency.write(transaction.clone()).await {
                Ok(Outcome::Applied { index }) => return Ok(Some(index)),
                Ok(_) => return Ok(None),
                Err(error) => self.patience.bear(error).await?,
            }
        }
    }

    /// Runs a transaction once; nothing if nobody knows whether it was applied.
    pub(super) async fn write_once(
        &mut self,
        transaction: &Transaction,
    ) -> Result<Option<Outcome>, MemberError> {
        match self.agency.write(transaction.clone()).await {
            Ok(outcome) => Ok(Some(outcome)),
            Err(error) => self.patience.bear(error).await.map(|()| None),
        }
    }

    /// The tree with what stands at these paths.
    pub(super) async fn read<const N: usize>(
        &mut self,
        paths: [String; N],
    ) -> Result<Tree, MemberError> {
        loop {
            let asked = paths.clone();
            let read =
                self.agency.call(move |client| client.read(&asked.each_ref().map(String::as_str)));
            match read.await {
                Ok(tree) => return Ok(Tree::from(tree)),
                Err(error) => self.patience.bear(error).await?,
            }
        }
    }
}
