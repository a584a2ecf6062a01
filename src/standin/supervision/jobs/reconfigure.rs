//! `reconfigureReplicatedLog`: changes the Target of a log, and is done when the log is as wanted.

use serde::Deserialize;
use serde_json::json;

use super::servers::is_name;
use super::step::{Facts, Step};
use super::undo;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::log::LogTarget;
use crate::standin::model::{ServerId, Transaction, Tree, paths};

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reconfigure {
    database: String,
    log_id: u64,
    operations: Vec<Operation>,
    #[serde(default)]
    undo_set_leader: Option<Undo>,
    #[serde(default)]
    expected_version: Option<u64>,
    #[serde(default)]
    former_leader: Option<ServerId>,
}

/// Whether the leadership is to return, and to whom.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Undo {
    /// To whoever led before.
    Former(bool),
    /// To this server.
    To(ServerId),
}

/// A change of a Target.
#[derive(Debug, Deserialize)]
struct Operation {
    operation: Kind,
    participant: ServerId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    SetLeader,
    AddParticipant,
    RemoveParticipant,
}

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>) -> Step {
    let wanted: Reconfigure = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    let names = wanted.operations.iter().map(|operation| &*operation.participant);
    if !names.chain([&*wanted.database]).all(is_name) {
        return facts.fail(job, "a name is empty or has a slash").into();
    }
    let id = wanted.log_id.to_string();
    let target = match read_target(facts.tree, &wanted.database, &id) {
        Ok(target) => target,
        Err(Unusable::Missing) => return facts.fail(job, "the log does not exist").into(),
        Err(Unusable::Unreadable) => return Step::Wait,
    };
    match job.state {
        JobState::ToDo => start(job, facts, &wanted, target),
        _ => finish(job, facts, &wanted, &id),
    }
}

fn start(job: &Job, facts: &Facts<'_>, wanted: &Reconfigure, target: LogTarget) -> Step {
    let Some(version) = next_version(&target) else {
        return facts.fail(job, "the version of the log cannot grow").into();
    };
    let mut changed = target.clone();
    for operation in &wanted.operations {
        operation.apply(&mut changed);
    }
    let mut added = json!({ "expectedVersion": version });
    if let Some(Undo::Former(true)) = wanted.undo_set_leader
        && let Some(leader) = leader_of(facts.tree, &wanted.database, &target)
    {
        added["formerLeader"] = json!(leader);
    }
    let started = job.started(facts.now, added);
    retarget(started, &wanted.database, &target, &changed, version).into()
}

fn finish(job: &Job, facts: &Facts<'_>, wanted: &Reconfigure, id: &str) -> Step {
    let Some(expected) = wanted.expected_version else {
        return facts.fail(job, "unreadable: missing field `expectedVersion`").into();
    };
    if !has_reached(facts.tree, &wanted.database, id, expected) {
        return Step::Wait;
    }
    let finished = facts.finish(job);
    let leader = match &wanted.undo_set_leader {
        Some(Undo::To(leader)) => Some(leader),
        Some(Undo::Former(true)) => wanted.former_leader.as_ref(),
        _ => None,
    };
    match leader {
        Some(leader) => undo::note_log(finished, facts, id, &wanted.database, leader).into(),
        None => finished.into(),
    }
}

impl Operation {
    fn apply(&self, target: &mut LogTarget) {
        let server = &self.participant;
        match self.operation {
            Kind::SetLeader => target.leader = Some(server.clone()),
            Kind::AddParticipant => {
                target.participants.entry(server.clone()).or_default();
            }
            Kind::RemoveParticipant => {
                target.participants.remove(server);
                if target.leader.as_ref() == Some(server) {
                    target.leader = None;
                }
            }
        }
    }
}

/// Why a Target cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There is none.
    Missing,
    /// It cannot be read; the supervision of logs says so.
    Unreadable,
}

/// The Target of a log.
pub(super) fn read_target(tree: &Tree, database: &str, id: &str) -> Result<LogTarget, Unusable> {
    let target = tree.read(&paths::target_log(database, id)).ok_or(Unusable::Missing)?;
    let target = target.ok().filter(|target: &LogTarget| target.id.to_string() == id);
    target.ok_or(Unusable::Unreadable)
}

/// The version that a Target has once it is changed.
pub(super) fn next_version(target: &LogTarget) -> Option<u64> {
    target.version.unwrap_or(1).checked_add(1)
}

/// Whoever shall lead, or else does.
fn leader_of(tree: &Tree, database: &str, target: &LogTarget) -> Option<ServerId> {
    let planned = || {
        let plan = paths::plan_log(database, &target.id.to_string());
        tree.text(&format!("{plan}/currentTerm/leader/serverId")).map(ServerId::from)
    };
    target.leader.clone().or_else(planned)
}

/// Whether a log has become what it was wanted to be.
pub(super) fn has_reached(tree: &Tree, database: &str, id: &str, version: u64) -> bool {
    let current = paths::current_log(database, id);
    let reached = tree.number(&format!("{current}/supervision/targetVersion"));
    reached.is_some_and(|reached| reached >= version)
}

/// Changes the Target of a log, if its version is still the same.
pub(super) fn retarget(
    transaction: Transaction,
    database: &str,
    before: &LogTarget,
    after: &LogTarget,
    version: u64,
) -> Transaction {
    let path = paths::target_log(database, &before.id.to_string());
    let version_path = format!("{path}/version");
    let mut transaction = match before.version {
        Some(version) => transaction.when_equal(version_path.as_str(), version),
        None => transaction.when_missing(version_path.as_str()),
    };
    if before.participants != after.participants {
        transaction = transaction.set(format!("{path}/participants"), &after.participants);
    }
    transaction = match &after.leader {
        after if *after == before.leader => transaction,
        Some(leader) => transaction.set(format!("{path}/leader"), leader),
        None => transaction.delete(format!("{path}/leader")),
    };
    transaction.when_there(path).set(version_path, version)
}
