//! Who asks, and how that is proved.
//!
//! A token comes first, then a secret that signs tokens, then user and password. For the last a
//! server is asked once for a token of its own; those that have none to give, agents and
//! DB-servers, get user and password with each request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::Answer;
use super::error::ConnectionError;
use crate::auth;
use crate::client::ClientAuth;
use crate::http::{Auth, HttpError};

/// Where servers give out tokens.
pub(super) const PATH: &str = "/_open/auth";

/// A token with less time left than this is renewed before a request.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// What is known of how a server wants a user to prove himself.
#[derive(Clone, Default)]
enum Known {
    /// Nothing.
    #[default]
    Nothing,
    /// With this token of its own.
    Token(String),
    /// With user and password.
    Password,
}

/// The credentials of one connection.
#[derive(Default)]
pub(super) struct Login(Mutex<Known>);

/// What a request has to do about credentials.
pub(super) enum Proof {
    /// Send these.
    Ready(Option<Auth>),
    /// The server has to be asked for a token first, with this body.
    Ask(String),
}

impl Login {
    pub(super) fn proof(&self, auth: &ClientAuth) -> Result<Proof, ConnectionError> {
        let ready = auth.header().map_err(ConnectionError::Credentials)?;
        let ClientAuth::Basic { username, password } = auth else {
            return Ok(Proof::Ready(ready));
        };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(match known {
            Known::Password => Proof::Ready(ready),
            Known::Token(token)
                if auth::time_left(&token).is_none_or(|left| left > RENEW_BEFORE) =>
            {
                Proof::Ready(Some(Auth::Bearer(token)))
            }
            _ => {
                let body = serde_json::json!({ "username": username, "password": password });
                Proof::Ask(body.to_string())
            }
        })
    }

    /// Learns from the answer to [`Proof::Ask`]; `false` when the server refuses the user.
    ///
    /// # Errors
    /// The answer is none.
    pub(super) fn learn(&self, answer: &Answer, endpoint: String) -> Result<bool, ConnectionError> {
        let learnt = match answer.status {
            404 | 501 => Known::Password,
            200..300 => {
                let token = answer.member("jwt").and_then(serde_json::Value::as_str);
                Known::Token(token.map(str::to_owned).ok_or_else(|| HttpError::Protocol {
                    endpoint,
                    reason: format!("{PATH} answers without a token"),
                })?)
            }
            _ => return Ok(false),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = learnt;
        Ok(true)
    }

    /// Forgets what was learnt: the server may have another secret now, or be another one.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::Nothing;
    }
}
