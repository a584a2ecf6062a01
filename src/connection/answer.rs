//! What a server answered, taken apart.

use serde_json::Value as Json;

use crate::agency::json;
use crate::http::Response;
use crate::vpack;

/// From this size in bytes on a body takes a while to go through.
pub(super) const LARGE: usize = 128 * 1024;

/// A body as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// None.
    Empty,
    /// JSON or other text.
    Text(String),
    /// VelocyPack or anything else.
    Bytes(Vec<u8>),
}

/// What a server answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The status in words.
    pub reason: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub content: Content,
    /// The value that the body stands for, if it is JSON or VelocyPack.
    pub parsed: Option<Json>,
}

/// The form of a body, as its media type tells.
enum Form {
    Json,
    VelocyPack,
    Text,
    Other,
}

impl Form {
    fn of(response: &Response) -> Self {
        let media_type = response.header("content-type").unwrap_or_default();
        let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match name.as_str() {
            "application/json" => Self::Json,
            "application/x-velocypack" => Self::VelocyPack,
            name if name.ends_with("+json") => Self::Json,
            name if name.starts_with("text/") => Self::Text,
            _ => Self::Other,
        }
    }
}

impl Answer {
    /// Takes apart what came over the wire. A body that is not what it claims to be is left as it was sent.
    pub(super) fn new(mut response: Response) -> Self {
        let bytes = std::mem::take(&mut response.body);
        let form = Form::of(&response);
        let parsed = match form {
            _ if bytes.is_empty() => None,
            Form::Json => json::parse(&bytes).ok().map(Json::from),
            Form::VelocyPack => vpack::decode(&bytes).ok().map(Json::from),
            Form::Text | Form::Other => None,
        };
        let content = match form {
            _ if bytes.is_empty() => Content::Empty,
            Form::Json | Form::Text => Content::Text(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
            Form::VelocyPack | Form::Other => Content::Bytes(bytes),
        };
        Self {
            status: response.status,
            reason: response.message,
            headers: response.headers,
            content,
            parsed,
        }
    }

    /// Whether it takes a while to go through the body.
    pub fn is_large(&self) -> bool {
        match &self.content {
            Content::Empty => false,
            Content::Text(text) => text.len() >= LARGE,
            Content::Bytes(bytes) => bytes.len() >= LARGE,
        }
    }

    /// Whether the status says that the question failed.
    pub fn is_error(&self) -> bool {
        self.status >= 400
    }

    /// The error number of a failed question: what the body says, else the status.
    pub fn error_num(&self) -> i64 {
        self.member("errorNum").and_then(Json::as_i64).unwrap_or_else(|| self.status.into())
    }

    /// What went wrong in words: those of the body, else those of the status.
    pub fn error_message(&self) -> &str {
        self.member("errorMessage").and_then(Json::as_str).unwrap_or(&self.reason)
    }

    pub(super) fn member(&self, name: &str) -> Option<&Json> {
        self.parsed.as_ref()?.get(name)
    }
}

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerDetails {
    /// Its version, such as `3.12.4`.
    pub version: String,
    /// Its role, such as `COORDINATOR`; empty when it does not tell.
    pub role: String,
    /// Its mode, such as `server`; empty when it does not tell.
    pub mode: String,
}

impl From<&Answer> for ServerDetails {
    fn from(answer: &Answer) -> Self {
        let text =
            |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
        let detail = |name| text(answer.member("details").and_then(|details| details.get(name)));
        Self { version: text(answer.member("version")), role: detail("role"), mode: detail("mode") }
    }
}
