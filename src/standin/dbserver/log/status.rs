//! What a server tells about a log when asked.

use serde_json::{Map, Value as Json, json};

use super::leader::Leader;
use super::participant::{Participant, Role};

impl Participant {
    /// The local status.
    pub(in crate::standin) fn status(&self) -> Json {
        match &self.role {
            Role::Leader(leader) => self.status_of_leader(leader),
            Role::Follower(follower) => {
                let mut status = json!({
                    "role": "follower",
                    "term": self.term,
                    "local": self.local(),
                    "snapshotAvailable": self.kept.snapshot_available(),
                    "lowestIndexToKeep": self.lowest_index_to_keep(),
                });
                if let Some(leader) = &follower.leader {
                    status["leader"] = json!(leader);
                }
                status
            }
        }
    }

    /// Indices of what is here.
    fn local(&self) -> Json {
        let recovering = self.leader().is_some_and(|leader| !leader.is_established());
        json!({
            "spearhead": self.spearhead(),
            "commitIndex": self.commit_index,
            "firstIndex": self.kept.base().index.saturating_add(1),
            "releaseIndex": self.kept.released(),
            "syncIndex": self.synced(),
            "appliedIndex": if recovering { 0 } else { self.commit_index },
        })
    }

    fn status_of_leader(&self, leader: &Leader) -> Json {
        let own = json!({
            "spearhead": self.spearhead(),
            "commitIndex": self.commit_index,
            "snapshotAvailable": true,
            "state": { "state": "up-to-date" },
        });
        let mut followers = Map::from_iter([(self.me.server.to_string(), own)]);
        followers.extend(leader.followers.iter().map(|(id, progress)| {
            let follower = json!({
                "spearhead": progress.acknowledged,
                "commitIndex": progress.commit_index,
                "snapshotAvailable": progress.snapshot_available,
                "state": { "state": progress.state() },
            });
            (id.to_string(), follower)
        }));
        let on_disk = leader.active.config.config.wait_for_sync;
        let mut status = json!({
            "role": "leader",
            "term": self.term,
            "local": self.local(),
            "leadershipEstablished": leader.is_established(),
            "follower": followers,
            "activeParticipantsConfig": leader.active.config,
            "lastCommitStatus": self.commit_status(),
            "lowestIndexToKeep": self.lowest_index_to_keep(),
            "syncCommitIndex":
                if on_disk { self.commit_index } else { self.commit_index.min(self.synced()) },
        });
        if let Some(committed) = &leader.committed {
            status["committedParticipantsConfig"] = json!(committed.config);
            status["safeRebootIds"] = json!(committed.reboot_ids);
        }
        status
    }

    /// The servers that have what a log holds, the leader first; nothing from anybody but an
    /// established leader.
    pub(in crate::standin) fn in_sync(&self) -> Option<Vec<crate::standin::model::ServerId>> {
        let leader = self.leader().filter(|leader| leader.is_established())?;
        let followers = leader.followers.iter();
        let having =
            followers.filter(|(_, progress)| progress.heard && progress.snapshot_available);
        let mut servers = vec![self.me.server.clone()];
        servers.extend(having.map(|(id, _)| id.clone()));
        Some(servers)
    }
}
