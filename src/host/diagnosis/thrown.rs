//! What a script or a native threw.

use rhai::{Dynamic, Map as RhaiMap};
use serde_json::{Map, Value};

use super::super::cause::take_causes;
use super::super::error::ScriptError;
use super::finding::Finding;
use crate::natives::{ErrorName, to_json};

/// What a script or a native threw.
pub(super) fn explained(value: &Dynamic) -> ScriptError {
    let Some(map) = value.read_lock::<RhaiMap>().map(|map| map.clone()) else {
        return Finding::new("script.thrown", thrown_text(value)).into();
    };
    let text = |key: &str| map.get(key).and_then(|text| text.clone().into_string().ok());
    let number = |key: &str| map.get(key).and_then(|number| number.as_int().ok());
    let json = to_json(value).unwrap_or_default();
    let kind = text("kind").unwrap_or_else(|| "script.thrown".to_owned());
    let message = text("message").unwrap_or_else(|| json.to_string());
    let mut context = match json {
        Value::Object(mut whole) if whole.contains_key("kind") => match whole.remove("context") {
            Some(Value::Object(context)) => context,
            _ => Map::new(),
        },
        Value::Object(whole) => whole,
        _ => Map::new(),
    };
    let (message, cause) = take_causes(message, &mut context);
    let name = text("name").filter(|_| map.contains_key("kind"));
    let hint = text("hint").or_else(|| remedy(&kind).map(str::to_owned));
    ScriptError {
        name: name.and_then(|name| ErrorName::parse(&name)).unwrap_or_default(),
        error_num: number("error_num"),
        code: number("code"),
        cause,
        context,
        ..ScriptError::from(Finding { kind, message, hint })
    }
}

/// The text of a thrown value that is no map.
fn thrown_text(value: &Dynamic) -> String {
    if value.is_unit() {
        return "something was thrown without saying what".to_owned();
    }
    if value.is_fnptr() {
        return "a function was thrown".to_owned();
    }
    if value.is_array() {
        return to_json(value).map_or_else(|_| value.to_string(), |json| json.to_string());
    }
    match value.to_string() {
        text if text.trim().is_empty() => "an empty text was thrown".to_owned(),
        text => text,
    }
}

/// What helps against errors of this kind.
fn remedy(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "agency.unreachable" => {
            "does an agent listen there? --embedded brings an agency of its own"
        }
        "agency.no_leader" => "do enough agents run for a majority? agency.health() tells of each",
        "agency.unauthorized" => "give the agents' secret with --jwt-secret-file",
        "agency.not_an_agent" => {
            "agents are asked directly, not through a coordinator or DB-server"
        }
        "agency.unknown_outcome" => "agency.inquire(ids) tells it once the agency answers again",
        "agency.operation_failed" => {
            "does the operation fit what stands at the path? an object's key must not contain '/'"
        }
        "agency.conflict" => "other clients write the same path; try again, or write less often",
        "http.tls" => {
            "name the authority to trust with --ca-file, or accept any certificate with --insecure; agency::connect takes ca_file and insecure"
        }
        "http.no_tls" => "the endpoint of a server without TLS begins with http:// or tcp://",
        "http.tls_only" => "the endpoint of a server with TLS begins with https:// or ssl://",
        "deadline.script" => "the script's own deadline: time::clear_deadline() takes it away",
        _ => return None,
    })
}
