//! New entries, and what is needed no more.

use std::time::{Duration, SystemTime};

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};

use super::{in_time, internal, number, result};
use crate::agency::value::Value;
use crate::standin::dbserver::engine::LogError;
use crate::standin::dbserver::log::entry::{Content, Meta};
use crate::standin::dbserver::server::DbServer;
use crate::standin::dbserver::store::LogName;
use crate::standin::model::ServerId;
use crate::standin::model::log::LARGEST_INSERT;
use crate::standin::model::stamp::stamp;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Levels of nesting in an entry: some come on top in a message between servers.
const DEEPEST: usize = 180;
/// The time that another server has to drop its entries.
const PATIENCE: Duration = Duration::from_secs(5);

async fn body(call: &Call) -> Result<Option<Value>, ApiError> {
    if call.body.len() > LARGEST_INSERT {
        return Err(ApiError::BodyTooLarge);
    }
    let value = call.value().await?;
    if value.as_ref().is_some_and(|value| is_deeper(value, DEEPEST)) {
        let message = format!("an entry is nested more than {DEEPEST} levels deep");
        return Err(ApiError::Refused { message });
    }
    Ok(value)
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    let inside = |child: &Value| levels == 0 || is_deeper(child, levels - 1);
    match value {
        Value::Array(elements) => elements.iter().any(inside),
        Value::Object(object) => object.iter().any(|(_, child)| inside(child)),
        _ => false,
    }
}

/// Adds one entry.
pub(super) async fn insert(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let payload = body(call)
        .await?
        .ok_or_else(|| ApiError::Refused { message: "an entry needs a body".to_owned() })?;
    takes_entries(server, &log).await?;
    add(server, call, log, vec![Content::Payload(payload)], one_index).await
}

/// Adds several entries.
pub(super) async fn multi_insert(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let payloads = match body(call).await? {
        Some(Value::Array(payloads)) if !payloads.is_empty() => payloads,
        _ => {
            let message = "the body must be an array of entries".to_owned();
            return Err(ApiError::Refused { message });
        }
    };
    takes_entries(server, &log).await?;
    let contents = payloads.iter().cloned().map(Content::Payload).collect();
    add(server, call, log, contents, |indices| ("indexes", json!(indices))).await
}

/// Adds an entry without payload.
pub(super) async fn ping(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let body = body(call).await?;
    let message = body.as_ref().and_then(Value::as_object).and_then(|body| body.get("message"));
    let ping = Meta::Ping { message: message.cloned(), time: stamp(SystemTime::now()) };
    add(server, call, log, vec![Content::Meta(ping)], one_index).await
}

fn one_index(indices: &[u64]) -> (&'static str, Json) {
    ("index", json!(indices.first()))
}

/// Whether clients may add entries.
async fn takes_entries(server: &DbServer, log: &LogName) -> Result<(), ApiError> {
    let check = server.engine.with(log.clone(), |running| {
        if running.takes_entries() { Ok(()) } else { Err(LogError::OtherImplementation) }
    });
    Ok(check.await?)
}

async fn add(
    server: &DbServer,
    call: &Call,
    log: LogName,
    contents: Vec<Content>,
    named: impl FnOnce(&[u64]) -> (&'static str, Json),
) -> Answer {
    let sync = call.flag("waitForSync", false);
    let inserted = server.engine.insert(log, contents, sync).await?;
    let (name, indices) = named(&inserted.indices);
    if call.flag("dontWaitForCommit", false) {
        return result(StatusCode::ACCEPTED, json!({ name: indices }));
    }
    let waiting = async { inserted.committed.await.unwrap_or(Err(LogError::Ended)) };
    let committed = in_time(server, waiting).await?;
    result(StatusCode::CREATED, json!({ name: indices, "result": committed }))
}

/// Tells that entries are needed no more.
pub(super) async fn release(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let index = number(call, "index")?.ok_or_else(|| ApiError::Refused {
        message: "the parameter 'index' is missing".to_owned(),
    })?;
    takes_entries(server, &log).await?;
    let releasing = server.engine.with(log, move |running| running.release(index));
    releasing.await?;
    result(StatusCode::ACCEPTED, json!({}))
}

/// Drops what is needed no more, at all servers of the log if this one leads it.
pub(super) async fn compact(server: &DbServer, log: LogName) -> Answer {
    internal::compact(server, log.clone()).await?;
    let me = server.member.id.to_string();
    let mut answers = Map::from_iter([(me, json!({ "result": "ok" }))]);
    let followers = server.engine.with(log.clone(), |running| Ok(running.participant.followers()));
    let mut asked = tokio::task::JoinSet::new();
    for follower in followers.await? {
        let asking = ask(server, follower.clone(), log.clone());
        asked.spawn(async move { (follower, asking.await) });
    }
    while let Some(answered) = asked.join_next().await {
        let Ok((follower, answer)) = answered else { continue };
        let answer = match answer {
            Ok(()) => json!({ "result": "ok" }),
            Err(message) => json!({ "result": "error", "errorMessage": message }),
        };
        answers.insert(follower.to_string(), answer);
    }
    result(StatusCode::ACCEPTED, Json::Object(answers))
}

/// Asks a follower to drop what is needed no more.
fn ask(
    server: &DbServer,
    to: ServerId,
    log: LogName,
) -> impl Future<Output = Result<(), String>> + Send + use<> {
    let registered = format!("/arango/Current/ServersRegistered/{to}/endpoint");
    let endpoint = server.member.view.tree().text(&registered).map(str::to_owned);
    let member = server.member.clone();
    let request = internal::Compaction { to, log };
    async move {
        let endpoint = endpoint.ok_or("the server is not registered")?;
        let answer = member
            .peers
            .send::<Json>(&endpoint, Method::POST, internal::COMPACT, Some(&request), PATIENCE)
            .await;
        match answer {
            Ok((StatusCode::OK, _)) => Ok(()),
            Ok((status, body)) => Err(body
                .get("errorMessage")
                .and_then(Json::as_str)
                .map_or_else(|| format!("the server answered {status}"), str::to_owned)),
            Err(error) => Err(error.to_string()),
        }
    }
}
