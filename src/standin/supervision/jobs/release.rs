//! Jobs that end let go of what they have locked.

use serde_json::json;

use crate::agency::value::Value;
use crate::standin::model::{Transaction, Tree};

/// Who holds which server: a job alone, or several jobs.
pub(super) const SERVERS: &str = "/arango/Supervision/DBServers";

/// Which job holds which shard.
pub(super) const SHARDS: &str = "/arango/Supervision/Shards";

/// Releases all locks of a job.
pub(super) fn release(transaction: Transaction, tree: &Tree, job: &str) -> Transaction {
    let locks = [SERVERS, SHARDS].into_iter().flat_map(|table| {
        tree.children(table).map(move |(name, holders)| (format!("{table}/{name}"), holders))
    });
    locks.fold(transaction, |transaction, (path, holders)| match holders {
        Value::String(holder) if **holder == *job => transaction.delete(path),
        Value::Array(holders) if holders.iter().any(|holder| holder.as_str() == Some(job)) => {
            transaction.operation(path, json!({ "op": "read-unlock", "by": job }))
        }
        _ => transaction,
    })
}

/// Takes a server for a job alone.
pub(super) fn lock_server(transaction: Transaction, server: &str, job: &str) -> Transaction {
    lock(transaction, format!("{SERVERS}/{server}"), job)
}

/// Takes a shard for a job.
pub(super) fn lock_shard(transaction: Transaction, shard: &str, job: &str) -> Transaction {
    lock(transaction, format!("{SHARDS}/{shard}"), job)
}

fn lock(transaction: Transaction, path: String, job: &str) -> Transaction {
    transaction
        .when(path.as_str(), json!({ "can-write-lock": job }))
        .operation(path, json!({ "op": "write-lock", "by": job }))
}

/// Takes a server for a job among others.
pub(super) fn share_server(transaction: Transaction, server: &str, job: &str) -> Transaction {
    let path = format!("{SERVERS}/{server}");
    transaction
        .when(path.as_str(), json!({ "can-read-lock": job }))
        .operation(path, json!({ "op": "read-lock", "by": job }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_releases_its_own_locks_only() {
        let tree = Tree::from(json!({"arango": {"Supervision": {
            "DBServers": {"A": "7", "B": ["7", "8"], "C": "8", "D": ["8"], "E": 7},
            "Shards": {"s1": "7", "s2": "70"},
        }}}));
        let released = release(Transaction::new(), &tree, "7");
        assert_eq!(
            json!(released.operations()),
            json!({
                "/arango/Supervision/DBServers/A": {"op": "delete"},
                "/arango/Supervision/DBServers/B": {"op": "read-unlock", "by": "7"},
                "/arango/Supervision/Shards/s1": {"op": "delete"},
            })
        );
    }
}
