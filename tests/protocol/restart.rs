//! F4: agents that are stopped, or killed, and started again on their directories.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use agencysh::standin::agent::{
    self, AgentConfig, AgentError, AgentHandle, CompactionRule, Role, Storage,
};
use agencysh::standin::{Contents, EmbeddedAgency, StandinError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Agency, config, send, try_send, wait_for};

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn often(c: &mut AgentConfig) {
    c.compaction = CompactionRule { step: 10, keep: 15 };
}

fn state(url: &str) -> Value {
    send("GET", &format!("{url}/_api/agency/state"), &[], b"").json()
}

fn keys(state: &Value) -> Vec<u64> {
    let log = state["log"].as_array().unwrap();
    log.iter().map(|e| e["_key"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn f4_i6_an_agency_that_was_stopped_comes_back_as_it_was() {
    let directory = directory();
    let agency = Agency::kept_in(directory.path(), |_| {});
    let ids = agency.agents.agent_ids();
    assert_eq!(config(&agency.leader())["configuration"]["startup"], json!("origin"));
    for n in 0..20 {
        agency.written(json!([[{ format!("f4/{n}"): [n, 0.5, "é\u{0}"] }, {}, format!("f4-{n}")]]));
    }
    let tree = agency.read("/f4");
    let log = state(&agency.leader())["log"].clone();
    let (index, term) = (agency.commit_index(), config(&agency.leader())["term"].as_u64());
    agency.agents.shutdown();

    let agency = Agency::kept_in(directory.path(), |_| {});
    assert_eq!(agency.agents.agent_ids(), ids);
    let leader = agency.leader();
    let shown = config(&leader);
    assert_eq!(shown["configuration"]["startup"], json!("persistence"));
    assert!(shown["term"].as_u64() > term, "{shown}");
    assert_eq!(agency.read("/f4"), tree);
    // The leadership is one more entry.
    let again = state(&leader)["log"].clone();
    let again = again.as_array().unwrap();
    assert_eq!(json!(again[..log.as_array().unwrap().len()]), log);
    assert_eq!(agency.post("inquire", &json!(["f4-0", "f4-19"])).results(), [2, 21]);
    assert!(agency.written(json!([[{ "f4/more": 1 }]]))[0] > index + 1);
    let pool = agency.read("/.agency")[".agency"]["pool"].clone();
    assert_eq!(pool[&ids[0]], json!(agency.url_of(&ids[0]).replace("http", "tcp")));
}

#[test]
fn f4_what_is_before_the_newest_snapshot_is_shown_but_not_retained() {
    let directory = directory();
    let agency = Agency::kept_in(directory.path(), often);
    for n in 0..58 {
        agency.written(json!([[{ format!("f4/{n}"): n }, {}, format!("f4-{n}")]]));
    }
    // 1 is the leadership, 2 the first write.
    let shown = config(&agency.leader());
    assert_eq!(shown["commitIndex"], json!(59));
    assert_eq!(
        (&shown["lastCompactionAt"], &shown["nextCompactionAfter"]),
        (&json!(50), &json!(60))
    );
    assert_eq!(keys(&state(&agency.leader())), (35..=59).collect::<Vec<_>>());
    assert_eq!(agency.post("inquire", &json!(["f4-34"])).results(), [36], "before the restart");
    let tree = agency.read("/f4");
    let leader = agency.leader_id();
    agency.agents.stop_agent(&leader).unwrap();
    agency.agents.shutdown();

    let agency = Agency::kept_in(directory.path(), often);
    // Its leadership is entry 60, at which it compacts again.
    let leader = agency.leader();
    wait_for("the leadership to be committed", || (agency.commit_index() >= 60).then_some(()));
    assert_eq!(agency.read("/f4"), tree);
    let shown = state(&leader);
    assert_eq!(keys(&shown)[0], 45, "of what is persisted, everything from there on");
    let inquire = |n: u64| agency.post("inquire", &json!([format!("f4-{n}")])).results();
    assert_eq!((inquire(47), inquire(48), inquire(57)), (vec![0], vec![50], vec![59]));
    let poll = |index: u64| agency.get(&format!("/_api/agency/poll?index={index}")).json();
    assert_eq!(poll(49)["result"]["firstIndex"], json!(0), "a snapshot");
    assert_eq!(poll(50)["result"]["firstIndex"], json!(50));
    assert_eq!(poll(50)["result"]["log"][0]["index"], json!(50));
}

#[test]
fn f4_a_follower_that_was_started_again_catches_up() {
    // From entries, and from a snapshot.
    for (writes, rule) in
        [(30, CompactionRule::default()), (80, CompactionRule { step: 10, keep: 15 })]
    {
        let directory = directory();
        let agency = Agency::kept_in(directory.path(), |c| c.compaction = rule);
        agency.written(json!([[{ "before": 1 }]]));
        let leader = agency.leader_id();
        let follower = agency.agents.agent_ids().into_iter().find(|id| *id != leader).unwrap();
        agency.agents.stop_agent(&follower).unwrap();
        for n in 0..writes {
            agency.written(json!([[{ "f4": { "op": "increment" } }, {}, format!("f4-{n}")]]));
        }
        agency.agents.restart_agent(&follower).unwrap();
        let url = agency.url_of(&follower);
        let stores = |url: &str| send("GET", &format!("{url}/_api/agency/stores"), &[], b"").json();
        wait_for("the follower to catch up", || {
            (config(&url)["commitIndex"] == json!(agency.commit_index())).then_some(())
        });
        assert_eq!(stores(&url)["read_db"], stores(&agency.leader())["read_db"]);
        assert_eq!(config(&url)["configuration"]["startup"], json!("persistence"));
        // What it was sent is on its disk, too.
        agency.agents.stop_agent(&follower).unwrap();
        agency.agents.restart_agent(&follower).unwrap();
        wait_for("the follower to be there again", || {
            (config(&url)["commitIndex"] == json!(agency.commit_index())).then_some(())
        });
        assert_eq!(stores(&url)["read_db"], stores(&agency.leader())["read_db"]);
    }
}

#[test]
fn f4_only_a_stopped_agent_with_a_directory_is_started_again() {
    let agency = EmbeddedAgency::start(3).unwrap();
    let id = agency.agent_ids().remove(1);
    let running = agency.restart_agent(&id);
    assert!(matches!(running, Err(StandinError::NothingKept { .. })), "{running:?}");
    agency.stop_agent(&id).unwrap();
    let forgotten = agency.restart_agent(&id);
    assert!(matches!(forgotten, Err(StandinError::NothingKept { .. })), "{forgotten:?}");
}

#[test]
fn f4_another_pool_is_refused() {
    let directory = directory();
    Agency::kept_in(directory.path(), |_| {}).agents.shutdown();
    for agents in [1, 5] {
        let other = EmbeddedAgency::start_in(directory.path(), agents, Contents::Empty, |_| {});
        let refused = matches!(other, Err(StandinError::Agent(AgentError::Pool { before: 3, .. })));
        assert!(refused, "{other:?}");
    }
    Agency::kept_in(directory.path(), |_| {}).agents.shutdown();
}

#[test]
fn f4_a_single_agent_elects_itself_again() {
    let directory = directory();
    let runtime = Runtime::new().unwrap();
    let start = || {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let id = agent::agent_id(directory.path()).unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let mut config = AgentConfig::new(&id, &endpoint, vec![(id.clone(), endpoint.clone())]);
        config.storage = Storage::Disk(directory.path().to_owned());
        let agent = runtime.block_on(agent::start(listener, config)).unwrap();
        wait_for("a leader", || matches!(agent.role(), Role::Leader { .. }).then_some(()));
        agent
    };
    let post = |agent: &AgentHandle, endpoint: &str, body: &str| {
        let url = format!("{}/_api/agency/{endpoint}", agent.url());
        send("POST", &url, &[], body.as_bytes())
    };
    let first = start();
    assert_eq!(post(&first, "write", r#"[[{"f4":1},{},"one"]]"#).results(), [2]);
    runtime.block_on(first.shutdown());
    let second = start();
    assert_eq!(config(second.url())["term"], json!(2));
    assert_eq!(post(&second, "inquire", r#"["one"]"#).results(), [2]);
    assert_eq!(post(&second, "write", r#"[[{"f4":2}]]"#).results(), [4]);
    runtime.block_on(second.shutdown());
}

/// Ends the process it stands for without any warning.
struct Killed(Child);

impl Killed {
    /// Starts an agency in a process of its own; the URLs of its agents.
    fn start(directory: &Path) -> (Self, Vec<String>) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "restart::agency_to_be_killed", "--ignored", "--nocapture"]);
        command.env("AGENCY_DIRECTORY", directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines
            .map(Result::unwrap)
            .find_map(|l| l.split_once("agents: ").map(|(_, urls)| urls.to_owned()));
        let urls = line.unwrap().split(' ').map(str::to_owned).collect();
        (Self(child), urls)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: what runs in the process that is killed.
#[test]
#[ignore = "run by other tests in a process of its own"]
#[allow(clippy::print_stdout, reason = "its output is read by the test that started it")]
fn agency_to_be_killed() {
    let Some(directory) = std::env::var_os("AGENCY_DIRECTORY") else { return };
    let agency = Agency::kept_in(Path::new(&directory), often);
    println!("agents: {}", agency.agents.endpoints().join(" "));
    // Ends with whoever started it, at the latest.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Every write that was acknowledged is there after the kill, once; of the others, each is
/// there once or not at all, and the agency knows which.
#[test]
fn f4_no_acknowledged_write_is_lost_or_doubled_when_the_agents_are_killed() {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 3;
    let directory = directory();
    let mut acknowledged = Vec::new();
    let mut unknown = Vec::new();
    for round in 0..ROUNDS {
        let (agents, urls) = Killed::start(directory.path());
        let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (urls, done, over) = (&urls, &done, &over);
                    scope.spawn(move || write_until_killed(round, writer, urls, done, over))
                })
                .collect();
            wait_for("writes", || (done.load(Ordering::Relaxed) > 100).then_some(()));
            drop(agents);
            over.store(true, Ordering::Relaxed);
            for writer in writers {
                let (known, last) = writer.join().unwrap();
                acknowledged.extend(known);
                unknown.extend(last);
            }
        });
    }
    let agency = Agency::kept_in(directory.path(), often);
    let tree = agency.read("/kill")["kill"].clone();
    for key in &acknowledged {
        assert_eq!(tree[key], json!(1), "{key}");
    }
    let written = tree.as_object().unwrap();
    assert!(written.values().all(|count| *count == json!(1)), "{tree}");
    let others = written.keys().filter(|key| !acknowledged.contains(key));
    assert!(others.into_iter().all(|key| unknown.contains(key)), "{tree}");
    let index = agency.commit_index();
    assert!(agency.written(json!([[{ "after": 1 }]]))[0] > index);
}

/// Increments one key after the other: those that are done, and the one of which that is not known.
fn write_until_killed(
    round: usize,
    writer: usize,
    urls: &[String],
    done: &AtomicUsize,
    over: &AtomicBool,
) -> (Vec<String>, Vec<String>) {
    let (mut known, mut unknown, mut turn) = (Vec::new(), Vec::new(), 0);
    while !over.load(Ordering::Relaxed) {
        let key = format!("{round}-{writer}-{}", known.len() + unknown.len());
        let write = json!([[{ format!("kill/{key}"): { "op": "increment" } }, {}, key]]);
        let url = format!("{}/_api/agency/write", urls[turn % urls.len()]);
        match try_send("POST", &url, &[], write.to_string().as_bytes()) {
            Ok(reply) if reply.status == 200 => {
                assert_ne!(reply.results(), [0]);
                known.push(key);
                done.fetch_add(1, Ordering::Relaxed);
            }
            // Not executed: this one does not lead.
            Ok(reply) if reply.status == 307 => turn += 1,
            Ok(reply) if reply.status == 503 && reply.json().get("message").is_some() => turn += 1,
            _ => {
                unknown.push(key);
                turn += 1;
            }
        }
    }
    (known, unknown)
}

/// The same within this process: the agents are dropped while they are written to.
#[test]
fn f4_dropped_agents_keep_what_they_acknowledged() {
    let directory = directory();
    for round in 1..=3_u64 {
        let agency = Agency::kept_in(directory.path(), often);
        let counted = |agency: &Agency| agency.read("/drop")["drop"].as_u64().unwrap_or(0);
        let before = counted(&agency);
        assert!(before >= (round - 1) * 20, "{before}");
        for _ in 0..20 {
            agency.written(json!([[{ "drop": { "op": "increment" } }]]));
        }
        assert_eq!(counted(&agency), before + 20);
        let leader = agency.leader();
        let write = move || {
            let body = br#"[[{"drop":{"op":"increment"}}]]"#;
            let _ = try_send("POST", &format!("{leader}/_api/agency/write"), &[], body);
        };
        let late = thread::spawn(write);
        drop(agency);
        late.join().unwrap();
    }
}
