//! The methods of a cluster.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};

use super::handles::{Cluster, Instance};
use super::properties::{of_capabilities, of_crash};
use super::settings::{configure_agents, set_log_level};
use super::shutdown::shut_down;
use super::snapshot::snapshot;
use crate::client::AgencyClient;
use crate::natives::agency::handle;
use crate::natives::{NativeResult, Options, Raw, argument, call, from_json};

fn listed(instances: Vec<Instance>) -> Array {
    instances.into_iter().map(Dynamic::from).collect()
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::unwrap_used, reason = "the macro takes apart what the engine has checked")]
pub(in crate::natives) mod natives {
    /// Gives the client of a cluster's agency.
    ///
    /// `cluster.agency() -> Agency`
    ///
    /// Arguments: none. Servers are started first unless they run.
    /// Units: none.
    /// Errors: `cluster.start` (number 4) and others of a cluster that does not start.
    /// Legacy: `global.instanceManager.agencyMgr`.
    ///
    /// ```rhai
    /// let agency = cluster::current().agency();
    /// assert_eq(agency.leader(), agency::current().leader());
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn agency(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<AgencyClient> {
        call(&ctx, "cluster::agency", |run| handle(&ctx, cluster.agency(&run.deadline)?))
    }

    /// Lists the instances of a cluster, or those of one role.
    ///
    /// `cluster.instances(role?: string) -> array`
    ///
    /// Arguments: `role`, one of `agent`, `dbserver`, `coordinator`. Agents come first, then DB-servers, then coordinators, each in start order.
    /// An `Instance` has the properties `name` (such as `dbserver1`), `role`, `id` (such as `PRMR-…`; `()` until it is known), `short_name` (such as `DBServer0001`; `()` for agents),
    /// `pid` (`()` once it has been stopped), `url`, `endpoint`, `port`, `state` ("running", "suspended", "stopped", "crashed"), `exit_status` (`()`, or a map with `exit` or `signal`),
    /// `data_dir`, `log_file`, `arguments` and `cluster`. Servers inside this process have numbers from 2147483648 on in place of a process.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) for another role; those of a cluster that does not start.
    /// Legacy: `global.instanceManager.arangods`.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// assert_eq(c.instances().map(|one| one.role), ["agent", "agent", "agent", "dbserver", "coordinator"]);
    /// let dbserver = c.instances("dbserver")[0];
    /// assert_eq(dbserver.name, "dbserver1");
    /// assert_eq(dbserver.state, "running");
    /// assert(c.agency().exists("Plan/DBServers/" + dbserver.id));
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn instances(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Array> {
        call(&ctx, "cluster::instances", |run| Ok(listed(cluster.instances(None, &run.deadline)?)))
    }

    #[rhai_fn(global, pure, name = "instances", return_raw)]
    pub fn instances_of(ctx: NativeCallContext, cluster: &mut Cluster, role: &str) -> Raw<Array> {
        call(&ctx, "cluster::instances", |run| {
            super::check_role(role)?;
            Ok(listed(cluster.instances(Some(role), &run.deadline)?))
        })
    }

    /// Finds an instance of a cluster.
    ///
    /// `cluster.find(called: string) -> Instance`
    ///
    /// Arguments: `called`, its id, name, short name, URL or endpoint.
    /// Units: none.
    /// Errors: `cluster.unknown_server` (number 10).
    /// Legacy: a loop over `global.instanceManager.arangods`.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// let dbserver = c.find("dbserver1");
    /// for called in [dbserver.id, dbserver.short_name, dbserver.url, dbserver.endpoint] {
    ///     assert_eq(c.find(called).name, "dbserver1");
    /// }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn find(ctx: NativeCallContext, cluster: &mut Cluster, called: &str) -> Raw<Instance> {
        call(&ctx, "cluster::find", |run| cluster.find(called, &run.deadline))
    }

    /// Tells what a script may expect of a cluster.
    ///
    /// `cluster.capabilities() -> map`
    ///
    /// Arguments: none. The keys are `real_servers`, `collections` (they hold documents), `coordinator_api`, `supervision`, `signals` (instances are processes),
    /// `control` (instances can be suspended, ended and started again) and `partition` (the network between them can be cut); each value is a boolean.
    /// Units: none.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let can = cluster::current().capabilities();
    /// assert(can.control && can.coordinator_api && !can.collections);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn capabilities(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Map> {
        call(&ctx, "cluster::capabilities", |_| {
            Ok(of_capabilities(cluster.provider().capabilities()))
        })
    }

    #[rhai_fn(global, pure, name = "add_dbserver", return_raw)]
    pub fn add_one(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Instance> {
        call(&ctx, "cluster::add_dbserver", |run| {
            let name = cluster.provider().add_dbserver(&run.deadline)?;
            Ok(cluster.instance(name))
        })
    }

    /// Cuts the network between groups of instances.
    ///
    /// `cluster.partition(groups: array)`
    ///
    /// Arguments: `groups`, an array of arrays; each element is an `Instance`, or its id, name, short name, URL or endpoint. Instances of different groups do not reach each other; those in no group,
    /// and those that are added later, make up a group of their own together. One that is started again stays in its group. The script itself still reaches everybody.
    /// What an instance sends across a cut gets no answer: it waits until its own time is up. A second call takes the place of the first.
    /// Units: none; the network is cut when the call returns.
    /// Errors: `cluster.unsupported` (number 9) unless the instances are inside this process, as `capabilities().partition` tells; `cluster.unknown_server` (10); `argument.invalid` (10) for an instance that is named twice;
    /// `argument.type` (10). Then nothing changes.
    /// Legacy: none; tests suspended servers.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// let old = c.agency().leader();
    /// c.partition([[old]]);
    /// c.agency().set("Test/while_cut", 1);   // another one leads
    /// assert(c.agency().leader() != old);
    /// c.heal();
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn partition(ctx: NativeCallContext, cluster: &mut Cluster, groups: Array) -> Raw<()> {
        call(&ctx, "cluster::partition", |run| {
            let groups = groups.iter().map(group_of_instances).collect::<NativeResult<Vec<_>>>()?;
            cluster.partition(&groups, &run.deadline)
        })
    }

    /// Lets all instances of a cluster reach each other again.
    ///
    /// `cluster.heal()`
    ///
    /// Arguments: none. Whatever waited for an instance across a cut goes on at once, or tries again. It does no harm where nothing is cut.
    /// Units: none.
    /// Errors: `cluster.unsupported` (number 9) as for `partition`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// c.partition([["dbserver1", "agent1"], ["coordinator1"]]);
    /// c.heal();
    /// assert(c.agency().exists("Plan"));
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn heal(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<()> {
        call(&ctx, "cluster::heal", |run| cluster.provider().heal(&run.deadline))
    }

    /// Tells which instances of a cluster have ended unasked.
    ///
    /// `cluster.check_alive() -> array`
    ///
    /// Arguments: none. Each element is a map of `instance`, `pid`, `exit` or `signal`, `end` (the same in words), `log` (the last lines it logged) and `files` (core files and reports of sanitizers).
    /// Units: an end is seen within 0.1 s.
    /// Errors: none.
    /// Legacy: `global.instanceManager.checkInstanceAlive()`.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// c.find("dbserver1").kill();
    /// assert_eq(c.check_alive(), []);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn check_alive(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Array> {
        call(&ctx, "cluster::check_alive", |_| {
            let crashes = cluster.provider().crashes();
            Ok(crashes.into_iter().map(|crash| Dynamic::from_map(of_crash(crash))).collect())
        })
    }

    /// Ends all instances of a cluster.
    ///
    /// `cluster.shutdown(options?: map) -> map`
    ///
    /// Arguments: `options` with `maintenance` (true: a coordinator is asked to let the supervision rest before the first server ends), `dump` (true: a dump of the agency is taken, unless the
    /// cluster was launched without) and `timeout` (666, then the end is forced).
    /// Coordinators end first, then DB-servers, then agents, each in reverse start order. Returns `clean` (nobody crashed, nobody was forced, nothing tells of trouble), `remains` (core files and reports of sanitizers, taken to the output directory), `exits` (the `exit_status` by name), `overdue` (names of those that were forced),
    /// `crashes` (as `check_alive` tells them), `dump` (the archive, `()`, or the error of one that failed) and `maintenance` (whether it was on). A cluster that nobody ends, ends with the run.
    /// Units: seconds; returns when all are gone.
    /// Errors: `cluster.not_ours` (number 11) for one that nobody here controls.
    /// Legacy: `global.instanceManager.shutdownInstance()`.
    ///
    /// ```rhai
    /// let c = cluster::launch(#{ world: "embedded", agents: 1 });
    /// assert_eq(c.instances().len(), 1);
    /// assert(c.shutdown(#{ dump: false }).clean);
    /// assert_eq(c.instances()[0].state, "stopped");
    /// ```
    #[rhai_fn(global, pure, name = "shutdown", return_raw)]
    pub fn shutdown_plain(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Map> {
        call(&ctx, "cluster::shutdown", |run| shut_down(cluster, &Map::new(), run))
    }

    #[rhai_fn(global, pure, name = "shutdown", return_raw)]
    pub fn shutdown_with(ctx: NativeCallContext, cluster: &mut Cluster, options: Map) -> Raw<Map> {
        call(&ctx, "cluster::shutdown", |run| shut_down(cluster, &options, run))
    }

    /// Gives a cluster as a plain map, which `cluster::adopt` takes up again, perhaps in another process.
    ///
    /// `cluster.snapshot(options?: map) -> map`
    ///
    /// Arguments: `options` with `secrets` (false: they are masked). The keys are those of arangosh's instance manager, and `version` and `instanceCount`; `arangods` lists the instances.
    /// Units: none.
    /// Errors: those of a cluster that does not start.
    /// Legacy: `instanceManager.getStructure()`, `instance.getStructure()`, `agencyMgr.getStructure()`.
    ///
    /// ```rhai
    /// let taken = cluster::current().snapshot();
    /// assert_eq(taken.agencyConfig.agencySize, 3);
    /// assert_eq(taken.arangods.map(|one| one.instanceRole).filter(|role| role != "agent"), ["dbserver", "coordinator"]);
    /// let again = cluster::adopt(taken);
    /// assert_eq(again.snapshot().arangods, taken.arangods);
    /// ```
    #[rhai_fn(global, pure, name = "snapshot", return_raw)]
    pub fn snapshot_plain(ctx: NativeCallContext, cluster: &mut Cluster) -> Raw<Dynamic> {
        call(&ctx, "cluster::snapshot", |run| Ok(from_json(snapshot(cluster, false, run)?)))
    }

    #[rhai_fn(global, pure, name = "snapshot", return_raw)]
    pub fn snapshot_with(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        options: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "cluster::snapshot", |run| {
            let with_secrets = Options::new(&options, &["secrets"])?.bool("secrets", false)?;
            Ok(from_json(snapshot(cluster, with_secrets, run)?))
        })
    }

    /// Changes the configuration of all agents that run.
    ///
    /// `cluster.configure_agents(changes: map) -> map`
    ///
    /// Arguments: `changes` with any of `gracePeriod`, `okThreshold`, `delayAddFollower`, `delayFailedFollower`, `failedLeaderAddsFollower`; or what an earlier call gave, which is set back.
    /// All agents are tried. Returns, by the name of each agent, what it had before.
    /// Units: seconds; the delays are whole ones.
    /// Errors: `argument.invalid` (number 10) before any agent is told; `cluster.not_configured` (4), whose `context` has `failures` and `previous`, after all were tried.
    /// Legacy: `agencyMgr.delaySupervisionFailoverActions(value)`, which stopped at the first failure.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// let before = c.configure_agents(#{ delayAddFollower: 7 });
    /// assert_eq(before.agent1.delayAddFollower, 0);
    /// assert_eq(c.configure_agents(before).agent1.delayAddFollower, 7);
    /// ```
    #[rhai_fn(global, pure, name = "configure_agents", return_raw)]
    pub fn configure_agents_native(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        changes: Map,
    ) -> Raw<Map> {
        call(&ctx, "cluster::configure_agents", |run| configure_agents(cluster, &changes, run))
    }

    /// Sets a log level of all instances that run, or of those of one role.
    ///
    /// `cluster.set_log_level(role: string | (), topic: string, level: string) -> map`
    ///
    /// Arguments: `role`, or `()` for all; `topic`, such as `agency`; `level`, such as `trace`. All instances are tried. Returns, by the name of each, its level before.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) for another role; `cluster.not_configured` (4) after all were tried.
    /// Legacy: `instance.setLogLevel(level)` and PUT `/_admin/log/level`.
    ///
    /// ```rhai
    /// let c = cluster::current();
    /// let before = c.set_log_level("agent", "supervision", "debug");
    /// assert_eq(before.keys(), ["agent1", "agent2", "agent3"]);
    /// c.set_log_level((), "supervision", before.agent1);
    /// ```
    #[rhai_fn(global, pure, name = "set_log_level", return_raw)]
    pub fn set_log_level_native(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        role: Dynamic,
        topic: &str,
        level: &str,
    ) -> Raw<Map> {
        call(&ctx, "cluster::set_log_level", |run| {
            let role = match role.is_unit() {
                true => None,
                false => Some(crate::natives::argument::text(&role, "role")?),
            };
            if let Some(role) = &role {
                super::check_role(role)?;
            }
            set_log_level(cluster, role.as_deref(), topic, level, run)
        })
    }
}

/// How the instances of one group are called.
fn group_of_instances(group: &Dynamic) -> NativeResult<Vec<String>> {
    let Some(members) = group.read_lock::<Array>() else {
        return Err(argument::wrong_type("a group", "an array", group));
    };
    let called = members.iter().map(|one| match one.read_lock::<Instance>() {
        Some(instance) => Ok(instance.name().to_owned()),
        None => argument::text(one, "an instance").map(Into::into),
    });
    called.collect()
}

fn check_role(role: &str) -> crate::natives::NativeResult<()> {
    if ["agent", "dbserver", "coordinator", "single"].contains(&role) {
        return Ok(());
    }
    let message = format!("a role is one of agent, dbserver, coordinator, not '{role}'");
    Err(crate::natives::NativeError::bad_parameter(message))
}
