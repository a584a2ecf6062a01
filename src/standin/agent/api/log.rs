//! `/_admin/log/level`: what this server logs.

use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value as Json};

use crate::agency::value::Value;

use super::dispatch::Call;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::{LogLevel, LogLevelError, LogLevels};

/// Shows the level of each topic, after changing some if asked to.
pub(super) async fn level(mut call: Call, method: &Method) -> Answer {
    let control = call.agent.config.log.clone();
    if *method == Method::GET {
        return Ok(shown(&control.levels()));
    }
    let body = call.parse_body().await?.map_err(|message| refused(&message))?;
    let Some(Value::Object(wishes)) = body else {
        return Err(refused("expecting an object of log topics and their levels"));
    };
    let wishes: Json = Value::Object(wishes).into();
    let levels = control.change(|levels| change(levels, &wishes))?;
    tracing::info!(%wishes, "log levels changed");
    Ok(shown(&levels))
}

fn change(levels: &mut LogLevels, wishes: &Json) -> Result<(), ApiError> {
    let wishes = wishes.as_object().into_iter().flatten();
    // A topic of its own counts for more than all together, wherever it stands.
    let (all, topics): (Vec<_>, Vec<_>) = wishes.partition(|(topic, _)| *topic == "all");
    for (topic, level) in all.into_iter().chain(topics) {
        let Some(level) = level.as_str() else {
            return Err(refused(&format!("the log level of '{topic}' is no text")));
        };
        levels.set(topic, level.parse::<LogLevel>()?)?;
    }
    Ok(())
}

impl From<LogLevelError> for ApiError {
    fn from(error: LogLevelError) -> Self {
        refused(&error.to_string())
    }
}

fn refused(message: &str) -> ApiError {
    ApiError::Refused { message: message.to_owned() }
}

fn shown(levels: &LogLevels) -> Response {
    let levels = levels.iter().map(|(topic, level)| (topic.to_owned(), level.to_string().into()));
    answer::json(StatusCode::OK, &Json::Object(levels.collect::<Map<String, Json>>()))
}
