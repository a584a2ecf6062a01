//! How soon polls are answered after a commit.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::connection::Connection;
use crate::load::AGENCY_WRITE;

/// For each round, how much later than the writer the last of so many polls had its answer.
pub(crate) fn wake_up(leader: &str, polls: usize, rounds: usize) -> Vec<Duration> {
    let (path, body) = AGENCY_WRITE;
    let mut writer = Connection::open(leader).unwrap();
    let ready = Barrier::new(polls + 1);
    (0..rounds)
        .map(|_| {
            let answer: Json = serde_json::from_str(&writer.post(path, &body(0)).unwrap()).unwrap();
            let next = answer["results"][0].as_u64().unwrap() + 1;
            std::thread::scope(|scope| {
                let waiting: Vec<_> = (0..polls)
                    .map(|_| {
                        let ready = &ready;
                        scope.spawn(move || {
                            let mut connection = Connection::open(leader).unwrap();
                            ready.wait();
                            let poll = format!("/_api/agency/poll?index={next}&timeout=20");
                            connection.get(&poll).unwrap();
                            Instant::now()
                        })
                    })
                    .collect();
                ready.wait();
                // Let them all arrive at the agent.
                std::thread::sleep(Duration::from_millis(50));
                writer.post(path, &body(0)).unwrap();
                let written = Instant::now();
                let last = waiting.into_iter().map(|poll| poll.join().unwrap()).max().unwrap();
                last.saturating_duration_since(written)
            })
        })
        .collect()
}
