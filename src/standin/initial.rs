//! The initial contents of an agency, as the first server of a cluster
//! writes them.

use serde_json::{Value as Json, json};

use crate::agency::value::Value;

use super::agent::AgentHandle;

/// Writes the initial contents through the leading agent, unless somebody has
/// done so. False if the agent leads no more.
pub(super) async fn write(leader: &AgentHandle, tree: &Json) -> bool {
    let client_id = uuid::Uuid::new_v4().to_string();
    let transaction = json!([
        { "arango/": { "op": "set", "new": tree } },
        { "arango/Plan": { "oldEmpty": true } },
        client_id,
    ]);
    leader.write(&Value::from(transaction)).await
}

/// What stands below `/arango`.
pub fn tree() -> Json {
    json!({
        "Cluster": uuid::Uuid::new_v4().to_string(),
        "Agency": { "Definition": 1 },
        "InitDone": true,
        "Current": {
            "AsyncReplication": {},
            "Collections": { "_system": {} },
            "Version": 1,
            "ShardsCopied": {},
            "NewServers": {},
            "Coordinators": {},
            "Lock": "UNLOCKED",
            "DBServers": {},
            "Singles": {},
            "ServersRegistered": { "Version": 1 },
            "Databases": {},
        },
        "Plan": {
            "AsyncReplication": {},
            "Coordinators": {},
            "Databases": {
                "_system": { "name": "_system", "id": "1", "replicationVersion": "1" },
            },
            "Lock": "UNLOCKED",
            "DBServers": {},
            "Singles": {},
            "Version": 1,
            "Collections": { "_system": {} },
            "Views": { "_system": {} },
            "Analyzers": { "_system": { "revision": 0, "buildingRevision": 0 } },
        },
        "Sync": {
            "LatestID": 1,
            "Problems": {},
            "UserVersion": 1,
            "ServerStates": {},
            "HeartbeatIntervalMs": 1000,
        },
        "Supervision": { "Health": {}, "Shards": {}, "DBServers": {} },
        "Target": {
            "NumberOfCoordinators": null,
            "NumberOfDBServers": null,
            "CleanedServers": [],
            "ToBeCleanedServers": [],
            "FailedServers": {},
            "Lock": "UNLOCKED",
            "Failed": {},
            "Finished": {},
            "Pending": {},
            "ToDo": {},
            "Version": 1,
        },
    })
}
