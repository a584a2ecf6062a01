//! What a member does of itself for as long as it serves: heartbeats, its own reboot id, and a
//! coordinator's offer to be the Foxxmaster.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::worker::Worker;
use super::{Member, MemberRole};
use crate::client::AgencyClient;
use crate::standin::model::paths::{CURRENT_VERSION, reboot_id};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree};
use crate::standin::web::turned_true;

const FOXXMASTER: &str = "/arango/Current/Foxxmaster";

/// What a member tells of itself with each heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Serving,
    Shutdown,
}

/// One heartbeat.
fn heartbeat(role: MemberRole, status: Status, now: SystemTime) -> Json {
    let status = match status {
        Status::Serving => "SERVING",
        Status::Shutdown => "SHUTDOWN",
    };
    let mut beat = json!({ "status": status, "time": stamp(now) });
    if role == MemberRole::DbServer {
        beat["health"] = json!({ "status": "GOOD", "backgroundError": false });
    }
    beat
}

/// Sends heartbeats, with connections and a thread of its own: nothing else holds them up.
pub(super) struct Heartbeats {
    client: AgencyClient,
    worker: Worker,
}

impl Heartbeats {
    pub(super) fn new(client: AgencyClient) -> std::io::Result<Self> {
        Ok(Self { client, worker: Worker::start("heartbeat")? })
    }

    /// Sends one; whether it arrived.
    pub(super) async fn send(&self, member: &Member, status: Status) -> bool {
        let path = format!("/arango/Sync/ServerStates/{}", member.id);
        let beat = heartbeat(member.role, status, SystemTime::now());
        let items = vec![json!([{ path: { "op": "set", "new": beat } }])];
        let client = self.client.clone();
        match self.worker.run(move || client.transient(&items)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::debug!(error, "a heartbeat got lost");
                false
            }
            Err(_) => false,
        }
    }

    /// Sends one at each interval, until `shutdown` turns true.
    pub(super) async fn run(
        self: Arc<Self>,
        member: Arc<Member>,
        interval: Duration,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = turned_true(&mut shutdown) => return,
            }
            tokio::select! {
                () = member.gate.passed() => {}
                () = turned_true(&mut shutdown) => return,
            }
            self.send(&member, Status::Serving).await;
        }
    }
}

/// Adopts larger reboot ids, and lets a coordinator offer itself as the Foxxmaster, whenever the
/// tree changes; until `shutdown` turns true.
pub(super) async fn follow_tree(member: Arc<Member>, mut shutdown: watch::Receiver<bool>) {
    let mut changes = member.view.changes();
    loop {
        changes.mark_unchanged();
        let tree = member.view.tree();
        if let Some(number) = tree.number(&reboot_id(&member.id)) {
            member.adopt_reboot_id(number);
        }
        if member.role == MemberRole::Coordinator
            && let Some(offer) = offer(&tree, &member.id)
        {
            tokio::select! {
                () = member.gate.passed() => {}
                () = turned_true(&mut shutdown) => return,
            }
            // If another one was faster, the tree tells.
            if let Err(error) = member.agency.write(offer).await {
                tracing::debug!(%error, "the offer to be the Foxxmaster got lost");
            }
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = turned_true(&mut shutdown) => return,
        }
    }
}

/// Takes the place of the Foxxmaster, if nobody has it.
fn offer(tree: &Tree, id: &str) -> Option<Transaction> {
    let take = || Transaction::new().set(FOXXMASTER, id).increment(CURRENT_VERSION);
    match tree.get(FOXXMASTER) {
        None if tree.has("/arango/Current") => Some(take().when_missing(FOXXMASTER)),
        Some(master) if master.as_str() == Some("") => Some(take().when_equal(FOXXMASTER, "")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Agency;
    use super::*;

    #[test]
    fn c2_4_only_dbservers_tell_of_their_health() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_787_045);
        let expected = json!({
            "status": "SERVING", "time": "2025-01-02T03:04:05Z",
            "health": { "status": "GOOD", "backgroundError": false },
        });
        assert_eq!(heartbeat(MemberRole::DbServer, Status::Serving, now), expected);
        let expected = json!({ "status": "SHUTDOWN", "time": "2025-01-02T03:04:05Z" });
        assert_eq!(heartbeat(MemberRole::Coordinator, Status::Shutdown, now), expected);
    }

    #[test]
    fn c1_3_one_coordinator_takes_the_place_of_the_foxxmaster_when_it_is_free() {
        let mut agency = Agency::default();
        assert_eq!(offer(&agency.tree(), "CRDN-a"), None);
        agency.set("/arango/Current/Version", json!(1));
        let (one, other) =
            (offer(&agency.tree(), "CRDN-a").unwrap(), offer(&agency.tree(), "CRDN-b").unwrap());
        assert!(agency.run(&one) && !agency.run(&other));
        assert_eq!(agency.json(FOXXMASTER), json!("CRDN-a"));
        assert_eq!(agency.json("/arango/Current/Version"), json!(2));
        assert_eq!(offer(&agency.tree(), "CRDN-b"), None);
        agency.set(FOXXMASTER, json!(""));
        let (one, other) =
            (offer(&agency.tree(), "CRDN-b").unwrap(), offer(&agency.tree(), "CRDN-a").unwrap());
        assert!(agency.run(&one) && !agency.run(&other));
        for rubbish in [json!(1), json!({}), json!(null)] {
            agency.set(FOXXMASTER, rubbish);
            assert_eq!(offer(&agency.tree(), "CRDN-a"), None);
        }
    }
}
