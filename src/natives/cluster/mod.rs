//! `cluster`: the servers that this run brought along, and clusters that scripts launch or adopt.
//!
//! * `provider`: what stands behind a cluster
//! * `handles`: what scripts hold; `properties`, `methods`, `instance`: what they see of it
//! * `settings`: what many instances are told at once; `shutdown`: their orderly end
//! * `snapshot`: a cluster as a plain map
//! * `target`: the clusters of a run

mod handles;
pub(super) mod instance;
pub(super) mod methods;
mod properties;
mod provider;
mod settings;
mod shutdown;
mod snapshot;
mod target;

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};
use serde_json::Value;

use super::{Gate, Last, NativeContext, NativeError, NativeResult, Raw, call, to_json};

pub use handles::{Cluster, Instance};
pub(super) use properties::register;
pub use provider::{
    Access, Adopted, Capabilities, Crash, InstanceAction, InstanceExit, InstanceFacts,
    InstanceState, Launcher, Provider,
};
pub use target::Clusters;

/// The run's own cluster.
fn current(run: &NativeContext) -> NativeResult<Cluster> {
    run.deadline.check()?;
    run.extension::<Clusters>().current().cloned()
}

/// Does something to an instance of the run's own cluster, called by its id or name.
fn act(run: &NativeContext, server: &str, action: InstanceAction) -> NativeResult<()> {
    let cluster = current(run)?;
    cluster.find(server, &run.deadline)?.act(action, &run.deadline)
}

/// The state in the words of `cluster::servers`.
fn word(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Suspended => "paused",
        other => other.name(),
    }
}

fn launch(run: &NativeContext, options: &Map) -> NativeResult<Cluster> {
    run.require(Gate::Processes)?;
    run.deadline.check()?;
    let Value::Object(options) = to_json(&Dynamic::from_map(options.clone()))? else {
        return Err(NativeError::bad_parameter("options must be a map"));
    };
    let clusters = run.extension::<Clusters>();
    let cluster = clusters.launch(&options)?;
    // it is there when the call returns
    cluster.agency(&run.deadline)?;
    Ok(cluster)
}

fn adopt(run: &NativeContext, source: &Dynamic) -> NativeResult<Cluster> {
    run.require(Gate::Processes)?;
    run.require(Gate::Network)?;
    let source = if source.is_string() {
        let path = source.to_string();
        Adopted::File(run.usable_path(path.as_ref(), Last::Followed)?)
    } else {
        match to_json(source)? {
            Value::Object(map) => Adopted::Map(map),
            _ => {
                return Err(super::argument::wrong_type(
                    "source",
                    "the name of a topology file, or a map",
                    source,
                ));
            }
        }
    };
    run.extension::<Clusters>().adopt(&source)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Starts a cluster, which ends with the run unless the script ends it before.
    ///
    /// `cluster::launch(options: map) -> Cluster`
    ///
    /// Arguments: `options` with `agents` (3, an odd number), `dbservers` (0), `coordinators` (0); `world`: "processes" or "embedded" ("processes");
    /// `arangod`, a program to start in place of the stand-in, such as a real arangod; `program`, what starts the stand-in where this program does not (or in `AGENCYSH_PROGRAM`);
    /// `supervision` (true), `supervision_grace_period` (10), `supervision_ok_threshold` (5, or half of the grace period if that is less), `supervision_frequency` (1);
    /// `wait_for_sync` (false); `arguments`, more words for command lines by role, such as `#{ agent: ["--log.level", "agency=trace"] }`; `jwt_secret_file`; `tls` (false);
    /// `root`, the folder for everything (a temporary one, with `name` in its own, which is removed unless somebody crashed or `cleanup` is false); `ports`, such as `[20000, 20100]` (any); `memory`, bytes for all servers together;
    /// `output_directory` ("out"), `dump_agency_on_error` (true), `dump_agency_on_shutdown` (true), `cleanup` (true); `on_crash`: "report" or "deadline" ("report").
    /// Units: seconds. Returns when the agency has a leader, and all servers are registered and in good health.
    /// Errors: `usage.agency_size`, `usage.options` (number 10); `cluster.unsupported` (9) for an option that servers inside this process cannot have;
    /// `cluster.start`, `cluster.not_ready`, `cluster.ended_at_start` and others (4); `permission.processes` (11).
    /// Legacy: `new instanceManager(…).launchInstance()`.
    ///
    /// ```rhai
    /// let c = cluster::launch(#{ world: "embedded", agents: 1, dbservers: 1 });
    /// assert_eq(c.world, "embedded");
    /// assert_eq(c.instances("dbserver").len(), 1);
    /// assert(c.agency().exists("Plan/Version"));
    /// ```
    #[rhai_fn(name = "launch", return_raw)]
    pub fn launch_native(ctx: NativeCallContext, options: Map) -> Raw<Cluster> {
        call(&ctx, "cluster::launch", |run| launch(run, &options))
    }

    /// Takes a cluster that exists already.
    ///
    /// `cluster::adopt(source: string | map) -> Cluster`
    ///
    /// Arguments: `source`, the topology file of a `cluster up`, which takes orders for its servers; or a map with `agents`, and perhaps `dbservers` and `coordinators`: arrays of endpoints, or of maps
    /// as in a topology file; and `jwt_secret_file`, `ca_file`, `insecure`; or a snapshot (see `cluster.snapshot`), whose processes can be suspended and ended. Servers that are known by their places alone cannot be suspended, ended or started.
    /// Units: none; nobody is asked before the cluster is used.
    /// Errors: `cluster.topology` and `cluster.no_topology` (number 10); `argument.type` (10); `permission.processes`, `permission.network` and `permission.files` (11).
    /// Legacy: `instanceManager.setFromStructure(structure)`.
    ///
    /// ```rhai
    /// let agent = cluster::current().find("agent1");
    /// let adopted = cluster::adopt(#{ agents: [agent.endpoint] });
    /// assert_eq(adopted.world, "adopted");
    /// assert(!adopted.capabilities().control);
    /// assert_eq(adopted.agency().leader(), agency::current().leader());
    /// ```
    #[rhai_fn(name = "adopt", return_raw)]
    pub fn adopt_native(ctx: NativeCallContext, source: Dynamic) -> Raw<Cluster> {
        call(&ctx, "cluster::adopt", |run| adopt(run, &source))
    }

    /// Gives the cluster that the run was started for.
    ///
    /// `cluster::current() -> Cluster`
    ///
    /// Arguments: none. Its servers are started when they are first asked for.
    /// Units: none.
    /// Errors: `cluster.not_ours` (number 11) when the run has none.
    /// Legacy: `global.instanceManager`.
    ///
    /// ```rhai
    /// assert_eq(cluster::current().find("agent1").role, "agent");
    /// ```
    #[rhai_fn(name = "current", return_raw)]
    pub fn current_native(ctx: NativeCallContext) -> Raw<Cluster> {
        call(&ctx, "cluster::current", current)
    }

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
            let all = current(run)?.provider().instances(&run.deadline)?;
            let agents = all
                .into_iter()
                .filter(|server| server.role == "agent" && server.state == InstanceState::Running);
            Ok(agents.filter_map(|agent| agent.id.map(Dynamic::from)).collect())
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
            let all = current(run)?.provider().instances(&run.deadline)?;
            Ok(all.into_iter().map(|server| Dynamic::from_map(as_map(server))).collect())
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
        call(&ctx, "cluster::stop", |run| act(run, server, InstanceAction::Stop))
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
        call(&ctx, "cluster::kill", |run| act(run, server, InstanceAction::Kill(9)))
    }

    /// Suspends one of the run's own servers, as SIGSTOP does a process: it sends nothing, and requests wait.
    ///
    /// `cluster::pause(server: string) -> ()`
    ///
    /// Arguments: `server`, the id or name of one of `cluster::servers()`.
    /// Units: none.
    /// Errors: `cluster.unknown_server` (number 10) when there is none such; `cluster.wrong_state` (10) when it does not run; `cluster.not_ours` (11).
    /// Legacy: `instance.suspend()`.
    ///
    /// ```rhai
    /// cluster::pause("dbserver1");
    /// let paused = cluster::servers().find(|server| server.name == "dbserver1");
    /// assert_eq!(paused.state, "paused");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pause(ctx: NativeCallContext, server: &str) -> Raw<()> {
        call(&ctx, "cluster::pause", |run| act(run, server, InstanceAction::Suspend))
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
        call(&ctx, "cluster::resume", |run| act(run, server, InstanceAction::Resume))
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
        call(&ctx, "cluster::restart", |run| act(run, server, InstanceAction::Restart(Vec::new())))
    }

    /// Starts one more DB-server among the run's own servers; as a method of a `Cluster` it gives the new `Instance`.
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
    /// assert_eq!(cluster::current().add_dbserver().name, "dbserver3");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn add_dbserver(ctx: NativeCallContext) -> Raw<ImmutableString> {
        call(&ctx, "cluster::add_dbserver", |run| {
            let cluster = current(run)?;
            let name = cluster.provider().add_dbserver(&run.deadline)?;
            let id = cluster.find(&name, &run.deadline)?.facts(&run.deadline)?.id;
            Ok(id.unwrap_or_default().into())
        })
    }
}

fn as_map(server: InstanceFacts) -> Map {
    let members = [
        ("id", server.id.unwrap_or_default()),
        ("name", server.name),
        ("role", server.role),
        ("url", server.url),
        ("state", word(server.state).to_owned()),
    ];
    members.into_iter().map(|(key, text)| (key.into(), Dynamic::from(text))).collect()
}
