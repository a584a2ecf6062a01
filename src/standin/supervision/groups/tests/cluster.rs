//! An agency with a supervision of groups. Others are played: the supervision of logs, which does
//! at once what is wanted, and DB-servers, which report all shards that are planned.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::standin::model::Transaction;
use crate::standin::supervision::groups::{GroupsState, supervise};
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::testing::{Memory, World};

pub(super) struct Cluster {
    pub(super) world: World,
    state: GroupsState,
    ids: Ids,
}

impl Cluster {
    /// A cluster with these DB-servers, all of them well.
    pub(super) fn of(servers: &[&str]) -> Self {
        let mut world = World::bootstrapped();
        for server in servers {
            world.set(&format!("/arango/Plan/DBServers/{server}"), json!("none"));
            world.set(&format!("/arango/Current/ServersKnown/{server}"), json!({"rebootId": 1}));
            world.set(&format!("/arango/Supervision/Health/{server}"), json!({"Status": "GOOD"}));
        }
        let shop = json!({"id": "7", "name": "shop", "replicationVersion": "2"});
        world.set("/arango/Plan/Databases/shop", shop);
        Self { world, state: GroupsState::default(), ids: Ids::default() }
    }

    /// Asks for a group, or for changes of it.
    pub(super) fn want_group(
        &mut self,
        id: u64,
        version: u64,
        collections: &[&str],
        mutable: Json,
    ) {
        let members: BTreeMap<_, _> = collections.iter().map(|id| (*id, json!({}))).collect();
        let group = json!({
            "id": id, "leader": "", "version": version, "collections": members,
            "attributes": {"mutable": mutable, "immutable": {"numberOfShards": 3}},
        });
        self.world.set(&format!("/arango/Target/CollectionGroups/shop/{id}"), group);
    }

    /// Asks for a collection, without telling its group.
    pub(super) fn want_collection(&mut self, group: u64, id: &str, more: Json) {
        let mut collection = json!({
            "groupId": group, "id": id, "name": format!("c{id}"), "type": 2, "schema": null,
            "indexes": [{"id": "0", "type": "primary", "fields": ["_key"]}], "shardKeys": ["_key"],
        });
        collection.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.world.set(&format!("/arango/Target/Collections/shop/{id}"), collection);
    }

    /// Runs the stage once; how many transactions it has written.
    pub(super) fn round(&mut self) -> usize {
        let before = self.world.agency.written.len();
        self.world.stage(|round| supervise(&mut self.state, &mut self.ids, round)).unwrap();
        self.world.agency.written.len() - before
    }

    /// What the stage remembers, numbers, and the agency.
    pub(super) fn parts(&mut self) -> (&mut GroupsState, &mut Ids, &mut Memory) {
        (&mut self.state, &mut self.ids, &mut self.world.agency)
    }

    /// Everybody does what there is to do, until there is nothing.
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            let before = self.world.tree();
            self.round();
            self.play_logs();
            self.play_servers();
            if self.world.tree() == before {
                return;
            }
        }
        panic!("it never ends: {:?}", self.world.agency.written.last());
    }

    pub(super) fn play_logs(&mut self) {
        let health = HealthMap::of(&self.world.tree());
        let wanted = self.get("/arango/Target/ReplicatedLogs/shop");
        for (id, target) in members(&wanted) {
            let path = format!("/arango/Plan/ReplicatedLogs/shop/{id}");
            let config = json!({
                "effectiveWriteConcern": target["config"]["writeConcern"],
                "waitForSync": target["config"]["waitForSync"],
            });
            let plan = self.get(&path);
            let mut term = plan["currentTerm"].clone();
            let participants = target["participants"].as_object().unwrap();
            let is_leader = |server: &Json| {
                let server = server.as_str().unwrap_or_default();
                participants.contains_key(server) && health.is_ok(server)
            };
            if !is_leader(&term["leader"]["serverId"]) || is_leader(&target["leader"]) {
                let first = || participants.keys().find(|server| health.is_ok(server));
                let wanted = target["leader"].as_str().filter(|_| is_leader(&target["leader"]));
                let leader = wanted.or_else(|| first().map(String::as_str));
                if leader != term["leader"]["serverId"].as_str() {
                    let number = term["term"].as_u64().unwrap_or(0) + 1;
                    let leader = leader.map(|l| json!({"serverId": l, "rebootId": 1}));
                    term = json!({"term": number});
                    if let Some(leader) = leader {
                        term["leader"] = leader;
                    }
                }
            }
            let generation = plan["participantsConfig"]["generation"].as_u64().unwrap_or(1);
            self.put(
                &path,
                json!({
                    "id": target["id"], "owner": "target", "currentTerm": term,
                    "participantsConfig": {
                        "generation": generation, "config": config, "participants": participants,
                    },
                    "properties": target["properties"],
                }),
            );
            let reached = format!("/arango/Current/ReplicatedLogs/shop/{id}/supervision");
            self.put(
                &reached,
                json!({"assumedWriteConcern": 1, "targetVersion": target["version"]}),
            );
        }
        for (id, _) in members(&self.get("/arango/Plan/ReplicatedLogs/shop")) {
            if wanted.get(&id).is_none() {
                self.world.delete(&format!("/arango/Plan/ReplicatedLogs/shop/{id}"));
                self.world.delete(&format!("/arango/Current/ReplicatedLogs/shop/{id}"));
            }
        }
    }

    pub(super) fn play_servers(&mut self) {
        for (id, collection) in members(&self.get("/arango/Plan/Collections/shop")) {
            let indexes: Vec<Json> = collection["indexes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|index| {
                    let mut index = index.clone();
                    index.as_object_mut().unwrap().remove("isBuilding");
                    index
                })
                .collect();
            for (shard, servers) in members(&collection["shards"]) {
                self.put(
                    &format!("/arango/Current/Collections/shop/{id}/{shard}"),
                    json!({
                        "error": false, "errorNum": 0, "errorMessage": "", "indexes": indexes,
                        "servers": servers, "failoverCandidates": servers,
                    }),
                );
            }
        }
    }

    /// What stands at a path, `null` if nothing does.
    pub(super) fn get(&self, path: &str) -> Json {
        self.world.get(path).unwrap_or_default()
    }

    /// Writes a value, unless it stands there.
    fn put(&mut self, path: &str, value: Json) {
        if self.get(path) != value {
            self.world.set(path, value);
        }
    }

    /// As removeServer does.
    pub(super) fn remove_server(&mut self, server: &str) {
        let transaction = Transaction::new()
            .delete(format!("/arango/Plan/DBServers/{server}"))
            .delete(format!("/arango/Current/ServersKnown/{server}"))
            .delete(format!("/arango/Supervision/Health/{server}"));
        self.world.apply(transaction);
    }

    /// The logs of a group, in the order of its sheaves.
    pub(super) fn logs(&self, group: u64) -> Vec<u64> {
        let plan = self.get(&format!("/arango/Plan/CollectionGroups/shop/{group}"));
        let sheaves = plan["shardSheaves"].as_array().cloned().unwrap_or_default();
        sheaves.iter().map(|sheaf| sheaf["replicatedLog"].as_u64().unwrap()).collect()
    }

    /// What is wanted of a log.
    pub(super) fn log(&self, id: u64) -> Json {
        self.get(&format!("/arango/Target/ReplicatedLogs/shop/{id}"))
    }

    /// The participants that are wanted of a log.
    pub(super) fn participants(&self, id: u64) -> Vec<String> {
        members(&self.log(id)["participants"]).into_iter().map(|(server, _)| server).collect()
    }

    /// The version of a group that is told as reached.
    pub(super) fn reached(&self, group: u64) -> Json {
        self.get(&format!(
            "/arango/Current/CollectionGroups/shop/{group}/supervision/targetVersion"
        ))
    }

    /// The shards of a collection, in their order.
    pub(super) fn shards(&self, collection: &str) -> Vec<String> {
        let plan = self.get(&format!("/arango/Plan/Collections/shop/{collection}"));
        let shards = plan["shardsR2"].as_array().cloned().unwrap_or_default();
        shards.iter().map(|shard| shard.as_str().unwrap().to_owned()).collect()
    }
}

/// The members of an object.
pub(super) fn members(object: &Json) -> Vec<(String, Json)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The attributes of a group that can be changed.
pub(super) fn mutable(replication_factor: u64) -> Json {
    json!({"writeConcern": 1, "replicationFactor": replication_factor, "waitForSync": false})
}
