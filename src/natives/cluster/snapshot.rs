//! A cluster as a plain map, which can be written down and taken up again by `cluster::adopt`.

use serde_json::{Map, Value, json};

use super::handles::Cluster;
use super::provider::{InstanceFacts, InstanceState};
use crate::natives::{NativeContext, NativeResult};

/// Stands for what nobody may read.
const MASKED: &str = "***";

/// The form of these maps.
const VERSION: i64 = 2;

/// How a snapshot is made.
struct Writer<'a> {
    cluster: &'a Cluster,
    /// The secret, to be written down as it is or masked.
    secret: Value,
    jwt_files: Value,
    protocol: &'static str,
    agency: Value,
}

/// The map; secrets stand in it only if that is asked for.
pub(super) fn snapshot(
    cluster: &Cluster,
    with_secrets: bool,
    run: &NativeContext,
) -> NativeResult<Value> {
    let provider = cluster.provider();
    let facts = provider.instances(&run.deadline)?;
    let options = provider.options();
    let shown = |value: Value| match (&value, with_secrets) {
        (Value::Null, _) | (_, true) => value,
        (_, false) => MASKED.into(),
    };
    let file = options.get("jwt_secret_file").cloned().unwrap_or_default();
    let files = if file.is_null() { Value::Null } else { json!([file]) };
    let secret = provider.secret().map_or(Value::Null, Value::from);
    let is_agent = |facts: &&InstanceFacts| facts.role == "agent";
    let agents: Vec<&InstanceFacts> = facts.iter().filter(is_agent).collect();
    let writer = Writer {
        cluster,
        secret: shown(secret),
        jwt_files: shown(files),
        protocol: protocol(&facts),
        agency: agency(&agents, &options),
    };
    let leader = leader(cluster, &agents, run);
    Ok(writer.cluster(&facts, options, &leader, with_secrets))
}

fn protocol(facts: &[InstanceFacts]) -> &'static str {
    match facts.first().is_some_and(|one| one.url.starts_with("https:")) {
        true => "ssl",
        false => "tcp",
    }
}

/// The name of the agent that leads, if one is known to.
fn leader(cluster: &Cluster, agents: &[&InstanceFacts], run: &NativeContext) -> String {
    if agents.iter().all(|agent| agent.state != InstanceState::Running) {
        return String::new();
    }
    let leader = cluster.agency(&run.deadline).ok().and_then(|agency| agency.leader().ok());
    let own = |leader: &crate::client::Agent| {
        agents.iter().find(|agent| {
            agent.id.as_deref() == Some(&*leader.id) || agent.endpoint == leader.endpoint
        })
    };
    leader.as_ref().and_then(own).map(|agent| agent.name.clone()).unwrap_or_default()
}

fn places(facts: &[&InstanceFacts], place: fn(&InstanceFacts) -> &String) -> Value {
    facts.iter().map(|facts| Value::from(place(facts).clone())).collect()
}

/// The part that stands for the agency.
fn agency(agents: &[&InstanceFacts], options: &Map<String, Value>) -> Value {
    let launched = agents.iter().filter(|agent| agent.pid.is_some()).count();
    json!({
        "agencySize": agents.len(),
        "agencyInstances": agents.len(),
        "agentNames": places(agents, |facts| &facts.name),
        "supervision": options.get("supervision").and_then(Value::as_bool).unwrap_or(true),
        "waitForSync": options.get("wait_for_sync").and_then(Value::as_bool).unwrap_or(false),
        "agencyEndpoint": agents.first().map(|agent| &*agent.endpoint).unwrap_or_default(),
        "agentsLaunched": launched,
        "urls": places(agents, |facts| &facts.url),
        "endpoints": places(agents, |facts| &facts.endpoint),
    })
}

impl Writer<'_> {
    fn cluster(
        &self,
        facts: &[InstanceFacts],
        mut options: Map<String, Value>,
        leader: &str,
        with_secrets: bool,
    ) -> Value {
        let provider = self.cluster.provider();
        let of = |role: &str| facts.iter().filter(|one| one.role == role).collect::<Vec<_>>();
        let coordinators = of("coordinator");
        let front = if coordinators.is_empty() { of("agent") } else { coordinators };
        let more = options.get("arguments").cloned().unwrap_or_else(|| json!({}));
        if !with_secrets {
            mask_options(&mut options);
        }
        let instances: Vec<Value> =
            facts.iter().map(|one| self.instance(one, with_secrets)).collect();
        json!({
            "version": VERSION,
            "instanceCount": self.cluster.number(),
            "protocol": self.protocol,
            "cleanup": options.get("cleanup").and_then(Value::as_bool).unwrap_or(false),
            "options": options,
            "addArgs": masked_arguments(more, with_secrets),
            "rootDir": provider.root().map(|root| root.to_string_lossy().into_owned()),
            "leader": leader,
            "agencyConfig": self.agency,
            "httpAuthOptions": self.auth_options(),
            "urls": places(&front, |facts| &facts.url),
            "url": front.first().map(|one| &*one.url).unwrap_or_default(),
            "endpoints": places(&front, |facts| &facts.endpoint),
            "endpoint": front.first().map(|one| &*one.endpoint).unwrap_or_default(),
            "arangods": instances,
            "restKeyFile": self.jwt_files.get(0).unwrap_or(&self.jwt_files),
            "tcpdump": null,
        })
    }

    fn auth_options(&self) -> Value {
        match &self.secret {
            Value::Null => json!({}),
            secret => json!({ "jwt": secret }),
        }
    }

    fn instance(&self, facts: &InstanceFacts, with_secrets: bool) -> Value {
        let home = facts.data_dir.as_deref().and_then(std::path::Path::parent);
        let folder = |name: &str| home.map(|home| home.join(name).to_string_lossy().into_owned());
        let text = |path: &Option<std::path::PathBuf>| {
            path.as_ref().map(|path| path.to_string_lossy().into_owned())
        };
        let port = facts.url.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let is_there = matches!(facts.state, InstanceState::Running | InstanceState::Suspended);
        let exit = facts.exit.map(|exit| json!({ "exit": exit.code, "signal": exit.signal }));
        let arguments: Vec<Value> = facts.arguments.iter().cloned().map(Value::from).collect();
        json!({
            "name": facts.name,
            "instanceRole": facts.role,
            "message": "",
            "rootDir": home.map(|home| home.to_string_lossy().into_owned()),
            "protocol": self.protocol,
            "authHeaders": self.secret,
            "restKeyFile": self.jwt_files.get(0).unwrap_or(&self.jwt_files),
            "agencyConfig": self.agency,
            "upAndRunning": is_there,
            "suspended": facts.state == InstanceState::Suspended,
            "port": port,
            "url": facts.url,
            "endpoint": facts.endpoint,
            "dataDir": text(&facts.data_dir),
            "appDir": folder("apps"),
            "tmpDir": folder("tmp"),
            "logFile": text(&facts.log_file),
            "args": masked_arguments(arguments.into(), with_secrets),
            "pid": facts.pid,
            "id": facts.id,
            "JWT": self.secret,
            "jwtFiles": self.jwt_files,
            "exitStatus": exit,
            "serverCrashedLocal": facts.state == InstanceState::Crashed,
        })
    }
}

/// Masks what options say of secrets.
fn mask_options(options: &mut Map<String, Value>) {
    for (key, value) in options.iter_mut() {
        if key.contains("secret") || key.contains("password") {
            *value = MASKED.into();
        } else if key == "arguments" {
            *value = masked_arguments(value.take(), false);
        }
    }
}

/// Words of command lines, with the values of options that are about secrets masked.
fn masked_arguments(words: Value, with_secrets: bool) -> Value {
    let hides = |word: &str| word.contains("jwt-secret") || word.contains("password");
    match words {
        words if with_secrets => words,
        Value::Object(roles) => {
            let masked =
                roles.into_iter().map(|(role, words)| (role, masked_arguments(words, false)));
            Value::Object(masked.collect())
        }
        Value::Array(words) => {
            let mut hidden = false;
            let mask = |word: Value| {
                let text = word.as_str().unwrap_or_default();
                let is_value = std::mem::replace(&mut hidden, hides(text) && !text.contains('='));
                match text.split_once('=') {
                    _ if is_value => MASKED.into(),
                    Some((name, _)) if hides(name) => format!("{name}={MASKED}").into(),
                    _ => word,
                }
            };
            words.into_iter().map(mask).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m13_values_of_secret_options_are_masked() {
        let words = json!([
            "--server.jwt-secret",
            "s3cret",
            "--log.level",
            "x",
            "--server.jwt-secret=s3cret",
            "--server.password=s3cret",
            "--a",
            "b",
        ]);
        let masked = masked_arguments(json!({ "agent": words.clone() }), false);
        assert_eq!(
            masked["agent"],
            json!([
                "--server.jwt-secret",
                "***",
                "--log.level",
                "x",
                "--server.jwt-secret=***",
                "--server.password=***",
                "--a",
                "b",
            ])
        );
        assert_eq!(masked_arguments(words.clone(), true), words);
    }
}
