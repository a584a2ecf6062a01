//! Where the coordinators are, what the agency holds, and numbers for clients.

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::ids::BLOCK;
use crate::standin::coordinator::names::{child, text};
use crate::standin::coordinator::reply::{bad, ok};
use crate::standin::model::Tree;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `GET endpoints`.
    pub(super) fn endpoints(&self) -> Answer {
        ok(json!({ "endpoints": endpoints(&self.view().tree()) }))
    }

    /// `GET agency-dump`: the state of the leading agent as it tells it.
    pub(super) async fn agency_dump(&self) -> Answer {
        Ok(answer::json(StatusCode::OK, &self.around.state().await?))
    }

    /// `PUT uniqId`.
    pub(super) async fn hand_out_ids(&self, call: &Call) -> Answer {
        let count = number(call, "number")?.unwrap_or(1);
        if !(1..=BLOCK).contains(&count) {
            return Err(bad(format!("'number' must be from 1 to {BLOCK}")));
        }
        let (smallest, largest) = match number(call, "minimum")? {
            None => {
                let first = self.unique_ids(count).await?;
                (first, first + (count - 1))
            }
            Some(minimum) => self.unique_ids_from(count, minimum).await?.into_inner(),
        };
        ok(json!({ "smallest": smallest.to_string(), "largest": largest.to_string() }))
    }
}

fn number(call: &Call, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = call.parameter(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| bad(format!("'{name}' must be a number")))
}

/// Where the coordinators in Current listen.
fn endpoints(tree: &Tree) -> Vec<Json> {
    let ids = tree.children("/arango/Current/Coordinators").map(|(id, _)| id);
    ids.filter_map(|id| {
        let registered = child(tree, "/arango/Current/ServersRegistered", id)?;
        let internal = text(registered, "endpoint")?;
        let advertised = text(registered, "advertisedEndpoint").filter(|at| !at.is_empty());
        Some(match advertised {
            Some(advertised) => json!({ "endpoint": advertised, "internal": internal }),
            None => json!({ "endpoint": internal }),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;

    #[tokio::test]
    async fn c8_2_endpoints_are_those_of_the_current_coordinators() {
        let world = World::with_servers(&["PRMR-a"], &["CRDN-1", "CRDN-2", "CRDN-3"]);
        let registered = json!({"endpoint": "tcp://in:1", "advertisedEndpoint": "tcp://out:1"});
        world.set("/arango/Current/ServersRegistered/CRDN-2", registered);
        world.set("/arango/Current/ServersRegistered/CRDN-3", json!("rubbish"));
        let (status, body) =
            world.coordinator("CRDN-1").ask("GET /_api/cluster/endpoints", None).await;
        let endpoints = json!([
            {"endpoint": "tcp://CRDN-1:1"},
            {"endpoint": "tcp://out:1", "internal": "tcp://in:1"},
        ]);
        assert_eq!(
            (status, body),
            (200, json!({"error": false, "code": 200, "endpoints": endpoints}))
        );
    }

    #[tokio::test]
    async fn c8_2_the_dump_is_the_state_of_the_agency() {
        let world = World::bootstrapped();
        let (status, body) =
            world.coordinator("CRDN-1").ask("GET /_api/cluster/agency-dump", None).await;
        assert_eq!(status, 200);
        assert_eq!(body["agency"]["arango"]["Plan"]["Version"], 1);
        assert!(body["log"].is_array() && body["index"].is_number() && body["term"].is_number());
    }

    #[tokio::test]
    async fn s2_clients_get_numbers_that_nobody_else_gets() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        let range = async |query: &str| {
            let request = format!("PUT /_admin/cluster/uniqId{query}");
            let (status, body) = coordinator.ask(&request, None).await;
            assert_eq!(status, 200, "{query} {body}");
            let bound = |name: &str| body[name].as_str().unwrap().parse::<u64>().unwrap();
            (bound("smallest"), bound("largest"))
        };
        let one = range("").await;
        assert_eq!(one.0, one.1);
        let many = range("?number=1000000").await;
        assert_eq!(many.1 - many.0, 999_999);
        assert!(many.0 > one.1);
        let high = range("?minimum=5000000000&number=3").await;
        assert_eq!(high, (5_000_000_000, 5_000_000_002));
        assert!(range("").await.0 > high.1);
        for query in [
            "?number=0",
            "?number=1000001",
            "?number=x",
            "?number=-1",
            "?minimum=x",
            "?minimum=18446744073709551615&number=5",
            "?minimum=9223372036854775807&number=2",
        ] {
            let request = format!("PUT /_admin/cluster/uniqId{query}");
            assert_eq!(coordinator.status(&request, None).await, 400, "{query}");
        }
    }
}
