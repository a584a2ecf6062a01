//! `/_api/agency/state`, `stores` and `store`: an agent's own view.

use axum::http::StatusCode;
use axum::response::Response;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::agency::value::Value;

use super::super::leadership::Role;
use super::super::lock;
use super::super::raft::replica::{Compaction, Record};
use super::dispatch::Call;
use super::leader;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// `GET state`: the committed tree, the retained log, the oldest snapshot.
pub(super) fn state(call: &Call) -> Answer {
    let to_leader = call.parameter("redirectToLeader").as_deref() == Some("true");
    if to_leader && call.agent.config.size() > 1 {
        match call.agent.role() {
            Role::Leader { .. } | Role::Preparing { .. } => {}
            Role::Follower { endpoint, .. } => {
                return Err(leader::redirect(endpoint.as_deref(), &call.path));
            }
            Role::Leaderless => return Err(ApiError::NoLeader),
        }
    }
    let term = call.agent.term();
    let (index, tree, records, compaction) = call.agent.machine.with(|replica| {
        let first = replica.first_index();
        let oldest = replica.snapshots().find(|s| s.index >= first).cloned();
        let records: Vec<Record> = replica.records_from(0).cloned().collect();
        (replica.commit_index(), replica.store(), records, oldest)
    });
    let agency = tree.root().clone();
    let log = answer::array(records.iter().map(log_element).collect());
    let index = answer::index(index);
    let term = answer::index(term);
    let body = match compaction {
        Some(compaction) => answer::object([
            ("index", index),
            ("term", term),
            ("agency", agency),
            ("log", log),
            ("compaction", snapshot_document(&compaction)),
        ]),
        None => {
            answer::object([("index", index), ("term", term), ("agency", agency), ("log", log)])
        }
    };
    Ok(answer::value(StatusCode::OK, &body))
}

fn key(index: u64) -> Value {
    Value::String(format!("{index:020}").into())
}

/// A revision as documents of a database have one; nobody compares it.
fn revision(index: u64) -> Value {
    Value::String(format!("_d{index:09x}").into())
}

fn log_element(record: &Record) -> Value {
    let client_id = record.entry.client_id.clone().unwrap_or_default();
    answer::object([
        ("_key", key(record.index)),
        ("_rev", revision(record.index)),
        ("term", answer::index(record.term)),
        ("request", record.entry.request.clone()),
        ("clientId", Value::String(client_id)),
        ("timestamp", Value::String(timestamp(record.entry.epoch_millis).into())),
        ("epoch_millis", Value::Int(record.entry.epoch_millis)),
    ])
}

fn timestamp(epoch_millis: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(epoch_millis.div_euclid(1000))
        .ok()
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_else(|| "1970-01-01 00:00:00 UTC".to_owned())
}

fn snapshot_document(compaction: &Compaction) -> Value {
    answer::object([
        ("_key", key(compaction.index)),
        ("_rev", revision(compaction.index)),
        ("readDB", answer::array(vec![compaction.tree.clone()])),
        ("term", answer::index(compaction.term)),
        ("version", Value::Int(2)),
    ])
}

/// `GET stores`: all three trees.
pub(super) fn stores(call: &Call) -> Response {
    let committed = call.agent.machine.with(|r| r.store());
    let spearhead = {
        let spearhead = lock(&call.agent.spearhead);
        match spearhead.term {
            Some(_) => spearhead.store.clone(),
            None => committed.clone(),
        }
    };
    let transient = lock(&call.agent.transient).clone();
    let body = answer::object([
        ("spearhead", answer::array(vec![spearhead.root().clone()])),
        ("read_db", answer::array(vec![committed.root().clone()])),
        ("transient", answer::array(vec![transient.root().clone()])),
    ]);
    answer::value(StatusCode::OK, &body)
}

/// `POST store`: the tree as it was at an index.
pub(super) async fn store(mut call: Call) -> Answer {
    let index = match call.parse_body().await? {
        Ok(Some(Value::Int(index))) => u64::try_from(index).unwrap_or(u64::MAX),
        Ok(_) => u64::MAX,
        Err(_) => return Err(ApiError::InternalSilent),
    };
    let store = call.agent.machine.with(|r| r.tree_at(index));
    Ok(answer::value(StatusCode::OK, &store.read(&["/"])))
}
