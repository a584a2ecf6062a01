//! One server, one database, one set of credentials.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::{Answer, LARGE, ServerDetails};
use super::error::ConnectionError;
use super::login::{self, Login, Proof};
use super::options::{ConnectionOptions, Settings};
use super::question::{Body, Question};
use crate::client::ClientAuth;
use crate::deadline::Deadline;
use crate::http::{Auth, Endpoint, HttpClient, HttpError, HttpOptions, Request};

/// The largest answer in bytes.
const MAX_BODY: u64 = 1 << 30;
/// What every server tells about itself.
const VERSION: &str = "/_api/version?details=true";
/// What stands before the name of a database in a path.
const DATABASE: &str = "/_db/";

/// What stands for itself in a path: letters, digits, `-` and `_`.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// One server, one database, one set of credentials; connects when first asked.
pub struct Connection {
    spelling: String,
    endpoint: Endpoint,
    auth: ClientAuth,
    database: Mutex<String>,
    login: Login,
    http: HttpClient,
}

impl Connection {
    /// A connection that nothing was asked yet.
    ///
    /// # Errors
    /// [`ConnectionError::Http`] when TLS cannot be set up.
    pub fn new(options: ConnectionOptions) -> Result<Self, ConnectionError> {
        let http = HttpClient::new(HttpOptions {
            max_body: Some(MAX_BODY),
            tls: options.tls,
            hosts: options.hosts,
            ..HttpOptions::default()
        })?;
        Ok(Self {
            spelling: options.spelling,
            endpoint: options.endpoint,
            auth: options.auth,
            database: Mutex::new(options.database),
            login: Login::default(),
            http,
        })
    }

    /// The server's address as it was given.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// The server's address.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The user in whose name it asks; empty when that is a server, or nobody.
    pub fn user(&self) -> &str {
        match &self.auth {
            ClientAuth::Basic { username, .. } => username,
            _ => "",
        }
    }

    pub(super) fn auth(&self) -> &ClientAuth {
        &self.auth
    }

    /// The database that paths belong to.
    pub fn database(&self) -> String {
        self.database.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the database.
    pub fn set_database(&self, name: &str) {
        name.clone_into(&mut self.database.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Asks the server and waits for its answer, whatever its status.
    ///
    /// The answer may be the one to a login that the question needs first. Nothing is sent twice:
    /// a connection that was used before is looked at right before it is used again, and replaced
    /// by a new one if the server has closed it; once a byte has left, the question may have been
    /// executed.
    ///
    /// # Errors
    /// [`ConnectionError`].
    pub fn ask(
        &self,
        question: Question,
        settings: Settings,
        deadline: &Deadline,
    ) -> Result<Answer, ConnectionError> {
        deadline.check().map_err(HttpError::Stopped)?;
        let begin = Instant::now();
        let left = || settings.timeout.saturating_sub(begin.elapsed());
        let auth = if question.has_credentials() {
            None
        } else {
            match self.login.proof(&self.auth)? {
                Proof::Ready(auth) => auth,
                Proof::Ask(body) => {
                    let ask = Question::new("POST", login::PATH).body(Body::Text(body));
                    let answer =
                        self.exchange(ask, login::PATH, None, left(), settings, deadline)?;
                    if !self.login.learn(&answer, self.endpoint.to_string())? {
                        return Ok(answer);
                    }
                    match self.login.proof(&self.auth)? {
                        Proof::Ready(auth) => auth,
                        // a token that is over at once: better than none
                        Proof::Ask(_) => {
                            self.auth.header().map_err(ConnectionError::Credentials)?
                        }
                    }
                }
            }
        };
        let target = self.target(&question.path);
        let answer = self.exchange(question, &target, auth, left(), settings, deadline)?;
        if answer.status == 401 {
            self.login.forget();
        }
        Ok(answer)
    }

    /// Asks the server about itself, in `database`.
    ///
    /// # Errors
    /// [`ConnectionError`]; [`ConnectionError::Refused`] for an answer that is an error.
    pub(super) fn details_in(
        &self,
        database: &str,
        limit: Duration,
        settings: Settings,
        deadline: &Deadline,
    ) -> Result<ServerDetails, ConnectionError> {
        let settings = Settings { timeout: limit.min(settings.timeout), ..settings };
        let path = within(database, VERSION);
        let answer = self.ask(Question::new("GET", path), settings, deadline)?;
        if answer.status != 200 {
            return Err(ConnectionError::Refused {
                status: answer.status,
                text: answer.error_message().to_owned(),
            });
        }
        Ok(ServerDetails::from(&answer))
    }

    /// Asks the server about itself.
    ///
    /// # Errors
    /// [`ConnectionError`]; [`ConnectionError::Refused`] for an answer that is an error.
    pub fn details(
        &self,
        limit: Duration,
        settings: Settings,
        deadline: &Deadline,
    ) -> Result<ServerDetails, ConnectionError> {
        self.details_in(&self.database(), limit, settings, deadline)
    }

    /// A path with its database: its own, else that of the connection.
    fn target(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{path}");
        if path.starts_with(DATABASE) { path } else { within(&self.database(), &path) }
    }

    fn exchange(
        &self,
        question: Question,
        target: &str,
        auth: Option<Auth>,
        limit: Duration,
        settings: Settings,
        deadline: &Deadline,
    ) -> Result<Answer, ConnectionError> {
        let method = question.method;
        let (headers, body) = question.message(settings);
        let url = format!("{}{target}", self.endpoint.url());
        let mut request = Request::new(method, url)
            .body(body)
            .auth(auth)
            .timeout(limit)
            .connect_timeout(settings.connect_timeout);
        request.headers = headers;
        let response = self.http.send(request, deadline)?;
        // a deadline may come while a large body is taken apart
        if response.body.len() < LARGE {
            return Ok(Answer::new(response));
        }
        Ok(deadline.aside(|| Answer::new(response)).map_err(HttpError::Stopped)?)
    }
}

/// A path in a database.
fn within(database: &str, path: &str) -> String {
    format!("{DATABASE}{}{path}", utf8_percent_encode(database, IN_PATH))
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Connection({})", self.endpoint)
    }
}
