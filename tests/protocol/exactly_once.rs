//! F, I: writers that obey the protocol while leaders come and go.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Agency, Reply, try_send, wait_for};

/// A request to some agent or other until one answers for good. Nothing, if
/// it may have been carried out without that being known.
fn ask(agency: &Agency, endpoint: &str, body: &Value, turn: &mut usize) -> Option<Reply> {
    let urls = agency.agents.endpoints();
    *turn += 1;
    let url = agency.agents.leader_id().filter(|_| !turn.is_multiple_of(3));
    let url = url.map_or_else(
        || urls[*turn % urls.len()].clone(),
        |id| {
            let position = agency.agents.agent_ids().iter().position(|other| *other == id);
            urls[position.unwrap_or(0) % urls.len()].clone()
        },
    );
    let url = format!("{url}/_api/agency/{endpoint}");
    try_send("POST", &url, &[], body.to_string().as_bytes()).ok()
}

/// Increments once, however long it takes.
fn increment_once(agency: &Agency, key: &str, turn: &mut usize) {
    let write = json!([[{ key: { "op": "increment" } }, {}, key]]);
    let mut unknown = false;
    wait_for("a write to be done", || {
        if unknown {
            let reply = ask(agency, "inquire", &json!([key]), turn)?;
            match reply.status {
                200 => return Some(()),
                404 => unknown = false,
                _ => return None,
            }
        }
        match ask(agency, "write", &write, turn) {
            Some(reply) if reply.status == 200 => {
                assert_ne!(reply.results(), [0]);
                Some(())
            }
            // Refused before anything was done.
            Some(reply) if reply.status == 307 => None,
            Some(reply) if reply.status == 503 && reply.json().get("message").is_some() => None,
            _ => {
                unknown = true;
                None
            }
        }
    });
}

#[test]
fn f2_every_write_is_applied_exactly_once_while_leaders_change() {
    const WRITERS: usize = 6;
    let agency = Agency::of(5);
    let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let keys: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (agency, done, stop) = (&agency, &done, &stop);
                scope.spawn(move || {
                    let mut keys = Vec::new();
                    let mut turn = writer;
                    while !stop.load(Ordering::Relaxed) {
                        let key = format!("once/{writer}-{}", keys.len());
                        increment_once(agency, &key, &mut turn);
                        keys.push(key);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    keys
                })
            })
            .collect();
        for _ in 0..2 {
            let before = done.load(Ordering::Relaxed);
            wait_for("writes", || (done.load(Ordering::Relaxed) > before + 300).then_some(()));
            agency.agents.stop_agent(&agency.leader_id()).unwrap();
        }
        let before = done.load(Ordering::Relaxed);
        wait_for("writes", || (done.load(Ordering::Relaxed) > before + 300).then_some(()));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    let tree = agency.read("/once")["once"].clone();
    assert_eq!(tree.as_object().map(|o| o.len()), Some(keys.len()));
    for key in keys {
        let name = key.trim_start_matches("once/");
        assert_eq!(tree[name], json!(1), "{key}");
    }
}
