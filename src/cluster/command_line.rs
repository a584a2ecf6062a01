//! What each server is started with. The names are arangod's, so that the same line starts the
//! stand-in and the real program.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What every server is started with.
#[derive(Debug, Clone)]
pub struct Common {
    /// Where it listens, and what it advertises.
    pub endpoint: String,
    /// Where its data lies.
    pub data: PathBuf,
    /// Where its log goes.
    pub log: PathBuf,
    /// Where its temporary files go.
    pub temporary: PathBuf,
    /// Where its applications lie.
    pub applications: PathBuf,
    /// The secret file; without one everybody gets in.
    pub jwt_secret_file: Option<PathBuf>,
    /// Certificate and private key, for endpoints with TLS.
    pub key_file: Option<PathBuf>,
}

/// When the supervision acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supervision {
    /// How long a server may be silent before it counts as failed.
    pub grace_period: Duration,
    /// How long a server counts as good after a heartbeat.
    pub ok_threshold: Duration,
    /// The time between two rounds.
    pub frequency: Duration,
}

impl Default for Supervision {
    /// Those of arangod.
    fn default() -> Self {
        Self {
            grace_period: Duration::from_secs(10),
            ok_threshold: Duration::from_secs(5),
            frequency: Duration::from_secs(1),
        }
    }
}

/// What one agent is started with.
#[derive(Debug, Clone)]
pub struct AgentPlan {
    /// What every server is started with.
    pub common: Common,
    /// The endpoints of all agents.
    pub agents: Vec<String>,
    /// When the supervision acts; without it there is none.
    pub supervision: Option<Supervision>,
    /// Whether it waits for its disk; as it likes unless told.
    pub wait_for_sync: Option<bool>,
    /// Bounds of the election timeout.
    pub election_timeout: (Duration, Duration),
}

/// What one DB-server or coordinator is started with.
#[derive(Debug, Clone)]
pub struct MemberPlan {
    /// What every server is started with.
    pub common: Common,
    /// The word for its role.
    pub role: &'static str,
    /// The endpoints of all agents.
    pub agents: Vec<String>,
}

/// Collects options.
#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn option(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.push(format!("--{name}").into());
        self.0.push(value.into());
    }

    fn common(mut self, common: &Common) -> Vec<OsString> {
        self.option("server.endpoint", &common.endpoint);
        if let Some(file) = &common.key_file {
            self.option("ssl.keyfile", file);
        }
        match &common.jwt_secret_file {
            Some(file) => self.option("server.jwt-secret-keyfile", file),
            None => self.option("server.authentication", "false"),
        }
        // what a folder of the system says is not for servers of tests
        self.option("configuration", "none");
        self.option("database.directory", &common.data);
        self.option("temp.path", &common.temporary);
        self.option("temp.intermediate-results-path", common.temporary.join("rocksdb"));
        self.option("javascript.app-path", &common.applications);
        self.option("javascript.copy-installation", "false");
        self.option("http.trusted-origin", "all");
        self.option("log.file", &common.log);
        self.option("log.level", "agency=info");
        self.0
    }
}

fn seconds(time: Duration) -> String {
    time.as_secs_f64().to_string()
}

/// The words after the program's name, for an agent.
pub fn agent_arguments(plan: &AgentPlan) -> Vec<OsString> {
    let mut words = Words::default();
    words.option("agency.activate", "true");
    words.option("agency.size", plan.agents.len().to_string());
    for endpoint in &plan.agents {
        words.option("agency.endpoint", endpoint);
    }
    words.option("agency.my-address", &plan.common.endpoint);
    if let Some(wait) = plan.wait_for_sync {
        words.option("agency.wait-for-sync", wait.to_string());
    }
    words.option("agency.supervision", plan.supervision.is_some().to_string());
    if let Some(supervision) = &plan.supervision {
        words.option("agency.supervision-grace-period", seconds(supervision.grace_period));
        words.option("agency.supervision-ok-threshold", seconds(supervision.ok_threshold));
        words.option("agency.supervision-frequency", seconds(supervision.frequency));
    }
    words.option("agency.election-timeout-min", seconds(plan.election_timeout.0));
    words.option("agency.election-timeout-max", seconds(plan.election_timeout.1));
    words.common(&plan.common)
}

/// The words after the program's name, for a DB-server or coordinator.
pub fn member_arguments(plan: &MemberPlan) -> Vec<OsString> {
    let mut words = Words::default();
    words.option("cluster.my-role", plan.role);
    words.option("cluster.my-address", &plan.common.endpoint);
    for endpoint in &plan.agents {
        words.option("cluster.agency-endpoint", endpoint);
    }
    if plan.role == "COORDINATOR" {
        words.option("foxx.force-update-on-startup", "true");
        words.option("cluster.default-replication-factor", "2");
    }
    words.common(&plan.common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common() -> Common {
        Common {
            endpoint: "tcp://127.0.0.1:2".to_owned(),
            data: "/d/agent2/data".into(),
            log: "/d/agent2/log".into(),
            temporary: "/d/agent2/tmp".into(),
            applications: "/d/agent2/apps".into(),
            jwt_secret_file: Some("/d/secret".into()),
            key_file: None,
        }
    }

    fn agents() -> Vec<String> {
        vec!["tcp://127.0.0.1:1".to_owned(), "tcp://127.0.0.1:2".to_owned()]
    }

    fn line(words: &[OsString]) -> String {
        words.join(std::ffi::OsStr::new(" ")).to_string_lossy().into_owned()
    }

    #[test]
    fn m80_an_agent_is_started_with_arangods_options() {
        let mut plan = AgentPlan {
            common: common(),
            agents: agents(),
            supervision: Some(Supervision::default()),
            wait_for_sync: None,
            election_timeout: (Duration::from_millis(500), Duration::from_secs(2)),
        };
        let line = |plan: &AgentPlan| line(&agent_arguments(plan));
        assert_eq!(
            line(&plan),
            "--agency.activate true --agency.size 2 --agency.endpoint tcp://127.0.0.1:1 \
             --agency.endpoint tcp://127.0.0.1:2 --agency.my-address tcp://127.0.0.1:2 \
             --agency.supervision true --agency.supervision-grace-period 10 \
             --agency.supervision-ok-threshold 5 --agency.supervision-frequency 1 \
             --agency.election-timeout-min 0.5 --agency.election-timeout-max 2 \
             --server.endpoint tcp://127.0.0.1:2 --server.jwt-secret-keyfile /d/secret \
             --configuration none --database.directory /d/agent2/data --temp.path /d/agent2/tmp \
             --temp.intermediate-results-path /d/agent2/tmp/rocksdb \
             --javascript.app-path /d/agent2/apps --javascript.copy-installation false \
             --http.trusted-origin all --log.file /d/agent2/log --log.level agency=info"
        );
        plan.common.jwt_secret_file = None;
        assert!(line(&plan).contains("--server.authentication false"));
        plan.common.endpoint = "ssl://127.0.0.1:2".to_owned();
        plan.common.key_file = Some("/d/server.pem".into());
        let secure = "--server.endpoint ssl://127.0.0.1:2 --ssl.keyfile /d/server.pem";
        assert!(line(&plan).contains(secure), "{}", line(&plan));
        plan.supervision = None;
        assert!(line(&plan).contains("--agency.supervision false --agency.election"));
    }

    #[test]
    fn a_member_is_started_with_arangods_options() {
        let mut plan = MemberPlan { common: common(), role: "PRIMARY", agents: agents() };
        assert_eq!(
            line(&member_arguments(&plan)),
            "--cluster.my-role PRIMARY --cluster.my-address tcp://127.0.0.1:2 \
             --cluster.agency-endpoint tcp://127.0.0.1:1 \
             --cluster.agency-endpoint tcp://127.0.0.1:2 \
             --server.endpoint tcp://127.0.0.1:2 --server.jwt-secret-keyfile /d/secret \
             --configuration none --database.directory /d/agent2/data --temp.path /d/agent2/tmp \
             --temp.intermediate-results-path /d/agent2/tmp/rocksdb \
             --javascript.app-path /d/agent2/apps --javascript.copy-installation false \
             --http.trusted-origin all --log.file /d/agent2/log --log.level agency=info"
        );
        plan.role = "COORDINATOR";
        let coordinator = line(&member_arguments(&plan));
        let own =
            "--foxx.force-update-on-startup true --cluster.default-replication-factor 2 --server";
        assert!(coordinator.contains(own), "{coordinator}");
    }
}
