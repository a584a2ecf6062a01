//! The cluster as a whole: `/_admin/cluster` and `/_api/cluster` (§8).
//!
//! * `health`: who is well
//! * `jobs`: jobs for the supervision, and what became of them
//! * `maintenance`: the supervision is told to do less
//! * `move_shard`: the job that moves a shard
//! * `overview`: endpoints, the agency's state, unique numbers
//! * `remove_server`: servers that are gone for good
//! * `responsible`: what a server still has to do
//! * `server_numbers`: how many servers there shall be

mod health;
mod jobs;
mod maintenance;
mod move_shard;
mod overview;
mod remove_server;
mod responsible;
mod server_numbers;

use axum::http::Method;

use super::{Coordinator, is_get, unknown_path};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

impl Coordinator {
    /// Answers what is below `/_admin/cluster`.
    pub(super) async fn administer(&self, call: &Call, path: &[&str]) -> Answer {
        let method = &call.method;
        match path {
            ["health"] if is_get(method) => self.health().await,
            ["removeServer"] if method == Method::POST => self.remove_server(call).await,
            ["cleanOutServer"] if method == Method::POST => self.clean_out_server(call).await,
            ["resignLeadership"] if method == Method::POST => self.resign_leadership(call).await,
            ["moveShard"] if method == Method::POST => self.move_shard(call).await,
            ["queryAgencyJob"] if is_get(method) => self.query_job(call),
            ["cancelAgencyJob"] if method == Method::POST => self.cancel_job(call).await,
            ["numberOfServers"] if is_get(method) => self.server_numbers(),
            ["numberOfServers"] if method == Method::PUT => self.set_server_numbers(call).await,
            ["maintenance"] if is_get(method) => self.mode(),
            ["maintenance"] if method == Method::PUT => self.set_mode(call).await,
            ["maintenance", server] if is_get(method) => self.server_maintenance(server),
            ["maintenance", server] if method == Method::PUT => {
                self.set_server_maintenance(call, server).await
            }
            ["uniqId"] if method == Method::PUT => self.hand_out_ids(call).await,
            [
                "health" | "removeServer" | "cleanOutServer" | "resignLeadership" | "moveShard"
                | "queryAgencyJob" | "cancelAgencyJob" | "numberOfServers" | "maintenance"
                | "uniqId",
            ]
            | ["maintenance", _] => Err(ApiError::MethodNotSupported),
            _ => Err(unknown_path(&call.path.text)),
        }
    }

    /// Answers what is below `/_api/cluster`.
    pub(super) async fn tell_of_cluster(&self, call: &Call, path: &[&str]) -> Answer {
        let get = is_get(&call.method);
        match path {
            ["endpoints"] if get => self.endpoints(),
            ["agency-dump"] if get => self.agency_dump().await,
            ["endpoints" | "agency-dump"] => Err(ApiError::MethodNotSupported),
            _ => Err(unknown_path(&call.path.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::World;

    #[tokio::test]
    async fn c8_wrong_methods_and_unknown_paths() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        for (request, status) in [
            ("POST /_admin/cluster/health", 405),
            ("GET /_admin/cluster/removeServer", 405),
            ("PUT /_admin/cluster/cleanOutServer", 405),
            ("DELETE /_admin/cluster/resignLeadership", 405),
            ("GET /_admin/cluster/moveShard", 405),
            ("POST /_admin/cluster/queryAgencyJob", 405),
            ("GET /_admin/cluster/cancelAgencyJob", 405),
            ("POST /_admin/cluster/numberOfServers", 405),
            ("DELETE /_admin/cluster/maintenance", 405),
            ("POST /_admin/cluster/maintenance/PRMR-a", 405),
            ("GET /_admin/cluster/uniqId", 405),
            ("POST /_api/cluster/endpoints", 405),
            ("PUT /_api/cluster/agency-dump", 405),
            ("GET /_admin/cluster", 404),
            ("GET /_admin/cluster/nope", 404),
            ("GET /_admin/cluster/health/x", 404),
            ("GET /_api/cluster/nope", 404),
            ("GET /_db/nope/_admin/cluster/health", 404),
        ] {
            let (code, body) = coordinator.ask(request, None).await;
            assert_eq!((code, &body["error"]), (status, &json!(true)), "{request}");
        }
    }
}
