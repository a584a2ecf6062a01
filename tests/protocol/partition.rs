//! F: agents that cannot reach each other for a while.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use agencysh::standin::agent::{self, AgentConfig, AgentHandle, CompactionRule, Role};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Reply, config, send, wait_for};

/// What lies between the other agents and one agent.
struct Line {
    address: String,
    cut: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    /// Accepts connections and passes on what comes, unless the line is cut:
    /// then it swallows everything and answers nothing.
    fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cut = Arc::new(AtomicBool::new(false));
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (is_cut, open) = (cut.clone(), streams.clone());
        thread::spawn(move || {
            for incoming in listener.incoming() {
                let Ok(incoming) = incoming else { return };
                let Ok(outgoing) = TcpStream::connect(&target) else { continue };
                let mut all = open.lock().unwrap();
                if !is_cut.load(Ordering::SeqCst) {
                    pass_on(&incoming, &outgoing);
                    pass_on(&outgoing, &incoming);
                }
                all.extend([incoming, outgoing]);
            }
        });
        Self { address, cut, streams }
    }

    fn set(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
        let mut streams = self.streams.lock().unwrap();
        for stream in streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// Three agents whose lines can be cut, one by one.
struct Cluster {
    runtime: Runtime,
    agents: Vec<AgentHandle>,
    lines: Vec<Line>,
}

impl Cluster {
    fn new(configure: impl Fn(&mut AgentConfig)) -> Self {
        let runtime = Runtime::new().unwrap();
        let bind = || runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let listeners: Vec<_> = (0..3).map(|_| bind()).collect();
        let lines: Vec<Line> =
            listeners.iter().map(|l| Line::to(l.local_addr().unwrap().to_string())).collect();
        let pool: Vec<(String, String)> = lines
            .iter()
            .map(|line| (format!("AGNT-{}", line.address), format!("tcp://{}", line.address)))
            .collect();
        let mut agents = Vec::new();
        for (listener, (id, endpoint)) in listeners.into_iter().zip(&pool) {
            let mut config = AgentConfig::new(id, endpoint, pool.clone());
            config.min_ping = Duration::from_millis(200);
            config.max_ping = Duration::from_millis(600);
            configure(&mut config);
            agents.push(runtime.block_on(agent::start(listener, config)).unwrap());
        }
        Self { runtime, agents, lines }
    }

    fn leader(&self) -> usize {
        wait_for("a leader", || {
            let leads = |a: &AgentHandle| matches!(a.role(), Role::Leader { .. });
            self.agents.iter().position(leads)
        })
    }

    fn post(&self, agent: usize, endpoint: &str, body: &Value) -> Reply {
        let url = format!("{}/_api/agency/{endpoint}", self.agents[agent].url());
        send("POST", &url, &[], body.to_string().as_bytes())
    }

    /// Writes through whoever leads, until it is done.
    fn write(&self, transaction: &Value) {
        wait_for("a write", || {
            let reply = self.post(self.leader(), "write", &json!([transaction]));
            (reply.status == 200).then_some(())
        });
    }

    fn commit_index(&self, agent: usize) -> u64 {
        config(self.agents[agent].url())["commitIndex"].as_u64().unwrap()
    }

    fn tree(&self, agent: usize) -> Value {
        let url = format!("{}/_api/agency/stores", self.agents[agent].url());
        send("GET", &url, &[], b"").json()["read_db"].clone()
    }

    fn stop(self) {
        for agent in self.agents {
            self.runtime.block_on(agent.shutdown());
        }
    }
}

/// It gets what it missed, as entries or, when the log has been cut, as a
/// snapshot.
#[test]
fn f2_a_follower_that_was_cut_off_catches_up() {
    for rule in [CompactionRule::default(), CompactionRule { step: 10, keep: 20 }] {
        let cluster = Cluster::new(|c| c.compaction = rule);
        let leader = cluster.leader();
        cluster.write(&json!([{ "before": 1 }]));
        let cut = (leader + 1) % 3;
        cluster.lines[cut].set(true);
        for n in 0..100 {
            cluster
                .write(&json!([{ format!("meanwhile/{n}"): n, "counter": { "op": "increment" } }]));
        }
        let missed = cluster.commit_index(cluster.leader());
        assert!(cluster.commit_index(cut) < missed);
        cluster.lines[cut].set(false);
        cluster.write(&json!([{ "after": 1 }]));
        wait_for("everybody to have everything", || {
            let leader = cluster.leader();
            let commit = cluster.commit_index(leader);
            let same = commit > missed && (0..3).all(|n| cluster.commit_index(n) == commit);
            (same && (0..3).all(|n| cluster.tree(n) == cluster.tree(leader))).then_some(())
        });
        assert_eq!(cluster.tree(cut)[0]["meanwhile"].as_object().map(|o| o.len()), Some(100));
        assert_eq!(cluster.tree(cut)[0]["counter"], json!(100));
        cluster.stop();
    }
}

/// Its waiting write ends with 503; what became of it can be inquired later.
#[test]
fn w13_leader_that_reaches_nobody_gives_up_waiting() {
    // Long enough for the write to be accepted first.
    let cluster = Cluster::new(|c| c.max_ping = Duration::from_secs(3));
    let leader = cluster.leader();
    cluster.write(&json!([{ "before": 1 }]));
    for (n, line) in cluster.lines.iter().enumerate() {
        line.set(n != leader);
    }
    let write = json!([[{ "stuck": { "op": "increment" } }, {}, "stuck-id"]]);
    let lost = cluster.post(leader, "write", &write);
    lost.is_error(503, 503);
    assert_eq!(lost.json()["errorMessage"], json!("service unavailable"));
    cluster.post(leader, "write", &write).is_message(503, "No leader");
    for line in &cluster.lines {
        line.set(false);
    }
    cluster.write(&json!([{ "after": 1 }]));
    let (inquiry, read) = wait_for("answers of one leader", || {
        let leader = cluster.leader();
        let inquiry = cluster.post(leader, "inquire", &json!(["stuck-id"]));
        let read = cluster.post(leader, "read", &json!([["/"]]));
        let both = matches!(inquiry.status, 200 | 404) && read.status == 200;
        both.then(|| (inquiry, read.json()[0].clone()))
    });
    let applied = inquiry.results()[0] > 0;
    assert_eq!(read.get("stuck").is_some(), applied, "{read}");
    assert_eq!(read["before"], json!(1));
    assert_eq!(read["after"], json!(1));
    cluster.stop();
}

/// Messages that take longer than openraft waits are not begun anew again and
/// again, though the log grows meanwhile.
#[test]
fn f2_big_values_reach_a_follower_while_the_log_grows() {
    let cluster = Cluster::new(|_| {});
    let leader = cluster.leader();
    cluster.write(&json!([{ "before": 1 }]));
    let cut = (leader + 1) % 3;
    cluster.lines[cut].set(true);
    let text = "x".repeat(200_000);
    for n in 0..40 {
        cluster.write(&json!([{ format!("big/{n}"): text }]));
    }
    cluster.lines[cut].set(false);
    let missed = cluster.commit_index(cluster.leader());
    let mut n = 0;
    wait_for("the follower to catch up", || {
        cluster.write(&json!([{ format!("meanwhile/{n}"): "y".repeat(10_000) }]));
        n += 1;
        (cluster.commit_index(cut) >= missed).then_some(())
    });
    assert_eq!(cluster.tree(cut)[0]["big"]["39"], json!(text));
    cluster.stop();
}
