//! What agents answer, and what it means for the request.

use serde::Deserialize;
use serde_json::Value;

use super::ClientError;
use super::request::{Call, Trouble, Try};
use crate::http::{Endpoint, Response};

/// Levels of nesting that are read. Agents take values of up to 200 levels, at paths of any
/// length; this many fit into the stack of any thread.
const DEEPEST: usize = 500;

/// A final answer: 2xx, or a status that its endpoint defines as one.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) endpoint: Endpoint,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// The status in words.
    pub(super) message: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, ClientError> {
        parse(&self.body).map_err(|reason| self.bad(&reason))
    }

    pub(super) fn bad(&self, reason: &str) -> ClientError {
        ClientError::BadAnswer {
            endpoint: self.endpoint.url(),
            reason: format!("{reason} in {}", excerpt(&self.body)),
        }
    }

    /// The error that an error object in place of a result stands for; else `reason`.
    pub(super) fn refused_or_bad(&self, body: &Value, reason: &str) -> ClientError {
        match body.get("errorNum") {
            Some(_) => refusal(&self.endpoint, self.status, &self.body),
            None => self.bad(reason),
        }
    }
}

/// Reads JSON that may nest deeper than the parser is used to.
fn parse(text: &[u8]) -> Result<Value, String> {
    let refused = match serde_json::from_slice(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // the parser gives up at 128 levels and has no kind for that
    if !refused.to_string().starts_with("recursion limit") {
        return Err(refused.to_string());
    }
    if depth(text) > DEEPEST {
        return Err(format!("more than {DEEPEST} levels of nesting"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    deserializer.disable_recursion_limit();
    let value = Value::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// How deep arrays and objects nest in a text; at least that deep if it is no JSON.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What a response means for the request that it answers (protocol §13.2).
pub(super) fn judge(call: &Call<'_>, endpoint: &Endpoint, response: Response) -> Try {
    let at = || endpoint.url();
    let done = |response: Response| {
        Try::Done(Answer {
            status: response.status,
            endpoint: endpoint.clone(),
            headers: response.headers,
            message: response.message,
            body: response.body,
        })
    };
    let status = response.status;
    match status {
        200..=299 => done(response),
        // whoever asked judges by himself
        _ if call.any_answer && !matches!(status, 307 | 503) => done(response),
        412 if call.writes() => done(response),
        403 if call.target.ends_with("/write") => done(response),
        404 if call.target.ends_with("/inquire") && has(&response, "results") => done(response),
        307 | 308 => match response.header("location").and_then(leader) {
            Some(leader) => Try::Redirected(leader),
            None => Try::Again(Trouble::Status(ClientError::BadAnswer {
                endpoint: at(),
                reason: "a redirect without a usable location".to_owned(),
            })),
        },
        300..=399 => Try::Refused(ClientError::BadAnswer {
            endpoint: at(),
            reason: format!(
                "status {status} with location '{}'",
                response.header("location").unwrap_or_default()
            ),
        }),
        401 => Try::Refused(ClientError::Unauthorized { endpoint: at() }),
        404 | 501 => Try::Refused(ClientError::NotAnAgent { endpoint: at(), status }),
        503 if has(&response, "message") => Try::Again(Trouble::NoLeader),
        408 | 500 | 502..=599 => {
            let refusal = refusal(endpoint, status, &response.body);
            Try::Unsure(match refusal {
                // an agent that starts, or has lost its leadership
                ClientError::Refused { error_num: Some(503), .. } => Trouble::NoLeader,
                other => Trouble::Status(other),
            })
        }
        _ => Try::Refused(refusal(endpoint, status, &response.body)),
    }
}

/// The leader that a `Location` names: a whole URL of an agent.
fn leader(location: &str) -> Option<Endpoint> {
    if !location.contains("://") {
        return None;
    }
    let (leader, _) = Endpoint::split_url(location).ok()?;
    matches!(leader, Endpoint::Tcp { .. } | Endpoint::Tls { .. }).then_some(leader)
}

fn has(response: &Response, key: &str) -> bool {
    serde_json::from_slice::<Value>(&response.body).is_ok_and(|body| body.get(key).is_some())
}

fn refusal(endpoint: &Endpoint, status: u16, body: &[u8]) -> ClientError {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = object.get("errorMessage").or_else(|| object.get("message")).and_then(Value::as_str);
    ClientError::Refused {
        endpoint: endpoint.url(),
        status,
        error_num: object.get("errorNum").and_then(Value::as_i64),
        message: text.map_or_else(|| excerpt(body), str::to_owned),
    }
}

/// The beginning of a body, for messages.
pub(super) fn excerpt(body: &[u8]) -> String {
    const CHARACTERS: usize = 80;
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    // a character takes up to four bytes
    let beginning = body.get(..CHARACTERS * 4).unwrap_or(body);
    let text: String = String::from_utf8_lossy(beginning).chars().take(CHARACTERS).collect();
    format!("'{}'", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}\"[\\\"[\"{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn values_as_deep_as_agents_keep_them_are_read_and_no_deeper_ones() {
        for levels in [1, 127, 128, 129, 200, DEEPEST] {
            assert_eq!(depth(nested(levels).as_bytes()), levels);
            assert!(parse(nested(levels).as_bytes()).is_ok(), "{levels}");
        }
        for levels in [DEEPEST + 1, 1_000_000] {
            let error = parse(nested(levels).as_bytes()).unwrap_err();
            assert_eq!(error, "more than 500 levels of nesting");
        }
        assert!(parse(format!("{} rubbish", nested(200)).as_bytes()).is_err());
    }

    #[test]
    fn a_location_that_is_no_agents_url_names_no_leader() {
        for location in ["", "garbage", "/_api/agency/read", "ftp://h/", "unix:///tmp/x", "http://"]
        {
            assert_eq!(leader(location), None, "{location}");
        }
        assert!(leader("https://h:1/_api/agency/read").is_some());
    }
}
