//! What goes to the agency, and when.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::de::Deserialize;

use super::commit::CommitStatus;
use super::participant::Participant;
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::model::log::{CurrentLeader, LocalStatus};
use crate::standin::model::{ServerId, Transaction, paths};

/// What has to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::standin) struct Report {
    /// What the participant says of itself.
    local_status: Option<LocalStatus>,
    /// What the leader says of the log.
    leader: Option<CurrentLeader>,
    /// The incarnations that are known to have all that is committed.
    safe_reboot_ids: Option<BTreeMap<ServerId, u64>>,
}

impl Participant {
    /// What of Current is out of date, given what stands there. `patience` is the time after
    /// which an entry should be committed.
    pub(in crate::standin) fn report(
        &self,
        current: Option<&Value>,
        patience: Duration,
        now: Instant,
    ) -> Option<Report> {
        let local = self.local_status();
        let known: Option<LocalStatus> = at(current, &["localStatus", &self.me.server]);
        let is_known = known.is_some_and(|known| {
            // A server that elections take for another incarnation than it is stands in their way.
            (known.term, known.state, known.snapshot_available, known.reboot_id)
                == (local.term, local.state, local.snapshot_available, local.reboot_id)
        });
        let leader = self.leader_report(patience, now);
        let leader = leader
            .filter(|leader| at(current, &["leader"]).is_none_or(|known| differs(&known, leader)));
        let safe = self.safe_reboot_ids().cloned();
        let safe = safe.filter(|safe| at(current, &["safeRebootIds"]).as_ref() != Some(safe));
        let report =
            Report { local_status: (!is_known).then_some(local), leader, safe_reboot_ids: safe };
        (report != Report::default()).then_some(report)
    }

    /// The incarnations that are known to have all that is committed; nothing before the first
    /// commit.
    pub(super) fn safe_reboot_ids(&self) -> Option<&BTreeMap<ServerId, u64>> {
        Some(&self.leader()?.committed.as_ref()?.reboot_ids)
    }

    /// What a leader says of the log.
    fn leader_report(&self, patience: Duration, now: Instant) -> Option<CurrentLeader> {
        let leader = self.leader()?;
        let overdue = leader.uncommitted_since().is_some_and(|since| since + patience <= now);
        let status = overdue.then(|| self.commit_status().to_value());
        Some(CurrentLeader {
            server_id: self.me.server.clone(),
            term: self.term,
            leadership_established: leader.is_established(),
            committed_participants_config: leader.committed.as_ref().map(|c| c.config.clone()),
            commit_status: status,
        })
    }
}

impl CommitStatus {
    fn to_value(&self) -> Value {
        serde_json::to_value(self).map(Value::from).unwrap_or_default()
    }
}

/// What stands at the end of a path below Current, if it is readable.
fn at<'a, T: Deserialize<'a>>(current: Option<&'a Value>, path: &[&str]) -> Option<T> {
    let value = path.iter().try_fold(current?, |value, key| value.as_object()?.get(key))?;
    from_value(value).ok()
}

fn differs(known: &CurrentLeader, now: &CurrentLeader) -> bool {
    let generation = |leader: &CurrentLeader| {
        leader.committed_participants_config.as_ref().map(|config| config.generation)
    };
    known.term != now.term
        || known.server_id != now.server_id
        || known.leadership_established != now.leadership_established
        || known.commit_status != now.commit_status
        || generation(known) != generation(now)
}

impl Report {
    /// Writes it, if the Plan still has the term of which it tells.
    pub(in crate::standin) fn transaction(
        self,
        database: &str,
        id: &str,
        me: &str,
        term: u64,
    ) -> Transaction {
        let current = paths::current_log(database, id);
        let mut transaction = Transaction::new();
        if let Some(status) = self.local_status {
            transaction = transaction.set(format!("{current}/localStatus/{me}"), status);
        }
        if let Some(leader) = self.leader {
            transaction = transaction.set(format!("{current}/leader"), leader);
        }
        if let Some(safe) = self.safe_reboot_ids {
            transaction = transaction.set(format!("{current}/safeRebootIds"), safe);
        }
        let planned = format!("{}/currentTerm/term", paths::plan_log(database, id));
        transaction.increment(paths::CURRENT_VERSION).when_equal(planned, term)
    }
}
