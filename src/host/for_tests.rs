//! What the tests of scripts need of a host, and nobody else.

use std::path::Path;
use std::time::Duration;

use rhai::EvalAltResult;

use super::{Host, HostError, Onlooker, Outcome, ScriptError, diagnosis};
use crate::client::{AgencyClient, Transaction};
use crate::natives::agency::AgencyTarget;
use crate::natives::cluster::{Cluster, Clusters};
use crate::natives::test::{Noted, TestState};
use crate::natives::{end_children, with_causes};

impl Host {
    /// As [`Self::run_script`] without arguments, with a deadline of its own; it ends at once when `cancelled` says so.
    pub(super) fn run_script_within(
        &self,
        path: &Path,
        text: &str,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let name = path.to_string_lossy();
        self.run_within(&name, text, Some(path), Vec::new(), limit, cancelled)
    }

    /// Starts the servers that the run is made for, or connects to its agency; nothing happens where there is none.
    pub(super) fn connect_within(
        &self,
        limit: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), HostError> {
        let _running = self.lock_run();
        self.begin(None, Some(limit));
        self.interrupt_if(cancelled);
        let connected = self.context.extension::<AgencyTarget>().client(&self.context.deadline);
        let error = match connected {
            Ok(_) => return Ok(()),
            Err(error) => error.into_engine_error(rhai::Position::NONE),
        };
        Err(self.explained(&error, "").into())
    }

    /// Writes to the run's agency, if there is one; tells why it could not.
    pub(super) fn write_within(
        &self,
        transaction: &Transaction,
        limit: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let _running = self.lock_run();
        self.begin(None, Some(limit));
        self.interrupt_if(cancelled);
        let client = self.context.extension::<AgencyTarget>().client(&self.context.deadline);
        let Some(client) = client.map_err(|error| error.message().to_owned())? else {
            return Ok(());
        };
        let outcome = client.with_timeout(limit).write(std::slice::from_ref(transaction));
        match outcome.map(|outcome| outcome.all_applied()) {
            Ok(true) => Ok(()),
            Ok(false) => Err("the agency refused it".to_owned()),
            Err(error) => Err(with_causes(&error)),
        }
    }

    /// A client of the run's agency, with limits of its own.
    pub(super) fn glance_at_agency(&self, limit: Duration) -> Option<AgencyClient> {
        Onlooker::new(self.context.extension(), true).client(limit)
    }

    /// The cluster that the run is made for.
    pub(super) fn current_cluster(&self) -> Option<Cluster> {
        self.context.extension::<Clusters>().current().ok().cloned()
    }

    /// Ends the children that scripts have started and that still run; gives their command lines.
    pub(super) fn end_children(&self) -> Vec<String> {
        end_children(&self.context)
    }

    /// Says that a test begins.
    pub(super) fn begin_test(&self, name: &str) {
        self.context.extension::<TestState>().begin(name);
    }

    /// Whether the test has noted a failure and gone on.
    pub(super) fn has_noted(&self) -> bool {
        self.context.extension::<TestState>().has_noted()
    }

    /// Says that the test has ended; gives the failures that it noted and went on after.
    pub(super) fn end_test(&self) -> Vec<ScriptError> {
        let noted = self.context.extension::<TestState>().end();
        let explained = |one: Noted| {
            let error = EvalAltResult::ErrorRuntime(one.error.into(), one.position);
            let name = one.source.unwrap_or_default();
            diagnosis::explain(
                &error,
                &name,
                &self.interpreter.sources,
                self.interpreter.engine.max_call_levels(),
                Vec::new,
            )
        };
        noted.into_iter().map(explained).collect()
    }
}
