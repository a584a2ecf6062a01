//! Where things stand in the tree.

/// The version of the Plan.
pub(in crate::standin) const PLAN_VERSION: &str = "/arango/Plan/Version";
/// The version of Current.
pub(in crate::standin) const CURRENT_VERSION: &str = "/arango/Current/Version";
/// The version of the Target.
pub(in crate::standin) const TARGET_VERSION: &str = "/arango/Target/Version";
/// Where the numbers come from that are unique in a cluster.
pub(in crate::standin) const LATEST_ID: &str = "/arango/Sync/LatestID";

/// A replicated log in the Target.
pub(in crate::standin) fn target_log(database: &str, id: &str) -> String {
    format!("/arango/Target/ReplicatedLogs/{database}/{id}")
}

/// A replicated log in the Plan.
pub(in crate::standin) fn plan_log(database: &str, id: &str) -> String {
    format!("/arango/Plan/ReplicatedLogs/{database}/{id}")
}

/// A replicated log in Current.
pub(in crate::standin) fn current_log(database: &str, id: &str) -> String {
    format!("/arango/Current/ReplicatedLogs/{database}/{id}")
}

/// A collection group in the Target.
pub(in crate::standin) fn target_group(database: &str, id: &str) -> String {
    format!("/arango/Target/CollectionGroups/{database}/{id}")
}

/// A collection group in the Plan.
pub(in crate::standin) fn plan_group(database: &str, id: &str) -> String {
    format!("/arango/Plan/CollectionGroups/{database}/{id}")
}

/// A collection group in Current.
pub(in crate::standin) fn current_group(database: &str, id: &str) -> String {
    format!("/arango/Current/CollectionGroups/{database}/{id}")
}

/// A collection in the Plan.
pub(in crate::standin) fn plan_collection(database: &str, id: &str) -> String {
    format!("/arango/Plan/Collections/{database}/{id}")
}

/// A collection in Current; its children are its shards.
pub(in crate::standin) fn current_collection(database: &str, id: &str) -> String {
    format!("/arango/Current/Collections/{database}/{id}")
}

/// A database in the Plan.
pub(in crate::standin) fn plan_database(database: &str) -> String {
    format!("/arango/Plan/Databases/{database}")
}

/// The analyzers of a database in the Plan.
pub(in crate::standin) fn plan_analyzers(database: &str) -> String {
    format!("/arango/Plan/Analyzers/{database}")
}

/// The health record of a server; there is one in the persisted and one in the transient tree.
pub(in crate::standin) fn health(server: &str) -> String {
    format!("/arango/Supervision/Health/{server}")
}

/// The number of an incarnation of a server.
pub(in crate::standin) fn reboot_id(server: &str) -> String {
    format!("/arango/Current/ServersKnown/{server}/rebootId")
}

/// A job in one of `ToDo`, `Pending`, `Finished`, `Failed`.
pub(in crate::standin) fn job(state: &str, id: &str) -> String {
    format!("/arango/Target/{state}/{id}")
}
