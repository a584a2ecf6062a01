//! `dump`: what every agent of an agency has, in one archive, and what such archives hold.

mod error;
mod reading;
mod taking;
mod target;

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};

use super::{Raw, call};
use crate::document::Document;

pub(crate) use taking::cluster as dump_cluster;
pub(super) use taking::if_not_yet;

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::unwrap_used, reason = "the macro takes apart what the engine has checked")]
pub(super) mod natives {
    /// A dump that has been opened for reading.
    pub type Dump = crate::dump::Dump;

    /// Takes a dump: configuration, state with log, and tree of every agent that answers, without secrets.
    ///
    /// `dump::agency(cluster: Cluster | Agency, options?: map) -> map`
    ///
    /// Arguments: `cluster`; also a map that holds one under `cluster` or `agency`. Options: `output` (a folder; the cluster's `output_directory`, or "out"),
    /// `number` (the cluster's, for the name; 0 for agents alone), `format` ("zip", "gzip" or "json"), `request_timeout` (15, for each of an agent's three
    /// requests), `timeout` (300, for everything), `reason`, `test`, `secrets` (further texts to mask).
    /// Returns `archive`, its path; `files`, their names in it; `errors`, a map of `agent`, `file`, `kind`, `status`,
    /// `message` for each; `skipped`, a map of `agent` and `reason` for each agent that was not asked. Nothing is overwritten.
    /// Units: seconds.
    /// Errors: `dump.failed` (number 15) when the archive cannot be written; `permission.files` (11). Agents that fail are
    /// no error.
    /// Legacy: `agencyMgr.dumpAgency()`, which replaced earlier dumps.
    ///
    /// ```rhai
    /// let agency = agency::current();
    /// agency.set("Test/password", "sesame");
    /// let taken = dump::agency(agency, #{ output: fixture_dir, reason: "to see" });
    /// assert_eq(taken.archive, `${fixture_dir}/agencydump_${cluster::current().number}.zip`);
    /// assert(taken.errors.is_empty() && "agencyPlan_agent1.json" in taken.files);
    /// assert_eq(dump::open(taken.archive).tree().arango.Test.password, "***");
    /// ```
    #[rhai_fn(name = "agency", return_raw)]
    pub fn agency_plain(ctx: NativeCallContext, agency: Dynamic) -> Raw<Map> {
        call(&ctx, "dump::agency", |run| taking::agency(run, &agency, &Map::new()))
    }

    #[rhai_fn(name = "agency", return_raw)]
    pub fn agency_with(ctx: NativeCallContext, agency: Dynamic, options: Map) -> Raw<Map> {
        call(&ctx, "dump::agency", |run| taking::agency(run, &agency, &options))
    }

    /// Takes a dump of one agent.
    ///
    /// `dump::agent(cluster: Cluster | Agency, agent: string | Instance, options?: map) -> map`
    ///
    /// Arguments: `agent`, an id, a name such as `agent1`, a URL, or an instance of the cluster; the others as for `dump::agency`.
    /// Units: seconds.
    /// Errors: `agency.unknown_agent` (number 10); as for `dump::agency`.
    /// Legacy: `agencyMgr.dumpAgent(agent, path, method, name, dir)`, once for each file.
    ///
    /// ```rhai
    /// let agency = agency::current();
    /// let taken = dump::agent(agency, agency.leader(), #{ output: fixture_dir, format: "json" });
    /// assert_eq(taken.files.len(), 4);
    /// assert(fs::exists(taken.archive + "/manifest.json"));
    /// ```
    #[rhai_fn(name = "agent", return_raw)]
    pub fn agent_plain(ctx: NativeCallContext, agency: Dynamic, agent: Dynamic) -> Raw<Map> {
        call(&ctx, "dump::agent", |run| taking::agent(run, &agency, &agent, &Map::new()))
    }

    #[rhai_fn(name = "agent", return_raw)]
    pub fn agent_with(
        ctx: NativeCallContext,
        agency: Dynamic,
        agent: Dynamic,
        options: Map,
    ) -> Raw<Map> {
        call(&ctx, "dump::agent", |run| taking::agent(run, &agency, &agent, &options))
    }

    /// Takes a dump unless there is one for this reason already; also when the script's own deadline has passed.
    ///
    /// `dump::if_not_yet(cluster: Cluster | Agency, reason: string, options?: map) -> map | ()`
    ///
    /// Arguments: `reason`, one of `shutdown` and `forced`, once each, and `test_failed`, once for each `test`. Options as for
    /// `dump::agency` without `timeout` and `reason`, and `one_test_timeout` (900), `dump_agency_on_error` (the cluster's, or true: false switches all
    /// off), `dump_agency_on_shutdown` (likewise). Returns `()` when there is nothing to do. A dump that fails may be tried again.
    /// Units: seconds; it takes no longer than a tenth of `one_test_timeout`, and 90.
    /// Errors: `argument.invalid` (number 10) for another reason; as for `dump::agency`. The run's deadline ends it as everything.
    /// Legacy: `agencyMgr.dumpAgencyIfNotYet(forceTerminate, timeoutReached)`, which did nothing after a timeout.
    ///
    /// ```rhai
    /// let agency = agency::current();
    /// let options = #{ output: fixture_dir, test: "test_it" };
    /// assert(dump::if_not_yet(agency, "test_failed", options).archive.ends_with(".zip"));
    /// assert_eq(dump::if_not_yet(agency, "test_failed", options), ());
    /// options.dump_agency_on_error = false;
    /// assert_eq(dump::if_not_yet(agency, "forced", options), ());
    /// ```
    #[rhai_fn(name = "if_not_yet", return_raw)]
    pub fn if_not_yet_plain(ctx: NativeCallContext, agency: Dynamic, reason: &str) -> Raw<Dynamic> {
        call(&ctx, "dump::if_not_yet", |run| taking::if_not_yet(run, &agency, reason, &Map::new()))
    }

    #[rhai_fn(name = "if_not_yet", return_raw)]
    pub fn if_not_yet_with(
        ctx: NativeCallContext,
        agency: Dynamic,
        reason: &str,
        options: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "dump::if_not_yet", |run| taking::if_not_yet(run, &agency, reason, &options))
    }

    /// Opens a dump: a zip archive, a gzip or plain JSON text, a folder; also what others have recorded.
    ///
    /// `dump::open(path: string) -> Dump`
    ///
    /// Arguments: `path`.
    /// Units: at most 4 GiB for each file in it.
    /// Errors: `dump.unreadable` (number 14), `dump.malformed` (37), `permission.files` (11).
    /// Legacy: none.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/state.json", `{"agency": {"arango": {"a": 1}}, "log": []}`);
    /// assert_eq(dump::open(fixture_dir + "/state.json").tree().arango.a, 1);
    /// ```
    #[rhai_fn(name = "open", return_raw)]
    pub fn open(ctx: NativeCallContext, path: &str) -> Raw<Dump> {
        call(&ctx, "dump::open", |run| reading::open(run, path))
    }

    /// What differs between the trees of two dumps, by ascending path.
    ///
    /// `dump::diff(before: Dump | string, after: Dump | string, options?: map) -> array`
    ///
    /// Arguments: dumps, or their paths. Option `agent`: whose tree is meant, as for `tree`. Each element is a map of `path`,
    /// `before` and `after`, of which one is missing where there is nothing. Arrays are compared as a whole.
    /// Units: values from dumps of more than 1048576 bytes are documents if they are arrays or objects.
    /// Errors: as for `dump::open` and `tree`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.json", `{"agency": {"arango": {"a": 1, "b": 2}}}`);
    /// fs::write(fixture_dir + "/b.json", `{"agency": {"arango": {"a": 3, "c": 2}}}`);
    /// let found = dump::diff(fixture_dir + "/a.json", fixture_dir + "/b.json");
    /// assert_eq(found.len(), 3);
    /// assert_eq(found[0], #{ path: "/arango/a", before: 1, after: 3 });
    /// assert_eq(found[2], #{ path: "/arango/c", after: 2 });
    /// ```
    #[rhai_fn(name = "diff", return_raw)]
    pub fn diff_plain(ctx: NativeCallContext, before: Dynamic, after: Dynamic) -> Raw<Array> {
        call(&ctx, "dump::diff", |run| reading::diff(run, &before, &after, &Map::new()))
    }

    #[rhai_fn(name = "diff", return_raw)]
    pub fn diff_with(
        ctx: NativeCallContext,
        before: Dynamic,
        after: Dynamic,
        options: Map,
    ) -> Raw<Array> {
        call(&ctx, "dump::diff", |run| reading::diff(run, &before, &after, &options))
    }

    /// The agents in a dump.
    ///
    /// `dump.agents() -> array`
    ///
    /// Arguments: none. Each element is a map as in the manifest: `name`, `id`, `pid`, `url`, `state`, `leader`, `skipped`, `files`, `errors` …
    /// Units: none.
    /// Errors: none; a plain recording tells of no agents.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let taken = dump::agency(agency::current(), #{ output: fixture_dir });
    /// let agents = dump::open(taken.archive).agents();
    /// assert_eq(agents[0].name, "agent1");
    /// assert(agents[0].leader);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn agents(ctx: NativeCallContext, dump: &mut Dump) -> Raw<Array> {
        call(&ctx, "dump::agents", |_| reading::agents(dump))
    }

    /// What a dump tells of itself.
    ///
    /// `dump.manifest() -> map | ()`
    ///
    /// Arguments: none. Returns `reason`, `test`, `cluster`, `started`, `ended`, `program`, `version`, `agents`; `()` when the dump has none.
    /// Units: times in UTC, as text.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let taken = dump::agency(agency::current(), #{ output: fixture_dir, number: 7, reason: "to see" });
    /// let manifest = dump::open(taken.archive).manifest();
    /// assert_eq([manifest.cluster, manifest.reason], [7, "to see"]);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn manifest(ctx: NativeCallContext, dump: &mut Dump) -> Raw<Dynamic> {
        call(&ctx, "dump::manifest", |_| reading::manifest(dump))
    }

    /// The tree that an agent had.
    ///
    /// `dump.tree(agent?: string) -> Document`
    ///
    /// Arguments: `agent`, an id, name, process or URL; without it the leader, or whoever has most.
    /// Units: takes about twice the memory of its text.
    /// Errors: `agency.unknown_agent` (number 10), `dump.missing` (14), `dump.malformed` (37).
    /// Legacy: none.
    ///
    /// ```rhai
    /// agency::current().set("Test/tree", 7);
    /// let taken = dump::agency(agency::current(), #{ output: fixture_dir });
    /// assert_eq(dump::open(taken.archive).tree("agent1").arango.Test.tree, 7);
    /// ```
    #[rhai_fn(global, pure, name = "tree", return_raw)]
    pub fn tree_plain(ctx: NativeCallContext, dump: &mut Dump) -> Raw<Document> {
        call(&ctx, "dump::tree", |run| reading::tree(run, dump, None))
    }

    #[rhai_fn(global, pure, name = "tree", return_raw)]
    pub fn tree_of(ctx: NativeCallContext, dump: &mut Dump, agent: &str) -> Raw<Document> {
        call(&ctx, "dump::tree", |run| reading::tree(run, dump, Some(agent)))
    }

    /// The configuration that an agent told.
    ///
    /// `dump.config(agent?: string) -> Document`
    ///
    /// Arguments: `agent`, as for `tree`.
    /// Units: none.
    /// Errors: as for `tree`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let taken = dump::agency(agency::current(), #{ output: fixture_dir });
    /// let config = dump::open(taken.archive).config();
    /// assert_eq(config.leaderId, agency::current().leader());
    /// ```
    #[rhai_fn(global, pure, name = "config", return_raw)]
    pub fn config_plain(ctx: NativeCallContext, dump: &mut Dump) -> Raw<Document> {
        call(&ctx, "dump::config", |run| reading::config(run, dump, None))
    }

    #[rhai_fn(global, pure, name = "config", return_raw)]
    pub fn config_of(ctx: NativeCallContext, dump: &mut Dump, agent: &str) -> Raw<Document> {
        call(&ctx, "dump::config", |run| reading::config(run, dump, Some(agent)))
    }

    /// The log that an agent kept.
    ///
    /// `dump.log(agent?: string) -> Document`
    ///
    /// Arguments: `agent`, as for `tree`. The entries are as the agent gives them: `_key`, `term`, `request`, `clientId`, `timestamp` …
    /// Units: none.
    /// Errors: as for `tree`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// agency::current().set("Test/log", 7);
    /// let taken = dump::agency(agency::current(), #{ output: fixture_dir });
    /// let log = dump::open(taken.archive).log();
    /// assert("/arango/Test/log" in log[-1].request);
    /// ```
    #[rhai_fn(global, pure, name = "log", return_raw)]
    pub fn log_plain(ctx: NativeCallContext, dump: &mut Dump) -> Raw<Document> {
        call(&ctx, "dump::log", |run| reading::log(run, dump, None))
    }

    #[rhai_fn(global, pure, name = "log", return_raw)]
    pub fn log_of(ctx: NativeCallContext, dump: &mut Dump, agent: &str) -> Raw<Document> {
        call(&ctx, "dump::log", |run| reading::log(run, dump, Some(agent)))
    }
}
