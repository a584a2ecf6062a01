//! Settings of many instances at once: all are tried, and failures told together.

use std::time::Duration;

use rhai::{Dynamic, Map};
use serde_json::Value;

use super::handles::{Cluster, Instance};
use super::provider::InstanceState;
use crate::natives::{NativeContext, NativeError, NativeResult, from_json, to_json};

/// How long one instance may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What agents can be told, and how they show it.
const OF_AGENTS: [(&str, &str); 5] = [
    ("delayAddFollower", "supervision delay add follower job time"),
    ("delayFailedFollower", "supervision delay failed follower job time"),
    ("failedLeaderAddsFollower", "supervision FailedLeader job adds a new follower"),
    ("gracePeriod", "supervision grace period"),
    ("okThreshold", "supervision ok threshold"),
];

/// The instances that run, of one role if that is given.
pub(super) fn running(
    cluster: &Cluster,
    role: Option<&str>,
    run: &NativeContext,
) -> NativeResult<Vec<Instance>> {
    let all = cluster.provider().instances(&run.deadline)?.into_iter();
    let wanted = all.filter(|facts| {
        facts.state == InstanceState::Running && role.is_none_or(|role| facts.role == role)
    });
    Ok(wanted.map(|facts| cluster.instance(facts.name)).collect())
}

/// What an instance answers, if it is 200.
pub(super) fn told(
    instance: &Instance,
    method: &str,
    path: &str,
    body: Option<&Value>,
    run: &NativeContext,
) -> NativeResult<Value> {
    let answer = instance.ask(method, path, body, TIMEOUT, &run.deadline)?;
    if answer.status != 200 {
        let text = String::from_utf8_lossy(&answer.body);
        let message = format!("{} answers {}: {}", instance.name(), answer.status, text.trim());
        let error = NativeError::arango("cluster.refused", 11, message);
        return Err(error.with_code(i64::from(answer.status)));
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Does something to each of them; one error tells of all that failed, and of what was done.
fn each(
    instances: &[Instance],
    run: &NativeContext,
    what: &str,
    act: impl Fn(&Instance) -> NativeResult<Dynamic>,
) -> NativeResult<Map> {
    run.require(crate::natives::Gate::AgencyWrites)?;
    let (mut done, mut failures) = (Map::new(), Map::new());
    for instance in instances {
        match act(instance) {
            Ok(result) => done.insert(instance.name().into(), result),
            Err(error) => {
                failures.insert(instance.name().into(), error.message().to_owned().into())
            }
        };
        run.deadline.check()?;
    }
    if failures.is_empty() {
        return Ok(done);
    }
    let names: Vec<String> = failures.keys().map(ToString::to_string).collect();
    let message = format!("{what} failed on {}", names.join(", "));
    let error = NativeError::arango("cluster.not_configured", 4, message);
    Err(error.with("failures", failures).with("previous", done))
}

/// Changes the configuration of all agents that run; gives what each had before.
pub(super) fn configure_agents(
    cluster: &Cluster,
    changes: &Map,
    run: &NativeContext,
) -> NativeResult<Map> {
    let agents = running(cluster, Some("agent"), run)?;
    // what an earlier call gave is set back
    let restores = !changes.is_empty() && changes.keys().all(|key| is_agent(cluster, key, run));
    if !restores {
        let known: Vec<&str> = OF_AGENTS.iter().map(|(key, _)| *key).collect();
        crate::natives::Options::new(changes, &known)?;
        for (key, value) in changes {
            check_setting(key, value)?;
        }
    }
    each(&agents, run, "the change of the configuration", |agent| {
        let own = match restores {
            true => changes.get(agent.name()).and_then(|own| own.clone().try_cast::<Map>()),
            false => Some(changes.clone()),
        };
        let Some(own) = own else { return Ok(Dynamic::UNIT) };
        let path = "/_api/agency/config";
        let before = told(agent, "GET", path, None, run)?;
        told(agent, "PUT", path, Some(&to_json(&Dynamic::from_map(own.clone()))?), run)?;
        let shown = OF_AGENTS.iter().filter(|(key, _)| own.contains_key(*key));
        let previous = shown.filter_map(|(key, label)| {
            let value = before.get("configuration")?.get(label)?;
            Some(((*key).into(), from_json(value.clone())))
        });
        Ok(Dynamic::from_map(previous.collect()))
    })
}

fn is_agent(cluster: &Cluster, name: &str, run: &NativeContext) -> bool {
    let facts = cluster.instance(name).facts(&run.deadline);
    facts.is_ok_and(|facts| facts.role == "agent")
}

/// Agents take what they can make something of; it is checked here, before any of them is told.
fn check_setting(key: &str, value: &Dynamic) -> NativeResult<()> {
    let number = crate::natives::options_number(value);
    let fits = match key {
        "failedLeaderAddsFollower" => value.is_bool(),
        "delayAddFollower" | "delayFailedFollower" => {
            number.is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
        }
        _ => number.is_some_and(|number| number > 0.0 && number.is_finite()),
    };
    if fits {
        return Ok(());
    }
    let wanted = match key {
        "failedLeaderAddsFollower" => "a boolean",
        "delayAddFollower" | "delayFailedFollower" => "a whole number of seconds from 0 on",
        _ => "a number of seconds above 0",
    };
    Err(NativeError::bad_parameter(format!("'{key}' must be {wanted}, not {value}")))
}

/// Sets a log level of all instances that run, or of those of one role; gives the levels that
/// each had before.
pub(super) fn set_log_level(
    cluster: &Cluster,
    role: Option<&str>,
    topic: &str,
    level: &str,
    run: &NativeContext,
) -> NativeResult<Map> {
    let instances = running(cluster, role, run)?;
    let change = serde_json::json!({ topic: level });
    each(&instances, run, "the change of the log level", |instance| {
        let path = "/_admin/log/level";
        let before = told(instance, "GET", path, None, run)?;
        told(instance, "PUT", path, Some(&change), run)?;
        let before = before.get(topic).and_then(Value::as_str).unwrap_or_default();
        Ok(before.to_lowercase().into())
    })
}
