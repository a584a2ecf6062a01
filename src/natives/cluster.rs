//! `cluster`: the servers that this run brought along.

use std::sync::Arc;

use rhai::plugin::*;
use rhai::{Array, Map};

use super::{NativeContext, NativeError, NativeResult, Raw, call};
use crate::deadline::Deadline;

/// One of the run's own servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnServer {
    /// Its id, such as `PRMR-…`.
    pub id: String,
    /// Its name in the run, such as `dbserver1`.
    pub name: String,
    /// `agent`, `dbserver` or `coordinator`.
    pub role: &'static str,
    /// The start of its URLs.
    pub url: String,
    /// `running`, `paused` or `stopped`.
    pub state: String,
}

/// Servers that belong to the run and end with it. All of them are started when nothing runs yet;
/// that ends when the deadline says so. A server is named by its id or its name.
pub trait OwnServers: Send + Sync {
    /// The agents that run, and all other servers.
    ///
    /// # Errors
    /// They do not start.
    fn servers(&self, deadline: &Deadline) -> NativeResult<Vec<OwnServer>>;

    /// Ends a server in good order and waits until it is gone.
    ///
    /// # Errors
    /// No such server runs.
    fn stop(&self, server: &str, deadline: &Deadline) -> NativeResult<()>;

    /// Ends a server at once.
    ///
    /// # Errors
    /// No such server runs.
    fn kill(&self, server: &str, deadline: &Deadline) -> NativeResult<()>;

    /// Suspends a server.
    ///
    /// # Errors
    /// No such server runs, or it cannot be suspended.
    fn pause(&self, server: &str, deadline: &Deadline) -> NativeResult<()>;

    /// Lets a suspended server go on.
    ///
    /// # Errors
    /// No such server is suspended.
    fn resume(&self, server: &str, deadline: &Deadline) -> NativeResult<()>;

    /// Starts a server again, with the same id and at the same place; returns when it serves.
    ///
    /// # Errors
    /// There is no such server, or it does not come back.
    fn restart(&self, server: &str, deadline: &Deadline) -> NativeResult<()>;

    /// Starts one more DB-server; gives its id.
    ///
    /// # Errors
    /// It does not start.
    fn add_dbserver(&self, deadline: &Deadline) -> NativeResult<String>;
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
            let servers = with_servers(run, |servers| servers.servers(&run.deadline))?;
            let agents = servers.into_iter().filter(|server| server.role == "agent");
            Ok(agents.map(|agent| Dynamic::from(agent.id)).collect())
        })
    }

    /// Tells of the run's own servers: the agents that run, and all DB-servers and coordinators.
    ///
    /// `cluster::servers() -> array`
    ///
    /// Arguments: none. Each element is a map of `id`, `name` (such as `dbserver1`), `role` (`agent`, `dbserver`, `coordinator`), `url` and `state` (`running`, `paused`, `stopped`).
    /// Units: none.
    /// Errors: `cluster.not_ours` (number 11) when the run's servers are not embedded; `cluster.start` (4).
    /// Legacy: none; `arangods` of an instance manager, with their processes.
    ///
    /// ```rhai
    /// let dbservers = cluster::servers().filter(|server| server.role == "dbserver");
    /// assert_eq!(dbservers[0].name, "dbserver1");
    /// assert(agency::current().exists("Plan/DBServers/" + dbservers[0].id));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn servers(ctx: NativeCallContext) -> Raw<Array> {
        call(&ctx, "cluster::servers", |run| {
            let servers = with_servers(run, |servers| servers.servers(&run.deadline))?;
            Ok(servers.into_iter().map(|server| Dynamic::from_map(as_map(server))).collect())
        })
    }

    /// Stops one of the run's own servers: a DB-server or coordinator logs off at the agency, an agent ends for good.
    ///
    /// `cluster::stop(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none; returns when the server is gone.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.wrong_state` (10) when it does not run; `cluster.not_ours` (11).
    /// Legacy: `instance.shutdownArangod(true)`.
    ///
    /// ```rhai
    /// let leader = agency::current().leader();
    /// cluster::stop(leader);
    /// assert(!(leader in cluster::agents()));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn stop(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::stop", |run| {
            with_servers(run, |servers| servers.stop(server, &run.deadline))
        })
    }

    /// Ends one of the run's own servers at once, as a crash would: nobody is told.
    ///
    /// `cluster::kill(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none; returns when the server is gone.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.wrong_state` (10) when it does not run; `cluster.not_ours` (11).
    /// Legacy: none; signal 9 to an instance's process.
    ///
    /// ```rhai
    /// let id = cluster::servers().find(|server| server.name == "dbserver1").id;
    /// cluster::kill("dbserver1");
    /// assert(agency::current().exists("Current/DBServers/" + id));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kill(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::kill", |run| {
            with_servers(run, |servers| servers.kill(server, &run.deadline))
        })
    }

    /// Suspends one of the run's own DB-servers or coordinators, as SIGSTOP does a process: it sends nothing, and requests wait.
    ///
    /// `cluster::pause(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.wrong_state` (10) when it does not run; `cluster.in_one_process` (11) for an agent; `cluster.not_ours` (11).
    /// Legacy: `instance.suspend()`.
    ///
    /// ```rhai
    /// cluster::pause("dbserver1");
    /// let paused = cluster::servers().find(|server| server.name == "dbserver1");
    /// assert_eq!(paused.state, "paused");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pause(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::pause", |run| {
            with_servers(run, |servers| servers.pause(server, &run.deadline))
        })
    }

    /// Lets a suspended server go on.
    ///
    /// `cluster::resume(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.wrong_state` (10) when it is not suspended; `cluster.not_ours` (11).
    /// Legacy: `instance.resume()`.
    ///
    /// ```rhai
    /// cluster::pause("coordinator1");
    /// cluster::resume("coordinator1");
    /// let coordinator = cluster::servers().find(|server| server.name == "coordinator1");
    /// assert_eq!(coordinator.state, "running");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn resume(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::resume", |run| {
            with_servers(run, |servers| servers.resume(server, &run.deadline))
        })
    }

    /// Starts one of the run's own DB-servers or coordinators again, with the same id and at the same place; one that runs is stopped first.
    ///
    /// `cluster::restart(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none; returns when the server is registered again.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.nothing_kept` (11) for an agent; `cluster.not_ours` (11); `cluster.start` (4).
    /// Legacy: `instance.restartOneInstance(options)`.
    ///
    /// ```rhai
    /// let id = cluster::servers().find(|server| server.name == "dbserver1").id;
    /// cluster::restart(id);
    /// assert_eq!(agency::current().get("Current/ServersKnown/" + id + "/rebootId"), 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn restart(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::restart", |run| {
            with_servers(run, |servers| servers.restart(server, &run.deadline))
        })
    }

    /// Starts one more DB-server among the run's own servers.
    ///
    /// `cluster::add_dbserver() -> string`
    ///
    /// Arguments: none.
    /// Units: an id, such as `PRMR-…`; returns when the server is registered.
    /// Errors: `cluster.not_ours` (number 11) when the run's servers are not embedded; `cluster.start` (4).
    /// Legacy: none.
    ///
    /// ```rhai
    /// let id = cluster::add_dbserver();
    /// assert_eq!(agency::current().get("Plan/DBServers/" + id), "none");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn add_dbserver(ctx: NativeCallContext) -> Raw<ImmutableString> {
        call(&ctx, "cluster::add_dbserver", |run| {
            with_servers(run, |servers| servers.add_dbserver(&run.deadline)).map(Into::into)
        })
    }
}

fn as_map(server: OwnServer) -> Map {
    let members = [
        ("id", server.id),
        ("name", server.name),
        ("role", server.role.to_owned()),
        ("url", server.url),
        ("state", server.state),
    ];
    members.into_iter().map(|(key, text)| (key.into(), Dynamic::from(text))).collect()
}
