//! From silence to a status, and what follows from its changes.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::standin::agent::SupervisionConfig;
use crate::standin::model::job::when_new;
use crate::standin::model::server::{Role, Status};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree, paths};

/// The status of a server that has been silent for so long; nothing stands for ever.
pub(super) fn raw_status(silence: Option<Duration>, settings: &SupervisionConfig) -> Status {
    match silence.map(|silence| silence.as_secs_f64()) {
        Some(age) if age <= settings.ok_threshold => Status::Good,
        Some(age) if age <= settings.grace_period => Status::Bad,
        _ => Status::Failed,
    }
}

/// The status that is told: no DB-server that was good fails at once.
pub(super) fn told_status(role: Option<Role>, before: Option<Status>, raw: Status) -> Status {
    match (role, before, raw) {
        (Some(Role::DbServer), Some(Status::Good), Status::Failed) => Status::Bad,
        _ => raw,
    }
}

/// What else a change of status brings about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// Nothing.
    Nothing,
    /// A job fails the server over.
    FailOver,
    /// The server counts as failed no more.
    Recover,
    /// The incarnation of a coordinator is gone.
    LoseCoordinator,
}

/// The effect of a change of status.
pub(super) fn effect(
    tree: &Tree,
    id: &str,
    role: Option<Role>,
    before: Option<Status>,
    now: Status,
) -> Effect {
    let listed = tree.has(&failed_server(id));
    match (role, before, now) {
        (_, before, now) if before == Some(now) => Effect::Nothing,
        (Some(Role::DbServer), Some(Status::Bad), Status::Failed)
            if !listed && !in_maintenance(tree, id) =>
        {
            Effect::FailOver
        }
        (Some(Role::DbServer), _, Status::Good) if listed => Effect::Recover,
        (Some(Role::Coordinator), Some(_), Status::Failed) => Effect::LoseCoordinator,
        _ => Effect::Nothing,
    }
}

/// Where it is noted that a server has failed.
pub(super) fn failed_server(id: &str) -> String {
    format!("/arango/Target/FailedServers/{id}")
}

/// Whether somebody works on a DB-server.
pub(super) fn in_maintenance(tree: &Tree, id: &str) -> bool {
    tree.has(&format!("/arango/Current/MaintenanceDBServers/{id}"))
}

/// A job that fails a server over.
pub(super) fn failover(
    transaction: Transaction,
    id: &str,
    job: &str,
    now: SystemTime,
    settings: &SupervisionConfig,
) -> Transaction {
    let mut entry = json!({
        "type": "failedServer",
        "server": id,
        "jobId": job,
        "creator": "supervision",
        "timeCreated": stamp(now),
        "failedLeaderAddsFollower": settings.failed_leader_adds_follower,
    });
    if settings.delay_failed_follower > 0 {
        let delay = Duration::from_secs(settings.delay_failed_follower);
        if let Some(time) = now.checked_add(delay) {
            entry["notBefore"] = json!(stamp(time));
        }
    }
    when_new(transaction, job)
        .set(paths::job("ToDo", job), entry)
        .set(failed_server(id), json!([]))
        .when_missing(failed_server(id))
        .when_equal(format!("{}/Status", paths::health(id)), Status::Bad)
}

/// Ends the incarnation of a coordinator.
pub(super) fn lose_coordinator(transaction: Transaction, tree: &Tree, id: &str) -> Transaction {
    const FOXXMASTER: &str = "/arango/Current/Foxxmaster";
    let mut transaction = transaction;
    if tree.has(&paths::reboot_id(id)) {
        transaction = transaction.increment(paths::reboot_id(id)).increment(paths::CURRENT_VERSION);
    }
    if tree.text(FOXXMASTER) == Some(id) {
        transaction = transaction.set(FOXXMASTER, "").when_equal(FOXXMASTER, id);
    }
    transaction
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Bad, Failed, Good};

    #[test]
    fn c3_2_the_raw_status_follows_from_the_age() {
        let settings = SupervisionConfig::default();
        for (age, status) in
            [(0.0, Good), (5.0, Good), (5.1, Bad), (10.0, Bad), (10.1, Failed), (1e9, Failed)]
        {
            let age = Some(Duration::from_secs_f64(age));
            assert_eq!(raw_status(age, &settings), status, "{age:?}");
        }
        assert_eq!(raw_status(None, &settings), Failed);
        let scaled = SupervisionConfig {
            ok_threshold: 0.2,
            grace_period: 0.4,
            ..SupervisionConfig::default()
        };
        assert_eq!(raw_status(Some(Duration::from_millis(300)), &scaled), Bad);
    }

    #[test]
    fn s24_a_good_db_server_becomes_bad_first() {
        let (db, crdn) = (Some(Role::DbServer), Some(Role::Coordinator));
        for (role, before, raw, told) in [
            (db, Some(Good), Failed, Bad),
            (db, Some(Good), Bad, Bad),
            (db, Some(Bad), Failed, Failed),
            (db, None, Failed, Failed),
            (db, Some(Failed), Bad, Bad),
            (db, Some(Failed), Good, Good),
            (crdn, Some(Good), Failed, Failed),
            (None, Some(Good), Failed, Failed),
        ] {
            assert_eq!(told_status(role, before, raw), told, "{role:?} {before:?} {raw:?}");
        }
    }

    #[test]
    fn c3_3_effects_of_transitions() {
        let (db, crdn) = (Some(Role::DbServer), Some(Role::Coordinator));
        let tree = |listed: bool, maintained: bool| {
            let mut tree = json!({"arango": {"Target": {"FailedServers": {}},
                "Current": {"MaintenanceDBServers": {}}}});
            if listed {
                tree["arango"]["Target"]["FailedServers"]["X"] = json!([]);
            }
            if maintained {
                tree["arango"]["Current"]["MaintenanceDBServers"]["X"] = json!({});
            }
            Tree::from(tree)
        };
        for (role, before, now, listed, maintained, wanted) in [
            (db, Some(Bad), Failed, false, false, Effect::FailOver),
            (db, Some(Bad), Failed, true, false, Effect::Nothing),
            (db, Some(Bad), Failed, false, true, Effect::Nothing),
            (db, None, Failed, false, false, Effect::Nothing),
            (db, Some(Good), Bad, false, false, Effect::Nothing),
            (db, Some(Failed), Failed, false, false, Effect::Nothing),
            (db, Some(Failed), Bad, true, false, Effect::Nothing),
            (db, Some(Failed), Good, true, false, Effect::Recover),
            (db, Some(Bad), Good, true, false, Effect::Recover),
            (db, Some(Bad), Good, false, false, Effect::Nothing),
            (crdn, Some(Good), Failed, false, false, Effect::LoseCoordinator),
            (crdn, Some(Bad), Failed, false, false, Effect::LoseCoordinator),
            (crdn, Some(Failed), Failed, false, false, Effect::Nothing),
            (crdn, None, Failed, false, false, Effect::Nothing),
            (None, Some(Bad), Failed, false, false, Effect::Nothing),
        ] {
            let is = effect(&tree(listed, maintained), "X", role, before, now);
            assert_eq!(is, wanted, "{role:?} {before:?} {now:?} {listed} {maintained}");
        }
    }
}
