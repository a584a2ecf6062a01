//! Three processes of each kind.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value as Json;

use crate::connection::Connection;
use crate::load::{AGENCY_WRITE, ETCD_WRITE, Request};

const AGENCYSH: &str = env!("CARGO_BIN_EXE_agencysh");

/// A replicated store whose members can be killed and started again.
pub(crate) trait Servers {
    /// `host:port` of every member, in a fixed order.
    fn members(&self) -> Vec<String>;
    /// The member that says of itself that it leads, if the one asked does.
    fn leads(&self, member: usize) -> bool;
    /// Whether a member knows a leader.
    fn follows(&self, member: usize) -> bool;
    /// Ends a member with SIGKILL.
    fn kill(&mut self, member: usize);
    /// Starts a member that was killed.
    fn start_again(&mut self, member: usize);
    /// Process ids of all members.
    fn pids(&self) -> Vec<u32>;
    /// A write.
    fn write(&self) -> Request;

    /// The member that leads; waits until there is one.
    fn leader(&self) -> usize {
        let members = self.members().len();
        wait(|| (0..members).find(|member| self.leads(*member)))
    }

    /// `host:port` of the leader.
    fn leader_address(&self) -> String {
        self.members().swap_remove(self.leader())
    }

    /// Peak memory of every member so far, in bytes.
    fn peak_memory(&self) -> Vec<u64> {
        let peak = |pid: u32| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
        };
        self.pids().into_iter().map(peak).collect()
    }
}

/// Waits until there is something.
pub(crate) fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "the servers do not get ready");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ask(address: &str, ask: impl FnOnce(&mut Connection) -> std::io::Result<String>) -> Json {
    let connection = Connection::open_impatient(address, Duration::from_secs(1));
    let answer = connection.and_then(|mut connection| ask(&mut connection));
    answer.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn end(child: &mut Child, signal: Signal) {
    // It may have ended by itself.
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    let _ = child.wait();
}

/// What `cluster up` starts.
pub(crate) struct Agency {
    up: Child,
    topology: PathBuf,
    _data: tempfile::TempDir,
}

impl Agency {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let topology = data.path().join("t.json");
        let mut up = Command::new(AGENCYSH)
            .args(["cluster", "up", "--topology"])
            .arg(&topology)
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(up.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        Self { up, topology, _data: data }
    }

    fn agents(&self) -> Vec<Json> {
        let text = std::fs::read(&self.topology).unwrap();
        let topology: Json = serde_json::from_slice(&text).unwrap();
        topology["agents"].as_array().unwrap().clone()
    }

    fn config(&self, member: usize) -> Json {
        ask(&self.members()[member], |connection| connection.get("/_api/agency/config"))
    }

    /// The leader's term.
    pub(crate) fn term(&self) -> u64 {
        self.config(self.leader())["term"].as_u64().unwrap()
    }

    fn order(&self, action: &str, member: usize) {
        let agents = self.agents();
        let name = agents[member]["name"].as_str().unwrap();
        let mut command = Command::new(AGENCYSH);
        command.arg("--topology").arg(&self.topology).args(["cluster", action, name]);
        assert!(command.output().unwrap().status.success(), "cluster {action} {name}");
    }
}

impl Servers for Agency {
    fn members(&self) -> Vec<String> {
        let url = |agent: &Json| agent["url"].as_str().unwrap().replace("http://", "");
        self.agents().iter().map(url).collect()
    }

    fn leads(&self, member: usize) -> bool {
        let config = self.config(member);
        let id = &config["configuration"]["id"];
        config["leaderId"] == *id && id.is_string()
    }

    fn follows(&self, member: usize) -> bool {
        self.config(member)["leaderId"].as_str().is_some_and(|id| !id.is_empty())
    }

    fn kill(&mut self, member: usize) {
        let pid = self.pids()[member];
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    }

    fn start_again(&mut self, member: usize) {
        self.order("restart", member);
    }

    fn pids(&self) -> Vec<u32> {
        let pid = |agent: &Json| u32::try_from(agent["pid"].as_u64().unwrap()).unwrap();
        self.agents().iter().map(pid).collect()
    }

    fn write(&self) -> Request {
        AGENCY_WRITE
    }
}

impl Drop for Agency {
    fn drop(&mut self) {
        end(&mut self.up, Signal::SIGTERM);
    }
}

/// etcd with its defaults.
pub(crate) struct Etcd {
    processes: Vec<Child>,
    ports: Vec<u16>,
    data: tempfile::TempDir,
}

impl Etcd {
    /// Starts it, if it is installed.
    pub(crate) fn start() -> Option<Self> {
        Command::new("etcd").arg("--version").stdout(Stdio::null()).status().ok()?;
        let listeners: Vec<TcpListener> =
            (0..6).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        drop(listeners);
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut etcd = Self { processes: Vec::new(), ports, data };
        etcd.processes = (0..3).map(|member| etcd.spawn(member)).collect();
        etcd.leader();
        Some(etcd)
    }

    fn spawn(&self, member: usize) -> Child {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let members: Vec<String> =
            (0..3).map(|at| format!("m{at}={}", url(self.ports[at + 3]))).collect();
        let (client, peer) = (url(self.ports[member]), url(self.ports[member + 3]));
        Command::new("etcd")
            .args(["--name", &format!("m{member}")])
            .arg("--data-dir")
            .arg(self.data.path().join(format!("m{member}")))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &members.join(","), "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn status(&self, member: usize) -> Json {
        ask(&self.members()[member], |connection| connection.post("/v3/maintenance/status", "{}"))
    }
}

impl Servers for Etcd {
    fn members(&self) -> Vec<String> {
        self.ports[..3].iter().map(|port| format!("127.0.0.1:{port}")).collect()
    }

    fn leads(&self, member: usize) -> bool {
        let status = self.status(member);
        status["leader"].is_string() && status["leader"] == status["header"]["member_id"]
    }

    fn follows(&self, member: usize) -> bool {
        self.status(member)["leader"].as_str().is_some_and(|leader| leader != "0")
    }

    fn kill(&mut self, member: usize) {
        end(&mut self.processes[member], Signal::SIGKILL);
    }

    fn start_again(&mut self, member: usize) {
        self.processes[member] = self.spawn(member);
    }

    fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Child::id).collect()
    }

    fn write(&self) -> Request {
        ETCD_WRITE
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for process in &mut self.processes {
            end(process, Signal::SIGTERM);
        }
    }
}
