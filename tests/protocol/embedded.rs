//! The embedded agency as its owner sees it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use agencysh::standin::{EmbeddedAgency, StandinError};
use serde_json::{Value, json};

use crate::support::Agency;

#[test]
fn starts_with_the_initial_contents() {
    let agency = Agency { agents: EmbeddedAgency::start(3).unwrap() };
    assert_eq!(agency.members().len(), 3);
    let tree = agency.read("/arango")["arango"].clone();
    assert_eq!(tree["Plan"]["Version"], json!(1));
    assert_eq!(tree["Current"]["ServersRegistered"], json!({ "Version": 1 }));
    assert_eq!(tree["Sync"]["HeartbeatIntervalMs"], json!(1000));
    assert_eq!(tree["Target"]["NumberOfDBServers"], Value::Null);
    assert_eq!(tree["Target"]["Lock"], json!("UNLOCKED"));
    assert_eq!(tree["Supervision"]["Health"], json!({}));
    let mut keys: Vec<&String> = tree.as_object().unwrap().keys().collect();
    keys.sort();
    let expected =
        ["Agency", "Cluster", "Current", "InitDone", "Plan", "Supervision", "Sync", "Target"];
    assert_eq!(keys, expected);
    let next = agency.written(json!([[{ "arango/Plan/Version": { "op": "increment" } }]]));
    assert_eq!(next, [3]);
}

#[test]
fn number_of_agents_must_be_odd() {
    for agents in [0, 2, 4] {
        let refused = EmbeddedAgency::start(agents);
        assert!(matches!(refused, Err(StandinError::PoolSize { .. })), "{refused:?}");
    }
}

#[test]
fn starts_stops_and_drops_within_another_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let agency = EmbeddedAgency::start(3).unwrap();
        let id = agency.agent_ids().remove(1);
        agency.stop_agent(&id).unwrap();
        let again = agency.stop_agent(&id);
        assert!(matches!(again, Err(StandinError::WrongState { .. })));
        drop(agency);
        EmbeddedAgency::start(1).unwrap().shutdown();
    });
}

#[test]
fn is_gone_when_dropped_even_with_requests_in_progress() {
    let agency = Agency::of(3);
    let urls = agency.agents.endpoints();
    let leader = agency.leader();
    let mut poll = TcpStream::connect(leader.trim_start_matches("http://")).unwrap();
    poll.write_all(b"GET /_api/agency/poll?index=99999 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    // Another round trip, so that the poll has most likely arrived.
    agency.commit_index();
    let begin = Instant::now();
    drop(agency);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    let mut answer = String::new();
    let _ = poll.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503"), "{answer}");
    for url in urls {
        let address = url.trim_start_matches("http://").to_owned();
        assert!(TcpStream::connect(&address).is_err(), "{address} still listens");
    }
}
