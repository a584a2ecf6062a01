//! Where things stand in the tree.

/// The version of the Plan.
pub const PLAN_VERSION: &str = "/arango/Plan/Version";
/// The version of Current.
pub const CURRENT_VERSION: &str = "/arango/Current/Version";
/// The version of the Target.
pub const TARGET_VERSION: &str = "/arango/Target/Version";
/// Where the numbers come from that are unique in a cluster.
pub const LATEST_ID: &str = "/arango/Sync/LatestID";

/// A replicated log in the Target.
pub fn target_log(database: &str, id: &str) -> String {
    format!("/arango/Target/ReplicatedLogs/{database}/{id}")
}

/// A replicated log in the Plan.
pub fn plan_log(database: &str, id: &str) -> String {
    format!("/arango/Plan/ReplicatedLogs/{database}/{id}")
}

/// A replicated log in Current.
pub fn current_log(database: &str, id: &str) -> String {
    format!("/arango/Current/ReplicatedLogs/{database}/{id}")
}

/// A collection group in the Target.
pub fn target_group(database: &str, id: &str) -> String {
    format!("/arango/Target/CollectionGroups/{database}/{id}")
}

/// A collection group in the Plan.
pub fn plan_group(database: &str, id: &str) -> String {
    format!("/arango/Plan/CollectionGroups/{database}/{id}")
}

/// A collection group in Current.
pub fn current_group(database: &str, id: &str) -> String {
    format!("/arango/Current/CollectionGroups/{database}/{id}")
}

/// A collection in the Target.
pub fn target_collection(database: &str, id: &str) -> String {
    format!("/arango/Target/Collections/{database}/{id}")
}

/// A collection in the Plan.
pub fn plan_collection(database: &str, id: &str) -> String {
    format!("/arango/Plan/Collections/{database}/{id}")
}

/// A collection in Current; its children are its shards.
pub fn current_collection(database: &str, id: &str) -> String {
    format!("/arango/Current/Collections/{database}/{id}")
}

/// A database in the Plan.
pub fn plan_database(database: &str) -> String {
    format!("/arango/Plan/Databases/{database}")
}

/// The analyzers of a database in the Plan.
pub fn plan_analyzers(database: &str) -> String {
    format!("/arango/Plan/Analyzers/{database}")
}

/// The health record of a server; there is one in the persisted and one in the transient tree.
pub fn health(server: &str) -> String {
    format!("/arango/Supervision/Health/{server}")
}

/// The number of an incarnation of a server.
pub fn reboot_id(server: &str) -> String {
    format!("/arango/Current/ServersKnown/{server}/rebootId")
}

/// A job in one of `ToDo`, `Pending`, `Finished`, `Failed`.
pub fn job(state: &str, id: &str) -> String {
    format!("/arango/Target/{state}/{id}")
}
