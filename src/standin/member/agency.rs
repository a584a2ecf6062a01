//! How a member asks the agency and writes to it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::gate::Gate;
use super::worker::Worker;
use crate::client::{self, AgencyClient, ClientError, Outcome};
use crate::standin::model::Transaction;

/// Transactions in one request at most.
const MOST: usize = 200;

/// Why the agency did not do as asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::standin) enum AgencyError {
    /// The request failed.
    #[error("the agency does not answer as it should")]
    Client(#[from] Arc<ClientError>),
    /// The member is about to end.
    #[error("the member ends")]
    Ended,
}

type Answer = Result<Outcome, AgencyError>;

struct Write {
    transaction: client::Transaction,
    answer: oneshot::Sender<Answer>,
}

/// The agency of a member. Writes that wait at the same time share a request; clones share the
/// way there.
#[derive(Clone, Debug)]
pub(in crate::standin) struct MemberAgency {
    client: AgencyClient,
    writes: mpsc::UnboundedSender<Write>,
    others: Arc<Worker>,
}

impl MemberAgency {
    /// Begins to write through a client; writes wait while the gate is closed.
    ///
    /// # Errors
    /// Threads cannot be started.
    pub(in crate::standin) fn start(client: AgencyClient, gate: Gate) -> std::io::Result<Self> {
        let (writes, waiting) = mpsc::unbounded_channel();
        let worker = Worker::start("agency-writes")?;
        tokio::spawn(write_all(client.clone(), waiting, worker, gate));
        Ok(Self { client, writes, others: Arc::new(Worker::start("agency-calls")?) })
    }

    /// Runs a transaction.
    pub(in crate::standin) async fn write(&self, transaction: Transaction) -> Answer {
        let (answer, answered) = oneshot::channel();
        let transaction = client::Transaction::from(transaction);
        self.writes.send(Write { transaction, answer }).map_err(|_| AgencyError::Ended)?;
        answered.await.unwrap_or(Err(AgencyError::Ended))
    }

    /// Runs a call of the client that blocks; one at a time.
    pub(in crate::standin) async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&AgencyClient) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, AgencyError> {
        let client = self.client.clone();
        match self.others.run(move || call(&client)).await {
            Ok(outcome) => outcome.map_err(|error| AgencyError::Client(Arc::new(error))),
            Err(_) => Err(AgencyError::Ended),
        }
    }

    /// The client.
    pub(in crate::standin) fn client(&self) -> &AgencyClient {
        &self.client
    }
}

/// Sends what waits, as much as fits into a request, one request at a time.
async fn write_all(
    client: AgencyClient,
    mut waiting: mpsc::UnboundedReceiver<Write>,
    worker: Worker,
    gate: Gate,
) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, MOST).await > 0 {
        gate.passed().await;
        let (transactions, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|write| (write.transaction, write.answer)).unzip();
        let client = client.clone();
        let Ok(outcomes) = worker.run(move || write_each(&client, transactions)).await else {
            return;
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // whoever asked may not want to know any more
            let _ = answer.send(outcome);
        }
    }
}

fn write_each(client: &AgencyClient, transactions: Vec<client::Transaction>) -> Vec<Answer> {
    match client.write(&transactions) {
        Ok(outcome) => (0..transactions.len()).map(|at| Ok(outcome.outcome(at))).collect(),
        // One that the agency does not understand must not take the others with it.
        Err(ClientError::Refused { .. }) if transactions.len() > 1 => {
            transactions.into_iter().flat_map(|one| write_each(client, vec![one])).collect()
        }
        Err(error) => {
            let error = Arc::new(error);
            transactions.iter().map(|_| Err(AgencyError::Client(Arc::clone(&error)))).collect()
        }
    }
}
