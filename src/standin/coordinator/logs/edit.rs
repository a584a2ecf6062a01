//! Changes of logs: each is one transaction, and seen in the Target when the call returns.

use serde_json::json;

use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{is_key, server_id};
use crate::standin::coordinator::reply::{self, bad, ok, precondition_failed};
use crate::standin::model::{ServerId, Transaction, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `DELETE /_api/log/<id>`.
    pub(super) async fn delete_log(&self, call: &Call, id: u64) -> Answer {
        let (database, id) = (&*call.database, &*id.to_string());
        let transaction = Transaction::new()
            .delete(paths::target_log(database, id))
            .delete(paths::plan_log(database, id))
            .delete(paths::current_log(database, id))
            .increment(paths::TARGET_VERSION)
            .increment(paths::PLAN_VERSION)
            .increment(paths::CURRENT_VERSION);
        self.write(transaction).await?;
        ok(json!({}))
    }

    /// `POST /_api/log/<id>/leader/<server>`.
    pub(super) async fn set_leader(&self, call: &Call, id: u64, server: &str) -> Answer {
        let server = self.server(server)?;
        let target = paths::target_log(&call.database, &id.to_string());
        let transaction = Transaction::new()
            .set(format!("{target}/leader"), &*server)
            .increment(paths::TARGET_VERSION)
            .when_there(format!("{target}/participants/{server}"));
        self.edit(transaction, || format!("'{server}' is no participant of log {id}")).await
    }

    /// `DELETE /_api/log/<id>/leader`.
    pub(super) async fn unset_leader(&self, call: &Call, id: u64) -> Answer {
        let target = paths::target_log(&call.database, &id.to_string());
        let transaction =
            Transaction::new().delete(format!("{target}/leader")).increment(paths::TARGET_VERSION);
        self.edit(transaction, || format!("log {id} has changed")).await
    }

    /// `POST /_api/log/<id>/participant/<old>/replace-with/<new>`.
    pub(super) async fn replace_participant(
        &self,
        call: &Call,
        id: u64,
        old: &str,
        new: &str,
    ) -> Answer {
        let (old, new) = (self.server(old)?, self.server(new)?);
        let target = paths::target_log(&call.database, &id.to_string());
        let leader = format!("{target}/leader");
        let mut known = None;
        loop {
            let seen = self.view().index();
            let tree = self.view().tree();
            let leads = tree.get(&leader).cloned();
            // refused for what was read, which is still so
            if known.as_ref() == Some(&leads) {
                let message = format!(
                    "'{old}' is no participant of log {id}, '{new}' is one, or the leader changed"
                );
                return Err(precondition_failed(message));
            }
            if self.write(replacement(&target, leads.as_ref(), &old, &new)).await? {
                return reply::result(json!({}));
            }
            known = Some(leads);
            self.newer_than(seen).await;
        }
    }

    async fn edit(&self, transaction: Transaction, refused: impl FnOnce() -> String) -> Answer {
        if self.write(transaction).await? {
            reply::result(json!({}))
        } else {
            Err(precondition_failed(refused()))
        }
    }

    /// The server that a path names.
    fn server(&self, name: &str) -> Result<ServerId, ApiError> {
        let id = server_id(&self.view().tree(), name);
        if is_key(&id) { Ok(id) } else { Err(bad(format!("'{name}' is no server"))) }
    }
}

/// Puts a participant in the place of another, which it has as a leader, too; provided that whoever
/// shall lead is the one that was read, as far as it matters.
fn replacement(target: &str, leads: Option<&Value>, old: &str, new: &str) -> Transaction {
    let leader = format!("{target}/leader");
    let transaction = Transaction::new()
        .delete(format!("{target}/participants/{old}"))
        .set(format!("{target}/participants/{new}"), json!({}))
        .increment(paths::TARGET_VERSION)
        .when_there(format!("{target}/participants/{old}"))
        .when_missing(format!("{target}/participants/{new}"));
    match leads.map(Value::as_str) {
        None => transaction.when_missing(leader),
        Some(Some(leads)) if leads == old => transaction.set(&*leader, new).when_equal(leader, old),
        Some(_) => transaction,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::testing::{plan, world};
    use crate::standin::coordinator::testing::World;

    const TARGET: &str = "/arango/Target/ReplicatedLogs/d/4";

    fn target(leader: Option<&str>) -> Json {
        let mut target = json!({
            "id": 4, "version": 5, "participants": {"PRMR-a": {}, "PRMR-b": {"forced": true}},
            "config": {"writeConcern": 2, "softWriteConcern": 2, "waitForSync": false},
            "properties": {"implementation": {"type": "black-hole"}},
        });
        if let Some(leader) = leader {
            target["leader"] = json!(leader);
        }
        target
    }

    async fn edited(world: &World, request: &str) -> (u16, Json, [u64; 3]) {
        let before = world.versions();
        let (status, body) = world.coordinator("CRDN-1").ask(request, None).await;
        let grown = [0, 1, 2].map(|at| world.versions()[at] - before[at]);
        if status == 200 {
            assert_eq!(body, json!({"error": false, "code": 200, "result": {}}), "{request}");
        }
        (status, world.json(TARGET), grown)
    }

    #[tokio::test]
    async fn s61_calls_change_the_target_at_once_or_not_at_all() {
        let with = |leader: Option<&str>, participants: Json| {
            let mut target = target(leader);
            target["participants"] = participants;
            target
        };
        let (a, b) = (Some("PRMR-a"), json!({"forced": true}));
        for (request, before, status, after) in [
            ("POST /_db/d/_api/log/4/leader/PRMR-b", None, 200, target(Some("PRMR-b"))),
            ("POST /_db/d/_api/log/4/leader/DBServer0002", a, 200, target(Some("PRMR-b"))),
            ("POST /_db/d/_api/log/4/leader/PRMR-c", a, 412, target(a)),
            ("DELETE /_db/d/_api/log/4/leader", a, 200, target(None)),
            ("DELETE /_db/d/_api/log/4/leader", None, 200, target(None)),
            (
                "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-c",
                a,
                200,
                with(Some("PRMR-c"), json!({"PRMR-b": b, "PRMR-c": {}})),
            ),
            (
                "POST /_db/d/_api/log/4/participant/DBServer0002/replace-with/DBServer0003",
                a,
                200,
                with(a, json!({"PRMR-a": {}, "PRMR-c": {}})),
            ),
            (
                "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-c",
                None,
                200,
                with(None, json!({"PRMR-b": b, "PRMR-c": {}})),
            ),
            ("POST /_db/d/_api/log/4/participant/PRMR-c/replace-with/PRMR-d", a, 412, target(a)),
            ("POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-b", a, 412, target(a)),
            ("POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-a", a, 412, target(a)),
            ("POST /_db/d/_api/log/4/leader/x%2Fy", a, 400, target(a)),
            ("POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/x%2Fy", a, 400, target(a)),
        ] {
            let world = world();
            world.set(TARGET, target(before));
            let (code, seen, grown) = edited(&world, request).await;
            assert_eq!((code, seen), (status, after), "{request}");
            assert_eq!(grown, if status == 200 { [1, 0, 0] } else { [0, 0, 0] }, "{request}");
        }
    }

    #[tokio::test]
    async fn s61_a_leader_that_changed_meanwhile_is_not_overwritten() {
        for (before, meanwhile) in
            [(Some("PRMR-a"), Some("PRMR-b")), (None, Some("PRMR-a")), (Some("PRMR-a"), None)]
        {
            let world = world();
            world.set(TARGET, target(before));
            world.freeze();
            world.set(TARGET, target(meanwhile));
            let request = "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-c";
            let (status, after, _) = edited(&world, request).await;
            assert_eq!((status, after), (412, target(meanwhile)));
        }
    }

    #[tokio::test]
    async fn s61_what_a_script_has_just_written_counts() {
        let world = world();
        world.set(TARGET, target(None));
        world.freeze();
        world.set(TARGET, target(Some("PRMR-a")));
        let coordinator = world.coordinator("CRDN-1");
        let request = "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-c";
        let thawing = async {
            tokio::task::yield_now().await;
            world.thaw();
        };
        let ((status, _), ()) = tokio::join!(coordinator.ask(request, None), thawing);
        let after = world.json(TARGET);
        assert_eq!((status, &after["leader"]), (200, &json!("PRMR-c")));
    }

    #[tokio::test]
    async fn c4_11_there_is_nothing_to_edit_where_no_log_is() {
        let world = world();
        assert_eq!(edited(&world, "POST /_db/d/_api/log/4/leader/PRMR-b").await.0, 412);
        let replace = "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-b";
        assert_eq!(edited(&world, replace).await.0, 412);
        assert!(!world.has("/arango/Target/ReplicatedLogs"));
    }

    #[tokio::test]
    async fn s12_a_log_is_deleted_everywhere_at_once() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        world.set(TARGET, target(None));
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(Some("PRMR-a")));
        world.set("/arango/Current/ReplicatedLogs/d/4", json!({"localStatus": {}}));
        for _ in 0..2 {
            let before = world.versions();
            let answer = coordinator.ask("DELETE /_db/d/_api/log/4", None).await;
            assert_eq!(answer, (200, json!({"error": false, "code": 200})));
            for key in ["Target", "Plan", "Current"] {
                assert!(!world.has(&format!("/arango/{key}/ReplicatedLogs/d/4")), "{key}");
            }
            assert_eq!(world.versions(), before.map(|version| version + 1));
        }
    }
}
