//! A request before it is put into HTTP.

use serde_json::Value as Json;

use super::options::Settings;
use crate::agency::value::Value;
use crate::vpack;

/// The media types of the two forms of values.
const JSON: &str = "application/json";
const VELOCYPACK: &str = "application/x-velocypack";

/// What is sent along.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// Text, which goes out as it is; JSON unless a header says otherwise.
    Text(String),
    /// Bytes, which go out as they are; only a header says what they are.
    Bytes(Vec<u8>),
    /// A value, in the form that the settings say.
    Value(Json),
}

/// What a server is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

impl Question {
    /// A question without body; the path may have a query, and a database of its own.
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Body::None }
    }

    /// The verb.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The path as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Adds a header; the last one of a name counts.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = name.to_ascii_lowercase();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Whether the asker brings credentials of his own.
    pub(super) fn has_credentials(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == "authorization")
    }

    /// Headers and body as they are sent.
    pub(super) fn message(self, settings: Settings) -> (Vec<(String, String)>, Vec<u8>) {
        let values = if settings.force_json { JSON } else { VELOCYPACK };
        let (media_type, body) = match self.body {
            Body::None => (None, Vec::new()),
            Body::Text(text) => (Some(JSON), text.into_bytes()),
            Body::Bytes(bytes) => (None, bytes),
            Body::Value(value) if settings.force_json => {
                (Some(JSON), value.to_string().into_bytes())
            }
            Body::Value(value) => (Some(VELOCYPACK), vpack::encode(&Value::from(value))),
        };
        let mut headers = self.headers;
        let mut unless_given = |name: &str, value: &str| {
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        unless_given("accept", values);
        // without this the transport would ask for compressed answers by itself
        let encodings = if settings.compress { "gzip, deflate" } else { "identity" };
        unless_given("accept-encoding", encodings);
        if let Some(media_type) = media_type {
            unless_given("content-type", media_type);
        }
        (headers, body)
    }
}
