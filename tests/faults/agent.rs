//! One agent: the real program, and what is done to it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use agencysh::cluster::{AgentPlan, agent_arguments};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// How many lines of a log are shown.
const TAIL: usize = 12;

/// An agent of the cluster.
pub struct Agent {
    pub id: String,
    /// Where it listens.
    pub address: String,
    words: Vec<OsString>,
    log: PathBuf,
    child: Option<Child>,
    paused: bool,
}

impl Agent {
    /// Starts the agent of that id, which listens at `address`.
    pub fn start(id: String, address: &str, plan: &AgentPlan, more: &[&str]) -> Self {
        let mut words = vec![OsString::from("arangod")];
        words.extend(agent_arguments(plan));
        words.extend(more.iter().map(OsString::from));
        let (address, log) = (address.to_owned(), plan.common.log.clone());
        let mut agent = Self { id, address, words, log, child: None, paused: false };
        agent.restart();
        agent
    }

    /// Starts it again, on the same data.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "{} runs", self.id);
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agencysh"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AGENCYSH_")) {
            command.env_remove(name);
        }
        let child = command
            .args(&self.words)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Tells it to end without any warning; several that are told so end at once.
    pub fn send_kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    /// Waits until it has ended.
    pub fn reap(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
        self.paused = false;
    }

    pub fn pause(&mut self) {
        self.signal(Signal::SIGSTOP);
        self.paused = true;
    }

    pub fn resume(&mut self) {
        self.signal(Signal::SIGCONT);
        self.paused = false;
    }

    /// Whether it runs and is not suspended.
    pub fn is_awake(&self) -> bool {
        self.child.is_some() && !self.paused
    }

    /// The number of its process.
    pub fn pid(&self) -> Pid {
        let child = self.child.as_ref().expect("the agent runs");
        Pid::from_raw(i32::try_from(child.id()).unwrap())
    }

    fn signal(&mut self, signal: Signal) {
        if let Some(child) = &mut self.child {
            assert!(
                matches!(child.try_wait(), Ok(None)),
                "{} has ended:\n{}",
                self.id,
                self.tail()
            );
            kill(self.pid(), signal).unwrap();
        }
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }

    /// The configuration that it shows, unless it does not answer.
    pub fn config(&self) -> Option<Value> {
        config_at(&self.address)
    }

    /// Tree and log that it shows.
    pub fn state(&self) -> Option<Value> {
        get(&self.address, "/_api/agency/state")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The configuration that the agent at an address shows.
pub fn config_at(address: &str) -> Option<Value> {
    get(address, "/_api/agency/config")
}

/// Whether an agent leads, in its own opinion, by the configuration that it shows.
pub fn leads(config: &Value) -> bool {
    config["leaderId"] == config["configuration"]["id"] && config["leaderId"] != json!("")
}

fn get(address: &str, path: &str) -> Option<Value> {
    static CLIENT: LazyLock<ureq::Agent> = LazyLock::new(|| {
        let config = ureq::Agent::config_builder();
        config.timeout_global(Some(Duration::from_secs(1))).build().new_agent()
    });
    let mut response = CLIENT.get(format!("http://{address}{path}")).call().ok()?;
    let text = response.body_mut().with_config().limit(1 << 26).read_to_vec().ok()?;
    serde_json::from_slice(&text).ok()
}

/// The folder with an agent's data.
pub fn data_in(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("agent{number}"))
}
