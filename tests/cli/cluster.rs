//! `cluster` and `arangod`: agents as processes.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Folder, Said, agencysh, program, said};

/// A cluster that ends with the test.
pub(crate) struct Up {
    process: Child,
    stderr: ChildStderr,
    topology: PathBuf,
    folder: Option<Folder>,
}

impl Up {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::start_in(Folder::new(), words)
    }

    fn start_in(folder: Folder, words: &[&str]) -> Self {
        let topology = folder.path().join("topology.json");
        let mut process = Command::new(env!("CARGO_BIN_EXE_agencysh"))
            .args(["cluster", "up", "--topology"])
            .arg(&topology)
            .arg("--data")
            .arg(folder.path().join("data"))
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = process.stderr.take().unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let mut up = Self { process, stderr, topology, folder: Some(folder) };
        if ready.trim() != format!("ready: {}", up.topology.display()) {
            let mut text = String::new();
            up.stderr.read_to_string(&mut text).unwrap();
            panic!("{ready:?}: {text}");
        }
        up
    }

    pub(crate) fn file(&self) -> &str {
        self.topology.to_str().unwrap()
    }

    /// What `cluster up` was given as its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("data")
    }

    /// A command for this cluster.
    pub(crate) fn order(&self, words: &[&str]) -> Said {
        agencysh(&[&["cluster"], words, &["--topology", self.file()]].concat())
    }

    /// A script against this cluster.
    pub(crate) fn eval(&self, code: &str) -> String {
        let said = agencysh(&["--topology", self.file(), "eval", code]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        said.stdout
    }

    pub(crate) fn agents(&self) -> Vec<Value> {
        let text = std::fs::read(&self.topology).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["agents"].as_array().unwrap().clone()
    }

    fn pid(&self, place: usize) -> Pid {
        Pid::from_raw(i32::try_from(self.agents()[place]["pid"].as_u64().unwrap()).unwrap())
    }

    /// Ends the cluster; its folder stays.
    fn down(mut self) -> Folder {
        assert_eq!(self.order(&["down"]).code, Some(0));
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        self.folder.take().unwrap()
    }

    /// Waits until the cluster has ended and gives its exit code and what it reported.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        (code, text)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
            kill(pid, Signal::SIGTERM).unwrap();
            self.process.wait().unwrap();
        }
    }
}

fn is_there(pid: Pid) -> bool {
    kill(pid, None).is_ok()
}

pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    crate::wait::wait_for(what, || holds().then_some(()));
}

#[test]
fn a_cluster_serves_an_empty_agency_and_leaves_nothing_behind() {
    let up = Up::start(&[]);
    assert_eq!(up.eval("agency::current().read([\"/\"])"), "{ }\n");
    let agents = up.agents();
    assert_eq!(agents.len(), 3);
    for (place, agent) in agents.iter().enumerate() {
        assert_eq!(agent["name"], format!("agent{}", place + 1));
        assert_eq!(agent["role"], "agent");
        assert!(agent["id"].as_str().unwrap().starts_with("AGNT-"), "{agent}");
        assert!(agent["endpoint"].as_str().unwrap().starts_with("tcp://127.0.0.1:"), "{agent}");
        assert!(Path::new(agent["data"].as_str().unwrap()).is_dir(), "{agent}");
        let log = std::fs::read_to_string(agent["log"].as_str().unwrap()).unwrap();
        assert!(log.contains(&format!("agent {} serves", agent["id"].as_str().unwrap())), "{log}");
    }
    let status = up.order(&["status"]);
    assert_eq!((status.code, status.stdout.lines().count()), (Some(0), 3), "{}", status.stdout);
    let pids = [up.pid(0), up.pid(1), up.pid(2)];
    let topology = up.topology.clone();
    assert_eq!(up.order(&["down"]).code, Some(0));
    assert_eq!(up.ended(), (Some(0), String::new()));
    assert!(!topology.exists());
    assert!(pids.iter().all(|pid| !is_there(*pid)));
}

#[test]
fn sigterm_ends_a_cluster_in_good_order() {
    let up = Up::start(&["--agents", "1"]);
    let agent = up.pid(0);
    kill(Pid::from_raw(i32::try_from(up.process.id()).unwrap()), Signal::SIGTERM).unwrap();
    let topology = up.topology.clone();
    assert_eq!(up.ended(), (Some(0), String::new()));
    assert!(!is_there(agent) && !topology.exists());
}

#[test]
fn what_was_written_survives_the_death_of_all_agents() {
    let up = Up::start(&[]);
    assert_eq!(up.eval("let a = agency::current(); a.set(\"x\", 41); a.increment(\"x\"); ()"), "");
    let before: Vec<Value> = up.agents();
    assert_eq!(up.order(&["kill", "agent1", "agent2", "agent3"]).code, Some(0));
    assert_eq!(up.order(&["restart", "agent1", "agent2", "agent3"]).code, Some(0));
    assert_eq!(up.eval("print(agency::current().get(\"x\"))"), "42\n");
    for (old, new) in before.iter().zip(up.agents()) {
        assert_eq!((&old["id"], &old["url"]), (&new["id"], &new["url"]));
        assert_ne!(old["pid"], new["pid"]);
    }
}

#[test]
fn a_leader_can_be_paused_and_resumed() {
    let up = Up::start(&[]);
    up.eval("agency::current().set(\"x\", 1); ()");
    let leader = up.eval("agency::current().leader()");
    let leader = leader.trim();
    assert_eq!(up.order(&["pause", leader]).code, Some(0));
    up.eval("agency::current().increment(\"x\"); ()");
    let others = format!("print(agency::current().leader() != \"{leader}\")");
    assert_eq!(up.eval(&others), "true\n");
    let refused = up.order(&["pause", leader]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("it is paused"), "{}", refused.stderr);
    assert_eq!(up.order(&["resume", leader]).code, Some(0));
    wait_for("all agents know the leader", || {
        up.eval("print(agency::current().health().healthy)") == "true\n"
    });
    assert_eq!(up.eval("print(agency::current().get(\"x\"))"), "2\n");
}

#[test]
fn a_server_that_ends_unasked_is_reported() {
    let up = Up::start(&[]);
    let victim = up.pid(1);
    kill(victim, Signal::SIGKILL).unwrap();
    wait_for("the status shows the crash", || up.order(&["status"]).code == Some(5));
    let status = up.order(&["status"]).stdout;
    assert!(status.contains("agent2       crashed"), "{status}");
    assert!(status.contains("signal 9 (SIGKILL)"), "{status}");
    up.order(&["restart", "agent2"]);
    assert_eq!(up.order(&["status"]).code, Some(0));
    up.order(&["down"]);
    let (_, report) = up.ended();
    assert!(report.contains("agent2") && report.contains("signal 9"), "{report}");
}

/// Sends a request to the first agent; its status and the text of its answer.
fn ask(up: &Up, method: &str, path: &str, body: &str) -> (u16, String) {
    let url = format!("{}{path}", up.agents()[0]["url"].as_str().unwrap());
    let request = ureq::http::Request::builder().method(method).uri(url).body(body).unwrap();
    let mut response = ureq::run(request).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

#[test]
fn the_log_of_an_agent_can_be_made_quiet_and_loud_again() {
    let up = Up::start(&["--agents", "1"]);
    let level = |level: &str| {
        let body = format!(r#"{{"agency":"{level}"}}"#);
        let (status, text) = ask(&up, "PUT", "/_admin/log/level", &body);
        let expected = format!(r#""agency":"{}""#, level.to_uppercase());
        assert!(status == 200 && text.contains(&expected), "{text}");
    };
    level("error");
    level("warning");
    level("debug");
    let log = std::fs::read_to_string(up.agents()[0]["log"].as_str().unwrap()).unwrap();
    let changes: Vec<&str> = log.lines().filter(|line| line.contains("levels changed")).collect();
    assert!(changes.len() == 1 && changes[0].contains("debug"), "{log}");
}

#[test]
fn an_agent_that_is_asked_to_end_does_so_and_has_not_crashed() {
    let up = Up::start(&[]);
    assert_eq!(ask(&up, "DELETE", "/_admin/shutdown", ""), (200, "\"OK\"".to_owned()));
    wait_for("the agent has ended", || up.order(&["status"]).stdout.contains("agent1       ended"));
    let status = up.order(&["status"]);
    assert_eq!(status.code, Some(0));
    assert!(status.stdout.contains("exit status 0"), "{}", status.stdout);
    up.eval("agency::current().set(\"x\", 1); ()");
    assert_eq!(up.order(&["restart", "agent1"]).code, Some(0));
    up.order(&["down"]);
    let (code, report) = up.ended();
    assert_eq!(code, Some(0));
    assert!(report.contains("agent1") && report.contains("exit status 0"), "{report}");
    assert!(!report.contains("unasked"), "{report}");
}

#[test]
fn an_agent_remembers_where_the_others_are_announced() {
    let up = Up::start(&[]);
    let agents = up.agents();
    let (id, url) = (agents[1]["id"].as_str().unwrap(), agents[1]["url"].as_str().unwrap());
    let endpoint = url.replace("http://127.0.0.1", "tcp://localhost");
    let leader = up.eval("agency::current().leader()");
    let leader = agents.iter().find(|agent| agent["id"] == leader.trim()).unwrap();
    let to = format!("{}/_api/agency/config", leader["url"].as_str().unwrap());
    let body = serde_json::json!({ id: endpoint }).to_string();
    assert_eq!(ureq::post(to).send(body).unwrap().status(), 200);
    wait_for("all agents keep it", || {
        agents.iter().all(|agent| {
            let file = Path::new(agent["data"].as_str().unwrap()).join("pool.json");
            std::fs::read_to_string(file).unwrap().contains(&endpoint)
        })
    });
}

#[test]
fn an_agency_can_begin_with_the_state_of_another_one() {
    let folder = Folder::new();
    // More than one portion.
    let big = "x".repeat(600 << 10);
    let tree = serde_json::json!({ "arango": {
        "Plan": { "Version": 7, "a": big, "b": big, "c": {}, "d": [1, null, 2.5] },
        "Current": { "op": { "op": "delete" } },
    }});
    let plain = folder.file("tree.json", tree.to_string());
    let first = Up::start(&["--agents", "1", "--from", &plain]);
    let read = |up: &Up| -> Value {
        let (status, text) = ask(up, "POST", "/_api/agency/read", r#"[["/"]]"#);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()[0].clone()
    };
    assert!(read(&first) == tree);
    let (_, state) = ask(&first, "GET", "/_api/agency/state", "");
    let dump = folder.file("state.json", state);
    let second = Up::start(&["--agents", "1", "--from", &dump]);
    assert!(read(&second) == tree);
}

#[test]
fn only_an_empty_agency_can_be_filled_and_only_with_a_tree() {
    let folder = Folder::new();
    let tree = folder.file("tree.json", r#"{"a":1}"#);
    let data = folder.path().join("kept").to_string_lossy().into_owned();
    let topology = folder.path().join("t.json");
    let words = |data: &str, from: &str| {
        let from = ["cluster", "up", "--agents", "1", "--data", data, "--from", from];
        [&["--topology", topology.to_str().unwrap()], &from[..]].concat().join("\u{1f}")
    };
    let run_in =
        |data: &str, from: &str| agencysh(&words(data, from).split('\u{1f}').collect::<Vec<_>>());
    let run = |from: &str| run_in(&data, from);
    let missing = run("/no/such/dump");
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("/no/such/dump"), "{}", missing.stderr);
    assert_eq!(run(&folder.file("number", "7")).code, Some(2));
    assert!(!Path::new(&data).exists(), "nothing was started");

    let other = folder.path().join("other").to_string_lossy().into_owned();
    let odd = run_in(&other, &folder.file("odd.json", r#"{"a":{"b/c":1}}"#));
    assert_eq!(odd.code, Some(1));
    assert!(odd.stderr.contains("does not take"), "{}", odd.stderr);

    let mut up = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(words(&data, &tree).split('\u{1f}'))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(up.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    kill(Pid::from_raw(i32::try_from(up.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert!(up.wait().unwrap().success() && ready.starts_with("ready: "), "{ready}");

    let again = run(&tree);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("holds an agency already"), "{}", again.stderr);
    assert!(!topology.exists());
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    let up = Up::start(&["--agents", "1"]);
    let unknown = up.order(&["kill", "agent9"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("agent9") && unknown.stderr.contains("agent1"));
    assert_eq!(up.order(&["resume", "agent1"]).code, Some(1));
    up.order(&["kill", "agent1"]);
    assert_eq!(up.order(&["kill", "agent1"]).code, Some(1));
    assert_eq!(agencysh(&["cluster", "status"]).code, Some(2));
    assert_eq!(agencysh(&["cluster", "status", "--topology", "/no/such"]).code, Some(2));
    let by_variable =
        said(program().env("AGENCYSH_TOPOLOGY", "/no/such").args(["cluster", "status"]));
    assert!(by_variable.stderr.contains("'/no/such'"), "{}", by_variable.stderr);
    assert_eq!(agencysh(&["cluster", "up", "--agents", "2"]).code, Some(2));
    let said = agencysh(&["cluster", "up", "--topology", "/no/such/folder/t.json"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("folder that does not exist"), "{}", said.stderr);
    let said = agencysh(&["cluster", "up", "--agents", "1", "--arangod", "/no/such/arangod"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("/no/such/arangod"), "{}", said.stderr);
    let said = agencysh(&["cluster", "up", "--agents", "1", "--arangod", "/bin/false"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("exit status 1"), "{}", said.stderr);
}

#[test]
fn a_secret_keeps_strangers_out() {
    let folder = Folder::new();
    let secret = folder.file("secret", "s3cret\n");
    let up = Up::start(&["--agents", "3", "--jwt-secret-file", &secret]);
    assert_eq!(up.eval("agency::current().set(\"x\", 1); ()"), "");
    let endpoint = up.agents()[0]["endpoint"].as_str().unwrap().to_owned();
    let said = agencysh(&["--endpoint", &endpoint, "eval", "agency::current().get(\"x\")"]);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let log = std::fs::read_to_string(up.agents()[0]["log"].as_str().unwrap()).unwrap();
    assert!(!log.contains("s3cret"));
}

#[test]
fn agents_sign_with_a_private_key() {
    let folder = Folder::new();
    let secret = folder.file("key.pem", include_str!("../../src/auth/tests/ec.pem"));
    let up = Up::start(&["--agents", "3", "--jwt-secret-file", &secret]);
    assert_eq!(up.eval("agency::current().set(\"x\", 1); ()"), "");
    let endpoint = up.agents()[0]["endpoint"].as_str().unwrap().to_owned();
    let public = folder.file("public.pem", include_str!("../../src/auth/tests/ec-public.pem"));
    let words = [
        "--endpoint",
        &endpoint,
        "--jwt-secret-file",
        &public,
        "eval",
        "agency::current().get(\"x\")",
    ];
    assert_ne!(agencysh(&words).code, Some(0), "a public key signs nothing");
    let words = ["arangod", "--agency.activate", "true", "--server.jwt-secret-keyfile", &public];
    let said = agencysh(&words);
    assert!(said.code == Some(2) && said.stderr.contains("cannot sign"), "{}", said.stderr);
}

#[test]
fn arangod_refuses_what_it_cannot_be_and_names_what_it_does_not_know() {
    for (words, part) in [
        (&["--agency.sizes", "3"][..], "--agency.size"),
        (&["--agency.activate", "true", "--agency.size", "2"], "odd"),
        (&["--agency.activate", "false"], "--agency.activate true"),
        (&["--agency.activate", "true", "--server.endpoint", "udp://127.0.0.1:1"], "udp://"),
        (&["--agency.activate", "true", "--server.jwt-secret-keyfile", "/no/such"], "/no/such"),
        (&["--agency.activate", "true", "--agency.election-timeout-min", "9"], "election-timeout"),
        (&["--agency.activate", "true", "--ssl.cafile", "x.pem"], "certificates of clients"),
        (&["--agency.activate", "true", "--log.level", "loud"], "loud"),
        (&["--agency.activate", "true", "--log.output", "nowhere"], "nowhere"),
        (&["--agency.activate", "true", "--log.file", "/no/such/log"], "/no/such/log"),
    ] {
        let said = agencysh(&[&["arangod"], words].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
    let said = agencysh(&["arangod", "--help"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("--agency.endpoint") && !said.stdout.contains("foxx"));
}

#[test]
fn a_cluster_goes_on_in_its_folder_at_the_ports_it_had() {
    let up = Up::start(&[]);
    up.eval("agency::current().set(\"/kept\", \"here\"); 0");
    let urls = |up: &Up| up.agents().iter().map(|agent| agent["url"].clone()).collect::<Vec<_>>();
    let before = urls(&up);
    let folder = up.down();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    for words in [["--agents", "1"], ["--port-base", "1024"]] {
        let said = agencysh(&[&["cluster", "up", "--data", &data], &words[..]].concat());
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains("know each other at the ports"), "{}", said.stderr);
    }
    let up = Up::start_in(folder, &[]);
    assert_eq!(urls(&up), before);
    assert_eq!(up.eval("agency::current().get(\"/kept\")").trim(), "here");
}

#[test]
fn a_running_cluster_keeps_its_folder_and_its_topology_file() {
    let up = Up::start(&["--agents", "1"]);
    let data = up.data().to_string_lossy().into_owned();
    let other = up.data().join("other.json").to_string_lossy().into_owned();
    let said = agencysh(&["cluster", "up", "--data", &data, "--topology", &other]);
    assert!(said.stderr.contains("is used by a cluster that runs"), "{}", said.stderr);
    let said = agencysh(&["cluster", "up", "--topology", up.file()]);
    assert!(said.stderr.contains("belongs to a cluster that runs"), "{}", said.stderr);
    assert_eq!(said.code, Some(1));
    assert_eq!(up.order(&["status"]).code, Some(0));
}

#[test]
fn a_cluster_can_be_told_to_end_while_it_starts() {
    let folder = Folder::new();
    // A program that never becomes an agent.
    let program = folder.path().join("arangod");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let data = folder.path().join("data");
    let mut process = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["cluster", "up", "--agents", "1", "--arangod"])
        .arg(&program)
        .arg("--data")
        .arg(&data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("the agent is started", || data.join("agent1/log").exists());
    kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), Signal::SIGTERM).unwrap();
    let mut text = String::new();
    process.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("interrupted"), "{text}");
}

#[test]
fn a_cluster_whose_ready_nobody_reads_ends_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let topology = folder.path().join("topology.json");
    let data = folder.path().join("data");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["cluster", "up", "--agents", "1", "--topology"])
        .arg(&topology)
        .arg("--data")
        .arg(&data)
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(!topology.exists());
    let log = std::fs::read_to_string(data.join("agent1/log")).unwrap();
    assert!(log.contains("ends"), "{log}");
}

#[test]
fn a_deadline_ends_a_cluster_with_exit_code_124() {
    let folder = Folder::new();
    let topology = folder.path().join("topology.json").to_string_lossy().into_owned();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let words = ["cluster", "up", "--agents", "1", "--data", &data, "--topology", &topology];
    // while it starts, and while it runs
    let soon = agencysh(&[&words[..], &["--deadline", "0.001"]].concat());
    assert_eq!((soon.code, &*soon.stdout), (Some(124), ""), "{}", soon.stderr);
    assert!(soon.stderr.contains("the deadline has passed"), "{}", soon.stderr);
    let later = agencysh(&[&words[..], &["--deadline", "5"]].concat());
    assert_eq!(later.code, Some(124), "{}", later.stderr);
    assert_eq!(later.stdout, format!("ready: {topology}\n"));
    assert!(!Path::new(&topology).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn an_agent_that_somebody_else_suspends_is_told_to_be_paused() {
    let up = Up::start(&["--agents", "1"]);
    let state = || {
        let said = up.order(&["status"]).stdout;
        said.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    kill(up.pid(0), Signal::SIGSTOP).unwrap();
    wait_for("it is paused", || state() == "paused");
    assert_eq!(up.order(&["resume", "agent1"]).code, Some(0));
    assert_eq!(state(), "running");
    assert_eq!(up.order(&["pause", "agent1"]).code, Some(0));
    assert_eq!(state(), "paused");
    kill(up.pid(0), Signal::SIGCONT).unwrap();
    wait_for("it runs", || state() == "running");
}

#[test]
fn a_port_that_is_taken_is_named_with_what_may_help() {
    let up = Up::start(&["--agents", "1"]);
    let port = up.agents()[0]["url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let folder = up.down();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let _taken = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let said = agencysh(&["cluster", "up", "--agents", "1", "--data", &data]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let place = format!("agent1 cannot listen on 127.0.0.1:{port}");
    assert!(said.stderr.contains(&place), "{}", said.stderr);
    assert!(said.stderr.contains("end what listens there"), "{}", said.stderr);
}

#[test]
fn agents_that_know_each_other_with_tls_start_with_it_only() {
    for (first, then) in [(&["--tls"][..], &[][..]), (&[], &["--tls"])] {
        let folder = Up::start(&[&["--agents", "1"], first].concat()).down();
        let data = folder.path().join("data").to_string_lossy().into_owned();
        let words = ["cluster", "up", "--agents", "1", "--data", &data];
        let said = agencysh(&[&words[..], then].concat());
        let wanted = if then.is_empty() { "start them with --tls" } else { "without --tls" };
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains(wanted), "{}", said.stderr);
        drop(Up::start_in(folder, &[&["--agents", "1"], first].concat()));
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_a_usage_error() {
    let words = ["cluster", "up", "--agents", "1", "--jwt-secret-file", "/no/such/file"];
    let said = agencysh(&words);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("cannot read secrets from '/no/such/file'"), "{}", said.stderr);
}
