//! `/_api/agency/config`.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};

use crate::agency::entry::LogEntry;
use crate::agency::value::Value;

use super::super::leadership::Role;
use super::super::raft::types::node_id;
use super::super::{Agent, SupervisionConfig, lock, now_millis};
use super::dispatch::Call;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::endpoint;
use crate::standin::web::error::ApiError;

/// Shows the configuration, after changing it if asked to.
pub(super) async fn config(mut call: Call, method: &Method) -> Answer {
    if *method != Method::GET {
        let body = call.parse_body().await?.map_err(|message| ApiError::Internal { message })?;
        if *method == Method::PUT {
            if let Some(Value::Object(changes)) = body {
                change(&call.agent, &Value::Object(changes))?;
            }
        } else {
            announce(&call.agent, body.as_ref()).await?;
        }
    }
    Ok(answer::json(StatusCode::OK, &describe(&call.agent)))
}

fn change(agent: &Agent, changes: &Value) -> Result<(), ApiError> {
    let changes: Json = changes.clone().into();
    let mut settings = lock(&agent.supervision);
    let mut changed = settings.clone();
    apply_changes(&mut changed, &changes)?;
    *settings = changed;
    Ok(())
}

/// Sets what is recognised and of the right type.
fn apply_changes(settings: &mut SupervisionConfig, changes: &Json) -> Result<(), ApiError> {
    let number = |key: &str| changes.get(key).and_then(Json::as_f64);
    let delay = |key: &str| match number(key) {
        Some(seconds) if seconds < 0.0 => {
            Err(ApiError::Internal { message: format!("{key} must not be negative") })
        }
        // Conversion saturates; nobody waits that long.
        Some(seconds) => Ok(Some(seconds as u64)),
        None => Ok(None),
    };
    let delay_add = delay("delayAddFollower")?;
    let delay_failed = delay("delayFailedFollower")?;
    if let Some(seconds) = number("okThreshold") {
        settings.ok_threshold = seconds;
    }
    if let Some(seconds) = number("gracePeriod") {
        settings.grace_period = seconds;
    }
    if let Some(seconds) = delay_add {
        settings.delay_add_follower = seconds;
    }
    if let Some(seconds) = delay_failed {
        settings.delay_failed_follower = seconds;
    }
    if let Some(adds) = changes.get("failedLeaderAddsFollower").and_then(Json::as_bool) {
        settings.failed_leader_adds_follower = adds;
    }
    Ok(())
}

/// Takes the announcement of an agent's endpoint. The leader logs it, and so all agents learn
/// of it; others have no part in that. The pool is always complete: strangers do not matter.
async fn announce(agent: &Agent, body: Option<&Value>) -> Result<(), ApiError> {
    let refused = |message: &str| ApiError::Internal { message: message.to_owned() };
    let Some(Value::Object(pairs)) = body else {
        return Err(refused("expecting an object with the id and the endpoint of an agent"));
    };
    let Some((id, Value::String(endpoint))) = pairs.iter().next() else {
        return Err(refused("expecting the endpoint of an agent"));
    };
    let Some(members) = agent.pool.with(id, endpoint) else { return Ok(()) };
    if !endpoint::is_one(endpoint) {
        return Err(refused("an endpoint begins with tcp:// or ssl:// and has a port"));
    }
    let Role::Leader { term } = agent.role() else { return Ok(()) };
    let mut config = agent.known_config();
    config.pool = members;
    let configuration = config.to_json(agent.restarted, agent.pool.version() + 1);
    let logged = agent.write_one(term, |store| {
        let request = Value::from(json!({ ".agency": configuration }));
        if let Value::Object(operations) = &request {
            // A plain value cannot fail to be set.
            let _ = store.apply(operations);
        }
        (Some(LogEntry { request, client_id: None, epoch_millis: now_millis() }), ())
    });
    let logged = logged.map_err(|_| ApiError::LeadershipLost)?;
    agent.committed(logged.index, Some(term)).await?;
    Ok(())
}

/// The answer to all methods.
fn describe(agent: &Agent) -> Json {
    let role = agent.role();
    let (commit_index, compacted, next) = agent
        .machine
        .with(|r| (r.commit_index(), r.last_compaction_at(), r.next_compaction_after()));
    let config = agent.known_config();
    let mut description = json!({
        "term": agent.term(),
        "leaderId": role.leader_id(&agent.config.id),
        "commitIndex": commit_index,
        "lastCompactionAt": compacted,
        "nextCompactionAfter": next,
        "configuration": config.to_json(agent.restarted, agent.pool.version()),
        "engine": "rocksdb",
        "version": agent.config.version,
    });
    if role.leading_term().is_some() {
        description["lastAcked"] = Json::Object(last_acked(agent, commit_index));
    }
    description
}

fn last_acked(agent: &Agent, commit_index: u64) -> Map<String, Json> {
    let mut acked = Map::new();
    for (id, _) in &agent.config.pool {
        if *id == agent.config.id {
            let own = json!({ "lastAckedTime": 0.0, "lastAckedIndex": commit_index });
            acked.insert(id.clone(), own);
            continue;
        }
        let contact = agent.peers.contact(node_id(id));
        let seconds = |at: Option<std::time::Instant>| {
            let since = at.unwrap_or(*agent.led_since()).elapsed();
            since.as_millis() as f64 / 1000.0
        };
        acked.insert(
            id.clone(),
            json!({
                "lastAckedTime": seconds(contact.acknowledged),
                "lastAckedIndex": agent.machine.agency_index(contact.raft_index),
                "lastAppend": seconds(contact.appended),
            }),
        );
    }
    acked
}
