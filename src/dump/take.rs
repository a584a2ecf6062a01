//! Takes a dump: asks all agents at the same time, packs what they answer.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use super::DumpError;
use super::fetch::{Asking, Fetched, record};
use super::filter::KnownSecrets;
use super::manifest::{self, Manifest};
use super::options::{AgentToAsk, DumpOptions, Place, State};
use super::pack::{Named, Workshop};
use crate::client::ClientAuth;
use crate::deadline::{Deadline, SLICE, Stop};
use crate::http::HttpClient;

/// A dump that has been taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Where it is.
    pub archive: PathBuf,
    /// What it tells of itself; the files of all agents are in it.
    pub manifest: Manifest,
    /// How many agents answered something.
    pub answered: usize,
}

/// What is known of a dump while it is taken.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The agents.
    pub agents: &'a [AgentToAsk],
    /// How many bytes each of them has sent.
    pub received: &'a [u64],
}

/// Takes a dump of these agents. `is_over` is asked all the time: when it says so, there is no dump. The
/// time that the options give does not end it: what has come until then is kept.
///
/// # Errors
/// [`DumpError::Unwritable`], [`DumpError::Exists`], [`DumpError::Stopped`]; agents that fail are no error.
pub fn take(
    http: &HttpClient,
    auth: &ClientAuth,
    secrets: KnownSecrets,
    agents: &[AgentToAsk],
    options: &DumpOptions,
    is_over: &dyn Fn() -> Result<(), Stop>,
    onlooker: &mut dyn FnMut(Progress<'_>),
) -> Result<Taken, DumpError> {
    is_over()?;
    let folder = folder_of(&options.place);
    let unwritable = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => DumpError::Exists { path: target(&options.place) },
        _ => DumpError::Unwritable { path: target(&options.place), source },
    };
    if let Place::Exactly(path) = &options.place
        && path.symlink_metadata().is_ok()
    {
        return Err(DumpError::Exists { path: path.clone() });
    }
    let workshop = Workshop::open(folder, options.packing).map_err(unwritable)?;
    let mut manifest = Manifest {
        version: 1,
        program: concat!("agencysh ", env!("CARGO_PKG_VERSION")).to_owned(),
        cluster: options.number,
        reason: options.reason.clone(),
        test: options.test.clone(),
        started: now(),
        ..Manifest::default()
    };
    let asking = Asking {
        http,
        auth,
        secrets: Arc::new(secrets),
        deadline: Deadline::after(Some(options.whole_limit)),
        request_limit: options.request_limit,
        workshop: &workshop,
    };
    let fetched = ask_all(&asking, agents, is_over, onlooker)?;
    manifest.ended = now();
    let mut parts = Vec::new();
    let mut answered = 0;
    for fetched in fetched {
        let fetched = fetched.map_err(unwritable)?;
        answered += usize::from(fetched.answered);
        manifest.agents.push(fetched.record);
        parts.extend(fetched.parts);
    }
    is_over()?;
    let text = serde_json::to_value(&manifest).map(|manifest| format!("{manifest:#}\n"));
    let text = text.map_err(|error| unwritable(error.into()))?;
    let packed = workshop.whole(text.as_bytes()).map_err(unwritable)?;
    parts.push(Named { name: manifest::NAME.to_owned(), is_json: true, packed });
    let archive = workshop.finish(parts, &options.place).map_err(unwritable)?;
    Ok(Taken { archive, manifest, answered })
}

/// Asks each agent on a thread of its own, and waits for all.
fn ask_all(
    asking: &Asking<'_>,
    agents: &[AgentToAsk],
    is_over: &dyn Fn() -> Result<(), Stop>,
    onlooker: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<std::io::Result<Fetched>>, DumpError> {
    let labels = labels(agents);
    let received: Vec<AtomicU64> = agents.iter().map(|_| AtomicU64::new(0)).collect();
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for ((agent, label), received) in agents.iter().zip(&labels).zip(&received) {
            let done = done.clone();
            let work = move || {
                // dropped when the work is done, however it ends
                let _done = done;
                match &agent.state {
                    State::Alive => asking.agent(agent, label, received),
                    _ => Ok(not_asked(agent)),
                }
            };
            let thread = std::thread::Builder::new().name("agencysh-dump".to_owned());
            threads.push(thread.spawn_scoped(scope, work));
        }
        drop(done);
        let mut stopped = None;
        loop {
            let counts: Vec<u64> =
                received.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            onlooker(Progress { agents, received: &counts });
            match waiting.recv_timeout(SLICE) {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) | Ok(()) => {}
            }
            if stopped.is_none()
                && let Err(stop) = is_over()
            {
                asking.deadline.end(stop.clone());
                stopped = Some(stop);
            }
        }
        let fetched = threads
            .into_iter()
            .map(|thread| match thread?.join() {
                Ok(fetched) => fetched,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect();
        match stopped {
            Some(stop) => Err(stop.into()),
            None => Ok(fetched),
        }
    })
}

/// The record of an agent that would not answer.
fn not_asked(agent: &AgentToAsk) -> Fetched {
    let record = match &agent.state {
        State::Dead { end } => {
            let mut record = record(agent, "dead");
            record.exit = Some(end.clone());
            record.skipped = Some(format!("it has ended: {end}"));
            record
        }
        _ => {
            let mut record = record(agent, "suspended");
            record.skipped = Some("it is suspended and would not answer".to_owned());
            record
        }
    };
    Fetched { record, parts: Vec::new(), answered: false }
}

/// What the files of each agent are called: by its process, or by its name where it has none of its own.
fn labels(agents: &[AgentToAsk]) -> Vec<String> {
    let mut taken = HashSet::new();
    let label = |agent: &AgentToAsk| {
        let label = match agent.pid {
            Some(pid) => pid.to_string(),
            None => agent.name.clone(),
        };
        let safe = |letter: char| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
            _ => '_',
        };
        label.chars().map(safe).collect::<String>()
    };
    agents
        .iter()
        .map(|agent| {
            let label = label(agent);
            let mut candidates = std::iter::once(label.clone())
                .chain((2_u32..).map(|number| format!("{label}_{number}")));
            let free = candidates.find(|candidate| !taken.contains(candidate)).unwrap_or(label);
            taken.insert(free.clone());
            free
        })
        .collect()
}

fn folder_of(place: &Place) -> &Path {
    match place {
        Place::Folder { folder, .. } => folder,
        Place::Exactly(path) => path.parent().unwrap_or(Path::new(".")),
    }
}

fn target(place: &Place) -> PathBuf {
    match place {
        Place::Folder { folder, stem } => folder.join(stem),
        Place::Exactly(path) => path.clone(),
    }
}

/// The time in UTC, with milliseconds.
fn now() -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::now_utc().format(&format).unwrap_or_default()
}

/// A name for a dump that has none: the time is in it.
pub fn stem_of_now() -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = OffsetDateTime::now_utc().format(&format).unwrap_or_default();
    format!("agencydump_{time}")
}

/// The name of the dumps of a cluster.
pub fn stem_of_cluster(number: u64) -> String {
    format!("agencydump_{number}")
}

/// How long a dump may take that is made while something ends, of which a test may take `test` at most.
pub fn hurried(test: Duration) -> Duration {
    (test / 10).min(super::options::HURRIED_LIMIT)
}
