//! `/_admin/log/level`: what a server logs.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value as Json};

use super::answer::{self, Answer};
use super::error::ApiError;
use super::log_levels::{LogControl, LogLevel, LogLevelError, LogLevels};
use crate::agency::value::Value;

/// Shows the level of each topic.
pub(in crate::standin) fn show(control: &LogControl) -> Response {
    shown(&control.levels())
}

/// Changes the levels of some topics, and shows all of them.
pub(in crate::standin) fn change(control: &LogControl, wishes: Option<Value>) -> Answer {
    let Some(Value::Object(wishes)) = wishes else {
        return Err(refused("expecting an object of log topics and their levels"));
    };
    let wishes: Json = Value::Object(wishes).into();
    let levels = control.change(|levels| set_all(levels, &wishes))?;
    tracing::info!(%wishes, "log levels changed");
    Ok(shown(&levels))
}

fn set_all(levels: &mut LogLevels, wishes: &Json) -> Result<(), ApiError> {
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

/// A request for levels that there are not.
pub(in crate::standin) fn refused(message: &str) -> ApiError {
    ApiError::Refused { message: message.to_owned() }
}

fn shown(levels: &LogLevels) -> Response {
    let levels = levels.iter().map(|(topic, level)| (topic.to_owned(), level.to_string().into()));
    answer::json(StatusCode::OK, &Json::Object(levels.collect::<Map<String, Json>>()))
}
