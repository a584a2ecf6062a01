//! `GET /_api/agency/poll`: the committed log as a stream.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::Instant;

use crate::agency::value::Value;

use super::super::raft::replica::Replica;
use super::super::{Agent, turned_true};
use super::dispatch::Call;
use super::leader;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// Longest time that a poll waits, in seconds. Nobody notices when a client
/// leaves, and whoever asked for more has to ask again anyway.
const MAX_TIMEOUT: f64 = 600.0;

/// Answers with the entries from an index on, waiting for the first of them.
pub(super) async fn poll(call: Call) -> Answer {
    let term = leader::serving(&call).await?;
    let agent = &call.agent;
    let index = call.parameter("index").and_then(|i| i.parse().ok());
    let index: u64 = index.unwrap_or(0);
    let timeout = call.parameter("timeout").and_then(|t| t.parse().ok());
    let timeout: f64 = timeout.filter(|t: &f64| t.is_finite()).unwrap_or(60.0);
    let timeout = Duration::from_secs_f64(timeout.clamp(0.0, MAX_TIMEOUT));

    // Registered before the first look, so that no commit falls in between.
    let waiter = agent.polls.wait_for(index);
    let mut progress = agent.machine.progress();
    let mut role = agent.role.subscribe();
    let mut shutdown = agent.shutdown.subscribe();
    let deadline = Instant::now() + timeout;
    loop {
        let commit_index = progress.borrow_and_update().commit_index;
        if index <= commit_index {
            let mut response = entries(agent, index);
            response.extensions_mut().insert(waiter);
            return Ok(response);
        }
        if agent.polls.too_many() {
            return Err(ApiError::TooManyPolls);
        }
        if role.borrow_and_update().leading_term() != Some(term) {
            return Err(ApiError::LeaderResigned);
        }
        tokio::select! {
            biased;
            _ = progress.changed() => {}
            _ = role.changed() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(nothing_new(commit_index)),
            () = turned_true(&mut shutdown) => return Err(ApiError::LeaderResigned),
        }
    }
}

/// The snapshot, or the log from `index` on.
fn entries(agent: &Agent, index: u64) -> Response {
    let (body, wrapped) = agent.machine.with(|replica| {
        if index == 0 || index < replica.first_retained() {
            (snapshot(replica), false)
        } else {
            (log_from(replica, index), true)
        }
    });
    answer_with(body, wrapped)
}

fn snapshot(replica: &Replica) -> Value {
    answer::object([
        ("commitIndex", answer::index(replica.commit_index())),
        ("firstIndex", answer::index(0)),
        ("readDB", replica.store().root().clone()),
    ])
}

fn log_from(replica: &Replica, index: u64) -> Value {
    let records = replica.records_from(index).map(|record| {
        answer::object([
            ("index", answer::index(record.index)),
            ("query", record.entry.request.clone()),
        ])
    });
    answer::object([
        ("commitIndex", answer::index(replica.commit_index())),
        ("firstIndex", answer::index(index)),
        ("log", answer::array(records.collect())),
    ])
}

fn nothing_new(commit_index: u64) -> Response {
    let result = answer::object([
        ("commitIndex", answer::index(commit_index)),
        ("log", answer::array(Vec::new())),
    ]);
    answer_with(result, true)
}

fn answer_with(result: Value, wrapped: bool) -> Response {
    let body = if wrapped {
        answer::object([
            ("error", Value::Bool(false)),
            ("code", Value::Int(200)),
            ("result", result),
        ])
    } else {
        answer::object([("result", result)])
    };
    answer::value(StatusCode::OK, &body)
}
