//! Runs rounds for as long as an agent leads.

use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::round::Round;
use super::supervisor::Supervisor;
use crate::agency::path::segments;
use crate::agency::value::Value;
use crate::standin::agent::{Candidate, Leadership, SupervisionConfig};

/// Changes below these are looked at without waiting for the next round.
const URGENT: [&str; 7] = [
    "/arango/Target/ReplicatedLogs",
    "/arango/Plan/ReplicatedLogs",
    "/arango/Current/ReplicatedLogs",
    "/arango/Target/CollectionGroups",
    "/arango/Plan/CollectionGroups",
    "/arango/Target/Collections",
    "/arango/Current/Collections",
];

/// Pause before the supervision begins anew after a round that did not come to its end.
const RECOVERY: Duration = Duration::from_secs(1);

/// Supervises the cluster whenever the agent leads; ends with the agent.
pub(in crate::standin) async fn run(agent: Candidate) {
    while let Some(leadership) = agent.elected().await {
        supervise(leadership).await;
    }
}

async fn supervise(leadership: Leadership) {
    // Ends with the leadership, which whatever is asked of it tells.
    let _ = rounds(leadership).await;
}

async fn rounds(leadership: Leadership) -> Option<()> {
    let mut supervisor = Supervisor::default();
    let mut random = StdRng::from_rng(&mut rand::rng());
    loop {
        let settings = leadership.settings();
        // What changes during the round, by itself or by others, is looked at after it.
        let seen = leadership.tree()?;
        let began = Instant::now();
        if settings.enabled {
            // A round over many logs takes longer than other tasks should wait.
            let (mut agency, settings) = (leadership.clone(), settings.clone());
            let led_for = leadership.age();
            let running = tokio::task::spawn_blocking(move || {
                let ended = supervisor.round(&mut Round {
                    agency: &mut agency,
                    now: SystemTime::now(),
                    led_for,
                    settings: &settings,
                    random: &mut random,
                });
                (ended, supervisor, random)
            });
            let ended;
            (ended, supervisor, random) = match running.await {
                Ok(round) => round,
                Err(error) => {
                    tracing::error!(%error, "a round of the supervision came to an unforeseen end");
                    tokio::time::sleep(RECOVERY).await;
                    return None;
                }
            };
            ended.ok()?;
            leadership.committed().await?;
            tracing::trace!(took = ?began.elapsed(), "round of the supervision");
        }
        pause(&leadership, &seen, rest(&settings, began.elapsed())).await?;
    }
}

/// What is left of the time between two rounds.
fn rest(settings: &SupervisionConfig, took: Duration) -> Duration {
    let left = (1.0 - took.as_secs_f64()).max(0.0) * settings.frequency.max(0.0);
    Duration::try_from_secs_f64(left).unwrap_or(Duration::from_secs(1))
}

/// Waits for so long, or until something urgent is no more as it was; nothing when the leadership
/// ends.
async fn pause(leadership: &Leadership, seen: &Value, time: Duration) -> Option<()> {
    let deadline = tokio::time::Instant::now() + time;
    let mut commits = leadership.commits();
    while !urgent(seen, &leadership.tree()?) {
        tokio::select! {
            committed = commits.next() => committed?,
            () = tokio::time::sleep_until(deadline) => return Some(()),
        }
    }
    Some(())
}

fn urgent(before: &Value, now: &Value) -> bool {
    let at = |tree: &Value, path: &str| -> Option<Value> {
        segments(path).try_fold(tree, |node, key| node.as_object()?.get(key)).cloned()
    };
    URGENT.iter().any(|path| match (at(before, path), at(now, path)) {
        (None, None) => false,
        (Some(before), Some(now)) => !before.is_same(&now),
        _ => true,
    })
}
