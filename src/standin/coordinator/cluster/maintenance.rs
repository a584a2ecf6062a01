//! Maintenance: of the whole cluster, in which the supervision does nothing, and of one DB-server
//! (§3.5).

use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{child, server_id, status};
use crate::standin::coordinator::reply::{
    self, Body, bad, missing, ok, precondition_failed, timed_out, whole,
};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{ServerId, Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// How long maintenance lasts unless told otherwise.
const HOUR: u64 = 3600;
/// No maintenance lasts longer, in seconds: ten years.
const LONGEST: u64 = 10 * 365 * 24 * HOUR;
const MAINTENANCE: &str = "/arango/Supervision/Maintenance";
const MODE: &str = "/arango/Supervision/State/Mode";

/// What a client wants the supervision to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Off,
    For { seconds: u64 },
}

impl Wish {
    fn of(body: Option<&Json>) -> Option<Self> {
        let seconds = match body? {
            Json::String(text) => match text.as_str() {
                "on" => HOUR,
                "off" => return Some(Self::Off),
                number => number.parse().ok()?,
            },
            number => whole(number)?,
        };
        (1..=LONGEST).contains(&seconds).then_some(Self::For { seconds })
    }
}

fn until(now: SystemTime, seconds: u64) -> String {
    stamp(now + Duration::from_secs(seconds))
}

impl Coordinator {
    /// `GET maintenance`.
    pub(super) fn mode(&self) -> Answer {
        reply::result(self.view().tree().text(MODE).unwrap_or("Normal"))
    }

    /// `PUT maintenance`.
    pub(super) async fn set_mode(&self, call: &Call) -> Answer {
        let wish = Wish::of(reply::json(call).await?.as_ref());
        let wish = wish.ok_or_else(|| bad("the body must be \"on\", \"off\" or seconds"))?;
        let (transaction, mode, warning) = match wish {
            Wish::Off => {
                let warning = "the supervision works again: servers that do not answer fail";
                (Transaction::new().delete(MAINTENANCE), "Normal", warning.to_owned())
            }
            Wish::For { seconds } => {
                let until = until(SystemTime::now(), seconds);
                let operation = json!({ "op": "set", "new": until, "ttl": seconds });
                let warning = format!("the supervision does nothing until {until}: no failover");
                (Transaction::new().operation(MAINTENANCE, operation), "Maintenance", warning)
            }
        };
        self.write(transaction).await?;
        let follows = |tree: &Tree| (tree.text(MODE) == Some(mode)).then_some(());
        match self.wait_for(self.settings.maintenance, follows).await {
            Some(()) => ok(json!({ "warning": warning })),
            None => Err(timed_out("the supervision has not changed its mode in time")),
        }
    }

    /// `GET maintenance/<dbserver>`.
    pub(super) fn server_maintenance(&self, name: &str) -> Answer {
        let tree = self.view().tree();
        let server = known(&tree, name)?;
        match current(&tree, &server) {
            Some(entry) => reply::result(Json::from(entry)),
            None => ok(json!({})),
        }
    }

    /// `PUT maintenance/<dbserver>`.
    pub(super) async fn set_server_maintenance(&self, call: &Call, name: &str) -> Answer {
        let body = Body::of(call).await?;
        let begins = match body.required("mode")? {
            "maintenance" => true,
            "normal" => false,
            other => return Err(bad(format!("'{other}' is no mode of a server"))),
        };
        let seconds = body.number("timeout")?.unwrap_or(HOUR);
        if !(1..=LONGEST).contains(&seconds) {
            return Err(bad("'timeout' must be a number of seconds"));
        }
        let server = known(&self.view().tree(), name)?;
        let path = format!("/arango/Target/MaintenanceDBServers/{server}");
        let transaction = if begins {
            let entry =
                json!({ "Mode": "maintenance", "Until": until(SystemTime::now(), seconds) });
            Transaction::new().set(path, entry)
        } else {
            Transaction::new().delete(path)
        };
        let health = format!("{}/Status", paths::health(&server));
        if !self.write(transaction.when_equal(health, "GOOD")).await? {
            return Err(precondition_failed(format!("the status of '{name}' is not GOOD")));
        }
        let follows = |tree: &Tree| (current(tree, &server).is_some() == begins).then_some(());
        match self.wait_for(self.settings.maintenance, follows).await {
            Some(()) => ok(json!({})),
            None => Err(timed_out("the supervision has not followed in time")),
        }
    }
}

fn current<'a>(tree: &'a Tree, server: &str) -> Option<&'a Value> {
    child(tree, "/arango/Current/MaintenanceDBServers", server)
}

/// A DB-server that there is.
fn known(tree: &Tree, name: &str) -> Result<ServerId, ApiError> {
    let id = server_id(tree, name);
    let there = id.starts_with("PRMR-")
        && (status(tree, &id).is_some() || child(tree, "/arango/Plan/DBServers", &id).is_some());
    if there { Ok(id) } else { Err(missing(404, format!("there is no DB-server '{name}'"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;
    use crate::standin::model::stamp;

    const CLUSTER: &str = "PUT /_admin/cluster/maintenance";

    /// The supervision, as far as it changes its mode.
    fn supervision(tree: &Tree) -> Option<Transaction> {
        let mode = if tree.has(MAINTENANCE) { "Maintenance" } else { "Normal" };
        (tree.text(MODE) != Some(mode)).then(|| Transaction::new().set(MODE, mode))
    }

    #[tokio::test]
    async fn s31_maintenance_is_on_once_the_supervision_says_so() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        let (get, normal) = ("GET /_admin/cluster/maintenance", json!("Normal"));
        assert_eq!(coordinator.ask(get, None).await.1["result"], normal);
        for (body, seconds) in
            [(json!("on"), 3600), (json!(60), 60), (json!("120"), 120), (json!(30.0), 30)]
        {
            let asked = coordinator.ask(CLUSTER, Some(body.clone()));
            let (status, answer) = world.while_playing(supervision, asked).await;
            assert_eq!((status, &answer["error"]), (200, &json!(false)), "{body}");
            assert!(answer["warning"].is_string());
            let until = world.json(MAINTENANCE);
            let until = stamp::parse(until.as_str().unwrap()).unwrap();
            let left = until.duration_since(SystemTime::now()).unwrap_or_default().as_secs();
            assert!((seconds - 3..=seconds).contains(&left), "{body}: {left}");
            assert_eq!(coordinator.ask(get, None).await.1["result"], "Maintenance");
        }
        let asked = coordinator.ask(CLUSTER, Some(json!("off")));
        assert_eq!(world.while_playing(supervision, asked).await.0, 200);
        assert!(!world.has(MAINTENANCE));
        assert_eq!(coordinator.ask(get, None).await.1["result"], normal);
    }

    #[tokio::test]
    async fn c8_2_maintenance_that_the_supervision_ignores_times_out() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        assert_eq!(coordinator.status(CLUSTER, Some(json!("on"))).await, 408);
        assert!(world.has(MAINTENANCE));
        for body in [
            json!("maybe"),
            json!(0),
            json!(-5),
            json!("-5"),
            json!(1.5),
            json!({}),
            json!(true),
            json!("99999999999999999999"),
            json!(1e15),
        ] {
            assert_eq!(coordinator.status(CLUSTER, Some(body.clone())).await, 400, "{body}");
        }
        assert_eq!(coordinator.status(CLUSTER, None).await, 400);
    }

    /// The supervision, as far as it copies what is wanted of servers.
    fn copies(tree: &Tree) -> Option<Transaction> {
        let (target, current) = (
            "/arango/Target/MaintenanceDBServers/PRMR-a",
            "/arango/Current/MaintenanceDBServers/PRMR-a",
        );
        match (tree.get(target), tree.get(current)) {
            (Some(wanted), None) => Some(Transaction::new().set(current, wanted)),
            (None, Some(_)) => Some(Transaction::new().delete(current)),
            _ => None,
        }
    }

    #[tokio::test]
    async fn c3_5_a_server_is_in_maintenance_once_current_says_so() {
        let world = World::with_servers(&["PRMR-a"], &["CRDN-1"]);
        let coordinator = world.coordinator("CRDN-1");
        let (get, put) = (
            "GET /_admin/cluster/maintenance/DBServer0001",
            "PUT /_admin/cluster/maintenance/PRMR-a",
        );
        let done = json!({"error": false, "code": 200});
        assert_eq!(coordinator.ask(get, None).await, (200, done.clone()));
        let asked = coordinator.ask(put, Some(json!({"mode": "maintenance", "timeout": 100})));
        assert_eq!(world.while_playing(copies, asked).await, (200, done.clone()));
        let entry = coordinator.ask(get, None).await.1["result"].clone();
        assert_eq!(entry["Mode"], "maintenance");
        let until = stamp::parse(entry["Until"].as_str().unwrap()).unwrap();
        let left = until.duration_since(SystemTime::now()).unwrap_or_default().as_secs();
        assert!((97..=100).contains(&left), "{left}");
        let asked = coordinator.ask(put, Some(json!({"mode": "normal"})));
        assert_eq!(world.while_playing(copies, asked).await, (200, done));
        assert!(!world.has("/arango/Target/MaintenanceDBServers/PRMR-a"));
    }

    #[tokio::test]
    async fn c8_2_maintenance_of_a_server_needs_one_that_is_good() {
        let world = World::with_servers(&["PRMR-a"], &["CRDN-1"]);
        let coordinator = world.coordinator("CRDN-1");
        let put = "PUT /_admin/cluster/maintenance/PRMR-a";
        let wish = || Some(json!({"mode": "maintenance"}));
        assert_eq!(coordinator.status(put, wish()).await, 408);
        for status in ["BAD", "FAILED"] {
            world.set("/arango/Supervision/Health/PRMR-a/Status", json!(status));
            assert_eq!(coordinator.status(put, wish()).await, 412);
        }
        for server in ["PRMR-x", "CRDN-1", "x%2Fy"] {
            for method in ["GET", "PUT"] {
                let request = format!("{method} /_admin/cluster/maintenance/{server}");
                assert_eq!(coordinator.status(&request, wish()).await, 404, "{request}");
            }
        }
        for body in [
            json!("on"),
            json!({}),
            json!({"mode": "on"}),
            json!({"mode": 1}),
            json!({"mode": "normal", "timeout": "x"}),
            json!({"mode": "normal", "timeout": -1}),
            json!({"mode": "normal", "timeout": 0}),
        ] {
            assert_eq!(coordinator.status(put, Some(body.clone())).await, 400, "{body}");
        }
    }
}
