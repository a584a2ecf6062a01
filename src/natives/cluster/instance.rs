//! The methods of an instance.

use std::time::Duration;

use rhai::plugin::*;
use rhai::{Dynamic, INT, Map};

use super::handles::Instance;
use super::properties::of_facts;
use super::provider::InstanceAction;
use crate::natives::argument::duration;
use crate::natives::http::{response_map, text_of};
use crate::natives::{NativeContext, NativeError, NativeResult, Options, Raw, call, to_json};

/// How long an answer may take unless told.
const TIMEOUT: Duration = Duration::from_secs(10);

fn act(run: &NativeContext, instance: &Instance, action: InstanceAction) -> NativeResult<()> {
    run.deadline.check()?;
    instance.act(action, &run.deadline)
}

/// Options of a command line: words, or a map of names and values.
fn words(arguments: &Dynamic) -> NativeResult<Vec<String>> {
    let wrong = || {
        crate::natives::argument::wrong_type(
            "arguments",
            "an array of strings, or a map of options",
            arguments,
        )
    };
    if let Some(map) = arguments.read_lock::<Map>() {
        let mut words = Vec::new();
        for (name, value) in map.iter() {
            let values = value.clone().into_array().unwrap_or_else(|_| vec![value.clone()]);
            words.extend(values.iter().flat_map(|value| [format!("--{name}"), value.to_string()]));
        }
        return Ok(words);
    }
    let list = arguments.clone().into_array().map_err(|_| wrong())?;
    list.into_iter().map(|word| word.into_string().map_err(|_| wrong())).collect()
}

fn request(
    run: &NativeContext,
    instance: &Instance,
    method: &str,
    path: &str,
    options: &Map,
) -> NativeResult<Map> {
    let options = Options::new(options, &["json", "timeout"])?;
    run.may_send(method, path)?;
    let body = options.value("json").map(to_json).transpose()?;
    let timeout = options.number("timeout")?.map_or(TIMEOUT, duration);
    let answer = instance.ask(method, path, body.as_ref(), timeout, &run.deadline)?;
    let mut map = response_map(&answer);
    map.insert("body".into(), text_of(answer.body).into());
    Ok(map)
}

/// The last lines of a text.
fn last_lines(text: &str, count: INT) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(usize::try_from(count).unwrap_or_default());
    lines.get(from..).unwrap_or_default().join("\n")
}

fn log_tail(instance: &Instance, lines: INT, run: &NativeContext) -> NativeResult<String> {
    let facts = instance.facts(&run.deadline)?;
    let Some(path) = facts.log_file else { return Ok(String::new()) };
    let text = std::fs::read(&path).map_err(|error| {
        let message = format!("the log of {}: {error}", instance.name());
        NativeError::arango("cluster.no_log", 2, message)
    })?;
    Ok(last_lines(&String::from_utf8_lossy(&text), lines))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::unwrap_used, reason = "the macro takes apart what the engine has checked")]
pub(in crate::natives) mod natives {
    /// Suspends an instance, as SIGSTOP does: it sends nothing, and requests to it wait.
    ///
    /// `instance.suspend() -> ()`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: `cluster.wrong_state` (number 10) when it does not run; `cluster.not_ours` (11) when nobody here can do that.
    /// Legacy: `instance.suspend()`.
    ///
    /// ```rhai
    /// let dbserver = cluster::current().find("dbserver1");
    /// dbserver.suspend();
    /// assert_eq(dbserver.state, "suspended");
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn suspend(ctx: NativeCallContext, instance: &mut Instance) -> Raw<()> {
        call(&ctx, "instance::suspend", |run| act(run, instance, InstanceAction::Suspend))
    }

    /// Lets a suspended instance go on.
    ///
    /// `instance.resume() -> ()`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: `cluster.wrong_state` (number 10) when it is not suspended; `cluster.not_ours` (11).
    /// Legacy: `instance.resume()`.
    ///
    /// ```rhai
    /// let dbserver = cluster::current().find("dbserver1");
    /// dbserver.suspend();
    /// dbserver.resume();
    /// assert_eq(dbserver.state, "running");
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn resume(ctx: NativeCallContext, instance: &mut Instance) -> Raw<()> {
        call(&ctx, "instance::resume", |run| act(run, instance, InstanceAction::Resume))
    }

    /// Ends an instance at once, as a crash would: nobody is told.
    ///
    /// `instance.kill(signal?: integer) -> ()`
    ///
    /// Arguments: `signal`, `process::SIGKILL` unless given; servers inside this process do not tell one signal from another.
    /// Units: none; returns when it is gone.
    /// Errors: `cluster.wrong_state` (number 10) when it does not run; `argument.invalid` (10) for a signal that there is not; `cluster.not_ours` (11).
    /// Legacy: `instance.killWithCoreDump()`, and signal 9 to its process.
    ///
    /// ```rhai
    /// let dbserver = cluster::current().find("dbserver1");
    /// dbserver.kill();
    /// assert_eq(dbserver.state, "stopped");
    /// assert(agency::current().exists("Current/DBServers/" + dbserver.id));
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn kill(ctx: NativeCallContext, instance: &mut Instance) -> Raw<()> {
        call(&ctx, "instance::kill", |run| act(run, instance, InstanceAction::Kill(9)))
    }

    #[rhai_fn(global, pure, name = "kill", return_raw)]
    pub fn kill_with(ctx: NativeCallContext, instance: &mut Instance, signal: INT) -> Raw<()> {
        call(&ctx, "instance::kill", |run| {
            let number = i32::try_from(signal).unwrap_or_default();
            act(run, instance, InstanceAction::Kill(number))
        })
    }

    /// Ends an instance in good order: a member logs off at the agency.
    ///
    /// `instance.stop() -> ()`
    ///
    /// Arguments: none.
    /// Units: none; returns when it is gone, which is forced after some time.
    /// Errors: `cluster.wrong_state` (number 10) when it does not run; `cluster.not_ours` (11).
    /// Legacy: `instance.shutdownArangod(false)`.
    ///
    /// ```rhai
    /// let dbserver = cluster::current().find("dbserver1");
    /// dbserver.stop();
    /// assert_eq(dbserver.state, "stopped");
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn stop(ctx: NativeCallContext, instance: &mut Instance) -> Raw<()> {
        call(&ctx, "instance::stop", |run| act(run, instance, InstanceAction::Stop))
    }

    /// Starts an instance again, with the same id and at the same place; one that runs is stopped first.
    ///
    /// `instance.restart(arguments?: array | map) -> ()`
    ///
    /// Arguments: `arguments`, options of its command line in place of those of the same names, as words or as a map such as `#{ "log.level": "agency=trace" }`; they stay for later restarts.
    /// Units: none; returns when it answers, and a member when it is registered again, within 60 s.
    /// Errors: `cluster.not_ready` and `cluster.ended_at_start` (number 4) when it does not come back; `cluster.unsupported` (9) for arguments of a server inside this process; `cluster.not_ours` (11).
    /// Legacy: `instance.restartOneInstance(moreArgs)`.
    ///
    /// ```rhai
    /// let dbserver = cluster::current().find("dbserver1");
    /// let before = dbserver.status();
    /// dbserver.restart();
    /// assert(dbserver.pid != before.pid && dbserver.port == before.port);
    /// assert_eq(agency::current().get("Current/ServersKnown/" + dbserver.id + "/rebootId"), 2);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn restart(ctx: NativeCallContext, instance: &mut Instance) -> Raw<()> {
        call(&ctx, "instance::restart", |run| {
            act(run, instance, InstanceAction::Restart(Vec::new()))
        })
    }

    #[rhai_fn(global, pure, name = "restart", return_raw)]
    pub fn restart_with(
        ctx: NativeCallContext,
        instance: &mut Instance,
        arguments: Dynamic,
    ) -> Raw<()> {
        call(&ctx, "instance::restart", |run| {
            act(run, instance, InstanceAction::Restart(words(&arguments)?))
        })
    }

    /// Tells all that is known of an instance.
    ///
    /// `instance.status() -> map`
    ///
    /// Arguments: none. The keys are the properties of instances (see `cluster.instances`) but `cluster` and `short_name`.
    /// Units: none.
    /// Errors: `cluster.unknown_server` (number 10) when it is there no more.
    /// Legacy: `instance.getStructure()`, `instance.status()`.
    ///
    /// ```rhai
    /// let status = cluster::current().find("agent1").status();
    /// assert_eq(status.state, "running");
    /// assert_eq(status.exit_status, ());
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn status(ctx: NativeCallContext, instance: &mut Instance) -> Raw<Map> {
        call(&ctx, "instance::status", |run| Ok(of_facts(instance.facts(&run.deadline)?)))
    }

    /// The last lines that an instance logged.
    ///
    /// `instance.log_tail(lines: integer) -> string`
    ///
    /// Arguments: `lines`, how many at most. Servers inside this process share its log: there is no text then.
    /// Units: none.
    /// Errors: `cluster.no_log` (number 2) when the file cannot be read.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(cluster::current().find("agent1").log_tail(10), "");
    /// ```
    #[rhai_fn(global, pure, name = "log_tail", return_raw)]
    pub fn log_tail_native(
        ctx: NativeCallContext,
        instance: &mut Instance,
        lines: INT,
    ) -> Raw<ImmutableString> {
        call(&ctx, "instance::log_tail", |run| log_tail(instance, lines, run).map(Into::into))
    }

    /// Sends an instance a request, with the credentials of its cluster; a redirect is an answer.
    ///
    /// `instance.request(method: string, path: string, options?: map) -> map`
    ///
    /// Arguments: `method`; `path`; `options` with `json` (any value, the body) and `timeout` (10). Returns `code`, `message`, `headers`, `body`, as `http::request` does.
    /// Units: seconds, cut to what the deadline leaves.
    /// Errors: `http.unreachable`, `http.timeout` and others (number 2001) when it does not answer; `permission.agency_writes` (11).
    /// Legacy: `agencyMgr.getAnyAgent(agent, path, method, body)`, which followed redirects.
    ///
    /// ```rhai
    /// let agent = cluster::current().find("agent1");
    /// let answer = agent.request("GET", "/_api/agency/config");
    /// assert_eq(answer.code, 200);
    /// assert_eq(json::parse(answer.body).configuration.id, agent.id);
    /// ```
    #[rhai_fn(global, pure, name = "request", return_raw)]
    pub fn request_plain(
        ctx: NativeCallContext,
        instance: &mut Instance,
        method: &str,
        path: &str,
    ) -> Raw<Map> {
        call(&ctx, "instance::request", |run| request(run, instance, method, path, &Map::new()))
    }

    #[rhai_fn(global, pure, name = "request", return_raw)]
    pub fn request_with(
        ctx: NativeCallContext,
        instance: &mut Instance,
        method: &str,
        path: &str,
        options: Map,
    ) -> Raw<Map> {
        call(&ctx, "instance::request", |run| request(run, instance, method, path, &options))
    }
}
