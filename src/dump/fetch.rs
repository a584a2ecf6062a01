//! One agent: three requests, each straight from its body into a part of the dump.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::filter::{Filter, KnownSecrets, Seen};
use super::manifest::{AgentRecord, ErrorRecord, FileRecord};
use super::options::AgentToAsk;
use super::pack::{Named, Part, Workshop};
use super::with_causes;
use crate::client::ClientAuth;
use crate::deadline::Deadline;
use crate::http::{HttpClient, HttpError, Request, Response};

/// Answers that tell of errors are kept up to this length.
const LONGEST_ERROR: usize = 1 << 20;
/// So much of a configuration is looked at.
const LONGEST_CONFIG: usize = 1 << 20;
/// How long an agent may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What all requests of a dump share.
pub(super) struct Asking<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) auth: &'a ClientAuth,
    pub(super) secrets: Arc<KnownSecrets>,
    pub(super) deadline: Deadline,
    pub(super) request_limit: Duration,
    pub(super) workshop: &'a Workshop,
}

/// What one agent gave.
pub(super) struct Fetched {
    pub(super) record: AgentRecord,
    pub(super) parts: Vec<Named>,
    /// Whether it answered anything at all.
    pub(super) answered: bool,
}

/// A body that is asked for.
struct Wanted {
    /// The name of its file, without ending.
    file: String,
    method: &'static str,
    target: &'static str,
    body: &'static str,
    pick: Option<&'static str>,
}

/// Why the dump cannot go on: it cannot be written.
pub(super) type Fetching<T> = io::Result<T>;

impl Asking<'_> {
    /// Asks one agent for everything; `label` is what its files are called, `received` counts bytes.
    pub(super) fn agent(
        &self,
        agent: &AgentToAsk,
        label: &str,
        received: &AtomicU64,
    ) -> Fetching<Fetched> {
        let mut fetched =
            Fetched { record: record(agent, "alive"), parts: Vec::new(), answered: false };
        let mut config = Kept::default();
        self.file(
            agent,
            &mut fetched,
            received,
            get(format!("agencyConfig_{label}"), "config"),
            &mut config,
        )?;
        let config: Value = serde_json::from_slice(&config.bytes).unwrap_or_default();
        self.learn(&mut fetched.record, &config);
        self.file(
            agent,
            &mut fetched,
            received,
            get(format!("agencyState_{label}"), "state"),
            &mut io::sink(),
        )?;
        let read = Wanted {
            method: "POST",
            target: "/_api/agency/read",
            body: "[[\"/\"]]",
            ..get(format!("agencyPlan_{label}"), "")
        };
        let stores =
            Wanted { pick: Some("read_db"), ..get(format!("agencyPlan_{label}"), "stores") };
        // it may have lost its leadership meanwhile: what it said then is kept if there is nothing else
        let mut attempt =
            Fetched { record: AgentRecord::default(), parts: Vec::new(), answered: false };
        let leads = fetched.record.leader == Some(true);
        if leads && self.file(agent, &mut attempt, received, read, &mut io::sink())? {
            fetched.record.plan_source = Some("read".to_owned());
        } else if self.file(agent, &mut fetched, received, stores, &mut io::sink())? {
            fetched.record.plan_source = Some("stores".to_owned());
            return Ok(fetched);
        }
        fetched.answered |= attempt.answered;
        for part in attempt.parts {
            fetched.parts.retain(|known| known.name != part.name);
            fetched.record.files.retain(|known| known.name != part.name);
            fetched.parts.push(part);
        }
        fetched.record.files.extend(attempt.record.files);
        fetched.record.errors.extend(attempt.record.errors);
        Ok(fetched)
    }

    fn learn(&self, record: &mut AgentRecord, config: &Value) {
        let id = config.pointer("/configuration/id").and_then(Value::as_str);
        let leader = config.get("leaderId").and_then(Value::as_str);
        record.leader = id.map(|id| leader == Some(id));
        if record.id.is_none() {
            record.id = id.map(str::to_owned);
        }
    }

    /// Fetches one file; tells whether it is there as it should be.
    fn file(
        &self,
        agent: &AgentToAsk,
        fetched: &mut Fetched,
        received: &AtomicU64,
        wanted: Wanted,
        copy: &mut dyn Write,
    ) -> Fetching<bool> {
        let mut part =
            Filter::new(Twice { part: self.workshop.part()?, copy }, Arc::clone(&self.secrets));
        if let Some(member) = wanted.pick {
            part = part.picking(member);
        }
        let mut sink = Counting { inner: part, received, failed: None };
        let mut refusal = Kept { most: LONGEST_ERROR, ..Kept::default() };
        let answer = self.send(agent, &wanted, |status| match status {
            200 => Some(&mut sink as &mut dyn Write),
            _ => Some(&mut refusal),
        });
        if let Some(failed) = sink.failed {
            // the disk, and no agent
            return Err(failed);
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                fetched.record.errors.push(unanswered(&wanted, &error));
                return Ok(false);
            }
        };
        fetched.answered = true;
        if answer.status != 200 {
            self.refused(fetched, &wanted, &answer, refusal.bytes)?;
            return Ok(false);
        }
        let (twice, seen) = sink.inner.finish()?;
        let packed = twice.part.finish()?;
        self.note(fetched, &wanted, seen, packed);
        Ok(seen.json && (wanted.pick.is_none() || seen.picked))
    }

    fn note(
        &self,
        fetched: &mut Fetched,
        wanted: &Wanted,
        seen: Seen,
        packed: super::pack::Packed,
    ) {
        let is_json = seen.json && (wanted.pick.is_none() || seen.picked);
        if !is_json {
            let message = match (seen.json, wanted.pick) {
                (true, Some(member)) => format!("the answer has no member '{member}'"),
                _ => "the answer is no JSON".to_owned(),
            };
            fetched.record.errors.push(ErrorRecord {
                file: wanted.file.clone(),
                kind: "agency.bad_answer".to_owned(),
                status: Some(200),
                message,
            });
            if seen.json {
                return;
            }
        }
        let name = format!("{}.{}", wanted.file, if is_json { "json" } else { "txt" });
        fetched.record.files.push(FileRecord { name: name.clone(), bytes: seen.bytes });
        fetched.parts.push(Named { name, is_json, packed });
    }

    fn send<'s>(
        &self,
        agent: &AgentToAsk,
        wanted: &Wanted,
        sink: impl FnOnce(u16) -> Option<&'s mut dyn Write>,
    ) -> Result<Response, Unanswered> {
        let mut request = Request::new(wanted.method, format!("{}{}", agent.url, wanted.target))
            .auth(self.auth.header().map_err(Unanswered::Token)?)
            // what is to be packed here need not be packed there
            .header("accept-encoding", "identity")
            .timeout(self.request_limit)
            .connect_timeout(CONNECT_LIMIT);
        if !wanted.body.is_empty() {
            request = request.header("content-type", "application/json").body(wanted.body);
        }
        self.http.send_to(request, &self.deadline, sink).map_err(Unanswered::Http)
    }

    /// Keeps an answer with another status than 200.
    fn refused(
        &self,
        fetched: &mut Fetched,
        wanted: &Wanted,
        answer: &Response,
        body: Vec<u8>,
    ) -> Fetching<()> {
        let bytes = body.len() as u64;
        let mut filter = Filter::new(Vec::new(), Arc::clone(&self.secrets));
        filter.write_all(&body)?;
        let (body, seen) = filter.finish()?;
        let body = match seen.json {
            true => serde_json::from_slice(&body).unwrap_or_default(),
            false => Value::from(String::from_utf8_lossy(&body)),
        };
        let headers: serde_json::Map<String, Value> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        let kept = json!({ "status": answer.status, "headers": headers, "body": body });
        // a header may hold one, too
        let mut filter = Filter::new(Vec::new(), Arc::clone(&self.secrets));
        filter.write_all(format!("{kept:#}\n").as_bytes())?;
        let packed = self.workshop.whole(&filter.finish()?.0)?;
        let name = format!("{}.error.json", wanted.file);
        let what = match answer.header("location").filter(|_| matches!(answer.status, 300..=399)) {
            Some(_) => "a redirect, which is not followed".to_owned(),
            None => answer.message.clone(),
        };
        fetched.record.errors.push(ErrorRecord {
            file: wanted.file.clone(),
            kind: "agency.refused".to_owned(),
            status: Some(answer.status),
            message: format!("status {}: {what}", answer.status),
        });
        fetched.record.files.push(FileRecord { name: name.clone(), bytes });
        fetched.parts.push(Named { name, is_json: true, packed });
        Ok(())
    }
}

/// Why there is no answer.
enum Unanswered {
    Http(HttpError),
    Token(crate::client::ClientError),
}

fn unanswered(wanted: &Wanted, error: &Unanswered) -> ErrorRecord {
    let (kind, message) = match error {
        Unanswered::Http(HttpError::Stopped(_)) => {
            ("dump.timeout", "the time for the whole dump has passed".to_owned())
        }
        Unanswered::Http(error) => (error.kind(), with_causes(error)),
        Unanswered::Token(error) => (error.kind(), with_causes(error)),
    };
    ErrorRecord { file: wanted.file.clone(), kind: kind.to_owned(), status: None, message }
}

fn get(file: String, what: &str) -> Wanted {
    let target = match what {
        "config" => "/_api/agency/config",
        "state" => "/_api/agency/state",
        _ => "/_api/agency/stores",
    };
    Wanted { file, method: "GET", target, body: "", pick: None }
}

/// The record of an agent before anything is known of it.
pub(super) fn record(agent: &AgentToAsk, state: &str) -> AgentRecord {
    AgentRecord {
        name: agent.name.clone(),
        id: agent.id.clone(),
        pid: agent.pid,
        url: agent.url.clone(),
        state: state.to_owned(),
        ..AgentRecord::default()
    }
}

/// Keeps the beginning of what is written.
struct Kept {
    bytes: Vec<u8>,
    most: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self { bytes: Vec::new(), most: LONGEST_CONFIG }
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.most - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes into a part and keeps a copy.
struct Twice<'c> {
    part: Part,
    copy: &'c mut dyn Write,
}

impl Write for Twice<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.write_all(bytes)?;
        self.copy.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts bytes, and remembers a failure to write them: the HTTP client tells of it in other words.
struct Counting<'r, W> {
    inner: W,
    received: &'r AtomicU64,
    failed: Option<io::Error>,
}

impl<W: Write> Write for Counting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.inner.write_all(bytes).map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            self.failed = Some(error);
            told
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
