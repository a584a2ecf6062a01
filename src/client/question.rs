//! Any request to the leader, or to one agent, as whoever asks puts it.

use super::request::{Call, Failure, Trouble};
use super::status::endpoint_of_agent;
use super::{AgencyClient, ClientError};
use crate::http::Endpoint;

/// What is done by requests that change nothing, so that they may be sent again.
const READING: [&str; 5] = ["read", "inquire", "config", "state", "stores"];

/// A request as a script puts it.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The verb, in upper case.
    pub method: &'a str,
    /// Path with query, such as `/_api/agency/config`.
    pub target: &'a str,
    /// The body; a POST needs one, a GET has none.
    pub body: Option<&'a [u8]>,
}

/// What was answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The status in words.
    pub message: String,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who answered.
    pub endpoint: String,
}

impl AgencyClient {
    /// Asks whoever leads: follows redirects, tries again while there is no leader, gives any other answer.
    ///
    /// Only what changes nothing is sent again after its answer got lost.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn ask(&self, question: &Question<'_>) -> Result<Reply, ClientError> {
        let call = self.call_of(question)?;
        let answer = self.request(&call, &mut self.budget()).map_err(|failure| match failure {
            Failure::Ambiguous(ClientError::Http(error)) => {
                self.give_up(Trouble::Http(error), &self.budget())
            }
            other => other.into_error(),
        })?;
        Ok(Reply {
            status: answer.status,
            message: answer.message,
            headers: answer.headers,
            body: answer.body,
            endpoint: answer.endpoint.url(),
        })
    }

    /// Asks one agent, once: a redirect is an answer as any other.
    ///
    /// The agent is given by its id or its endpoint.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn ask_agent(&self, agent: &str, question: &Question<'_>) -> Result<Reply, ClientError> {
        let call = Call { try_limit: Some(self.timeout()), ..self.call_of(question)? };
        let endpoint = self.agent_endpoint(agent)?;
        let budget = self.budget();
        match self.send_once(&call, &endpoint, &budget)? {
            Ok(response) => Ok(Reply {
                status: response.status,
                message: response.message,
                headers: response.headers,
                body: response.body,
                endpoint: endpoint.url(),
            }),
            Err(error) => Err(self.give_up_on(&endpoint, error, &budget)),
        }
    }

    fn agent_endpoint(&self, agent: &str) -> Result<Endpoint, ClientError> {
        if !agent.contains("://") {
            return endpoint_of_agent(self, agent);
        }
        Endpoint::parse(agent)
            .map_err(|error| ClientError::BadArgument { reason: error.to_string() })
    }

    fn call_of<'a>(&self, question: &Question<'a>) -> Result<Call<'a>, ClientError> {
        let Question { method, target, body } = *question;
        let bad = |reason: &str| ClientError::BadArgument { reason: reason.to_owned() };
        if !target.starts_with('/') {
            return Err(bad("the path of a request must begin with '/'"));
        }
        let path = target.split('?').next().unwrap_or(target);
        let reads = READING.iter().any(|word| path.ends_with(&format!("/_api/agency/{word}")));
        match (method, body) {
            ("GET" | "HEAD", Some(_)) => return Err(bad("a GET carries no body")),
            ("POST", None) => {
                return Err(bad("a POST needs a body: the whole tree is read by [[\"/\"]]"));
            }
            ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE", _) => {}
            _ => return Err(bad("the method must be GET, HEAD, POST, PUT, PATCH or DELETE")),
        }
        let harmless = matches!(method, "GET" | "HEAD") || (method == "POST" && reads);
        if !harmless {
            self.check_writable()?;
        }
        Ok(Call {
            method,
            body: body.unwrap_or_default(),
            repeatable: harmless,
            any_answer: true,
            ..Call::get(target)
        })
    }
}
