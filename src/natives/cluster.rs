//! `cluster`: the servers that this run brought along.

use std::sync::Arc;

use rhai::Array;
use rhai::plugin::*;

use super::{NativeContext, NativeError, NativeResult, Raw, call};
use crate::deadline::Deadline;

/// Servers that belong to the run and end with it.
pub trait OwnServers: Send + Sync {
    /// The ids of the agents that run, starting them when nothing runs yet; gives up when `deadline` says so.
    ///
    /// # Errors
    /// They do not start.
    fn agents(&self, deadline: &Deadline) -> NativeResult<Vec<String>>;

    /// Stops one agent for good and waits until it is gone.
    ///
    /// # Errors
    /// No such agent runs.
    fn stop(&self, id: &str, deadline: &Deadline) -> NativeResult<()>;
}

/// The run's own servers, put in by the host; most runs have none.
#[derive(Default)]
pub struct ClusterTarget(pub Option<Arc<dyn OwnServers>>);

fn with_servers<T>(
    run: &NativeContext,
    body: impl FnOnce(&dyn OwnServers) -> NativeResult<T>,
) -> NativeResult<T> {
    run.deadline.check()?;
    match &run.extension::<ClusterTarget>().0 {
        Some(servers) => body(servers.as_ref()),
        None => Err(NativeError::arango(
            "cluster.not_ours",
            11,
            "this run has no servers of its own to control: start it with --embedded",
        )),
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Tells which agents of the embedded agency run.
    ///
    /// `cluster::agents() -> array`
    ///
    /// Arguments: none.
    /// Units: ids, such as `AGNT-…`.
    /// Errors: `cluster.not_ours` (number 11) when the run's agency is not embedded; `cluster.start` (4).
    /// Legacy: `global.instanceManager.arangods`.
    ///
    /// ```rhai
    /// assert(agency::current().leader() in cluster::agents());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn agents(ctx: NativeCallContext) -> Raw<Array> {
        call(&ctx, "cluster::agents", |run| {
            let ids = with_servers(run, |servers| servers.agents(&run.deadline))?;
            Ok(ids.into_iter().map(Dynamic::from).collect())
        })
    }

    /// Stops one agent of the embedded agency for good, as a crash would.
    ///
    /// `cluster::stop(id: string) -> ()`
    ///
    /// Arguments: `id`, one of `cluster::agents()`.
    /// Units: none; returns when the agent is gone.
    /// Errors: `cluster.unknown_server` (number 10) when no such agent runs; `cluster.not_ours` (11).
    /// Legacy: `instance.shutdownArangod(true)`.
    ///
    /// ```rhai
    /// let leader = agency::current().leader();
    /// cluster::stop(leader);
    /// assert(!(leader in cluster::agents()));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn stop(ctx: NativeCallContext, id: &str) -> Raw<()> {
        call(&ctx, "cluster::stop", |run| {
            with_servers(run, |servers| servers.stop(id, &run.deadline))
        })
    }
}
