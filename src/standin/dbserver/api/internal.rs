//! Requests of other DB-servers.

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::agency::de::from_value;
use crate::standin::dbserver::engine::{Answers, Batch};
use crate::standin::dbserver::server::DbServer;
use crate::standin::dbserver::store::LogName;
use crate::standin::model::ServerId;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Where a server is asked to drop what nobody needs any more.
pub(super) const COMPACT: &str = "/_api/log/internal/compact";

/// Asks a server to drop what nobody needs any more.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Compaction {
    /// The server that this is meant for.
    pub(super) to: ServerId,
    /// The log.
    #[serde(flatten)]
    pub(super) log: LogName,
}

pub(super) async fn answer(server: &DbServer, call: &Call, what: &str) -> Answer {
    if call.method != Method::POST {
        return Err(ApiError::MethodNotSupported);
    }
    let body = call.value().await?.unwrap_or_default();
    let unreadable = |error: crate::agency::de::ReadError| ApiError::Refused {
        message: format!("the body is not what a DB-server sends: {error}"),
    };
    match what {
        "append" => {
            let batch: Batch = from_value(&body).map_err(unreadable)?;
            meant_for(server, &batch.to)?;
            let messages = batch.messages.into_iter().map(|m| (m.log, m.append)).collect();
            let answers = Answers { answers: server.engine.append(messages).await? };
            let body = serde_json::to_vec(&answers)
                .map_err(|error| ApiError::Internal { message: error.to_string() })?;
            Ok(answer::raw_json(body))
        }
        "compact" => {
            let compaction: Compaction = from_value(&body).map_err(unreadable)?;
            meant_for(server, &compaction.to)?;
            compact(server, compaction.log).await?;
            Ok(answer::nothing(StatusCode::OK))
        }
        _ => Err(ApiError::NotImplemented { path: call.path.text.clone() }),
    }
}

/// Ports are used again: what is meant for a server that is gone is refused by its successor.
fn meant_for(server: &DbServer, to: &ServerId) -> Result<(), ApiError> {
    if *to == server.member.id { Ok(()) } else { Err(ApiError::NotAPeer) }
}

/// Drops here what nobody needs any more.
pub(super) async fn compact(server: &DbServer, log: LogName) -> Result<(), ApiError> {
    let compacting = server.engine.with(log, |running| {
        running.participant.compact();
        Ok(())
    });
    Ok(compacting.await?)
}
