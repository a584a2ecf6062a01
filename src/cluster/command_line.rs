//! What each server is started with. The names are arangod's, so that the same line starts the
//! stand-in and the real program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one agent is started with.
#[derive(Debug, Clone)]
pub struct AgentPlan {
    /// Where it listens, and what it advertises.
    pub endpoint: String,
    /// The endpoints of all agents.
    pub agents: Vec<String>,
    /// Where its data lies.
    pub data: PathBuf,
    /// Where its log goes.
    pub log: PathBuf,
    /// The secret file; without one everybody gets in.
    pub jwt_secret_file: Option<PathBuf>,
    /// Certificate and private key, for endpoints with TLS.
    pub key_file: Option<PathBuf>,
    /// How long a silent server counts as good.
    pub grace_period: Duration,
    /// Bounds of the election timeout.
    pub election_timeout: (Duration, Duration),
}

/// The words after the program's name.
pub fn arguments(plan: &AgentPlan) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: OsString| {
        words.push(format!("--{name}").into());
        words.push(value);
    };
    let text = |value: &str| OsString::from(value);
    let seconds = |time: Duration| OsString::from(time.as_secs_f64().to_string());
    let path = |path: &Path| path.as_os_str().to_owned();
    option("agency.activate", text("true"));
    option("agency.size", text(&plan.agents.len().to_string()));
    for endpoint in &plan.agents {
        option("agency.endpoint", text(endpoint));
    }
    option("agency.my-address", text(&plan.endpoint));
    option("agency.supervision", text("true"));
    option("agency.supervision-grace-period", seconds(plan.grace_period));
    option("agency.election-timeout-min", seconds(plan.election_timeout.0));
    option("agency.election-timeout-max", seconds(plan.election_timeout.1));
    option("server.endpoint", text(&plan.endpoint));
    if let Some(file) = &plan.key_file {
        option("ssl.keyfile", path(file));
    }
    match &plan.jwt_secret_file {
        Some(file) => option("server.jwt-secret-keyfile", path(file)),
        None => option("server.authentication", text("false")),
    }
    option("database.directory", path(&plan.data));
    option("log.file", path(&plan.log));
    option("log.level", text("agency=info"));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_started_with_arangods_options() {
        let mut plan = AgentPlan {
            endpoint: "tcp://127.0.0.1:2".to_owned(),
            agents: vec!["tcp://127.0.0.1:1".to_owned(), "tcp://127.0.0.1:2".to_owned()],
            data: "/d/agent2/data".into(),
            log: "/d/agent2/log".into(),
            jwt_secret_file: Some("/d/secret".into()),
            key_file: None,
            grace_period: Duration::from_secs(10),
            election_timeout: (Duration::from_millis(500), Duration::from_secs(2)),
        };
        let line = |plan: &AgentPlan| {
            let words: Vec<String> =
                arguments(plan).iter().map(|word| word.to_string_lossy().into_owned()).collect();
            words.join(" ")
        };
        assert_eq!(
            line(&plan),
            "--agency.activate true --agency.size 2 --agency.endpoint tcp://127.0.0.1:1 \
             --agency.endpoint tcp://127.0.0.1:2 --agency.my-address tcp://127.0.0.1:2 \
             --agency.supervision true --agency.supervision-grace-period 10 \
             --agency.election-timeout-min 0.5 --agency.election-timeout-max 2 \
             --server.endpoint tcp://127.0.0.1:2 --server.jwt-secret-keyfile /d/secret \
             --database.directory /d/agent2/data --log.file /d/agent2/log --log.level agency=info"
        );
        plan.jwt_secret_file = None;
        assert!(line(&plan).contains("--server.authentication false"));
        plan.endpoint = "ssl://127.0.0.1:2".to_owned();
        plan.key_file = Some("/d/server.pem".into());
        let secure = "--server.endpoint ssl://127.0.0.1:2 --ssl.keyfile /d/server.pem";
        assert!(line(&plan).contains(secure), "{}", line(&plan));
    }
}
