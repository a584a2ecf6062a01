//! What can be decided about a group, as transactions.

use std::collections::BTreeMap;

use serde_json::json;

use super::sheaves::LogChange;
use crate::agency::value::Value;
use crate::standin::model::collection::{Collection, CollectionId, Shards};
use crate::standin::model::group::{
    GroupCurrent, GroupPlan, GroupSupervision, GroupTarget, MutableAttributes,
};
use crate::standin::model::log::{Flags, LogTarget};
use crate::standin::model::{Transaction, paths};

/// Properties with their new values; nothing for one that is removed.
pub(super) type Properties = BTreeMap<&'static str, Option<Value>>;

/// What is done about a group in one round.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// It has no collections any more.
    RemoveGroup { logs: Vec<u64> },
    /// It is new.
    CreateGroup {
        plan: GroupPlan,
        logs: Vec<LogTarget>,
        collections: BTreeMap<CollectionId, Collection>,
    },
    /// Its attributes were changed.
    SetAttributes(MutableAttributes),
    /// Logs, with the versions of their Targets, take a step each.
    ChangeLogs(Vec<(u64, Option<u64>, LogChange)>),
    /// A collection joins.
    AddCollection { id: CollectionId, collection: Collection },
    /// A collection leaves; it may have been reported in Current.
    DropCollection { id: CollectionId, reported: bool },
    /// A collection is changed.
    ModifyCollection { id: CollectionId, properties: Properties, indexes: Option<Vec<Value>> },
    /// Servers of shards have changed.
    SetShards(BTreeMap<CollectionId, Shards>),
    /// All is as wanted.
    Converge { version: u64 },
}

impl Action {
    /// The transaction that carries it out, if nobody has changed the group meanwhile.
    pub(super) fn transaction(&self, database: &str, group: &GroupTarget) -> Transaction {
        let id = group.id.to_string();
        let plan_group = paths::plan_group(database, &id);
        let plan = |collection: &str| paths::plan_collection(database, collection);
        let transaction =
            unchanged(Transaction::new(), &paths::target_group(database, &id), group.version);
        match self {
            Self::RemoveGroup { logs } => {
                let transaction = transaction
                    .delete(paths::target_group(database, &id))
                    .delete(plan_group)
                    .delete(paths::current_group(database, &id));
                logs.iter().fold(transaction, |transaction, log| {
                    transaction.delete(paths::target_log(database, &log.to_string()))
                })
            }
            Self::CreateGroup { plan: new, logs, collections } => {
                let transaction = logs.iter().fold(transaction, |transaction, log| {
                    transaction.set(paths::target_log(database, &log.id.to_string()), log)
                });
                let transaction = collections
                    .iter()
                    .fold(transaction, |transaction, (id, new)| transaction.set(plan(id), new));
                transaction.set(plan_group, new)
            }
            Self::SetAttributes(attributes) => transaction
                .set(format!("{plan_group}/attributes/mutable"), attributes)
                .increment(paths::PLAN_VERSION),
            Self::ChangeLogs(changes) => {
                changes.iter().fold(transaction, |transaction, (log, version, change)| {
                    change_log(
                        transaction,
                        &paths::target_log(database, &log.to_string()),
                        *version,
                        change,
                    )
                })
            }
            Self::AddCollection { id, collection } => transaction
                .set(plan(id), collection)
                .set(format!("{plan_group}/collections/{id}"), json!({}))
                .increment(paths::PLAN_VERSION),
            Self::DropCollection { id, reported } => {
                let transaction = transaction
                    .delete(plan(id))
                    .delete(format!("{plan_group}/collections/{id}"))
                    .increment(paths::PLAN_VERSION);
                if !reported {
                    return transaction;
                }
                transaction
                    .delete(paths::current_collection(database, id))
                    .increment(paths::CURRENT_VERSION)
            }
            Self::ModifyCollection { id, properties, indexes } => {
                let path = plan(id);
                let transaction =
                    properties.iter().fold(transaction, |transaction, (name, value)| {
                        let path = format!("{path}/{name}");
                        match value {
                            Some(value) => transaction.set(path, value),
                            None => transaction.delete(path),
                        }
                    });
                let transaction = match indexes {
                    Some(indexes) => transaction.set(format!("{path}/indexes"), indexes),
                    None => transaction,
                };
                transaction.when_there(path).increment(paths::PLAN_VERSION)
            }
            Self::SetShards(collections) => {
                let transaction =
                    collections.iter().fold(transaction, |transaction, (id, shards)| {
                        let path = plan(id);
                        transaction.set(format!("{path}/shards"), shards).when_there(path)
                    });
                transaction.increment(paths::PLAN_VERSION)
            }
            Self::Converge { version } => {
                let supervision = GroupSupervision { target_version: Some(*version) };
                transaction.set(paths::current_group(database, &id), GroupCurrent { supervision })
            }
        }
    }
}

/// Only if a group or log in Target is there still, in this version.
fn unchanged(transaction: Transaction, target: &str, version: Option<u64>) -> Transaction {
    let path = format!("{target}/version");
    let transaction = transaction.when_there(target);
    match version {
        Some(version) => transaction.when_equal(path, version),
        None => transaction.when_missing(path),
    }
}

fn change_log(
    transaction: Transaction,
    path: &str,
    version: Option<u64>,
    change: &LogChange,
) -> Transaction {
    let transaction = unchanged(transaction, path, version);
    let participants = format!("{path}/participants");
    let transaction = match change {
        LogChange::Config(config) => return transaction.set(format!("{path}/config"), config),
        LogChange::Add(server) => {
            transaction.set(format!("{participants}/{server}"), Flags::default())
        }
        LogChange::Remove { server, leads } => {
            let transaction = transaction.delete(format!("{participants}/{server}"));
            if *leads { transaction.delete(format!("{path}/leader")) } else { transaction }
        }
    };
    transaction.set(format!("{path}/version"), version.unwrap_or(1).saturating_add(1))
}
