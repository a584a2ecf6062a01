//! The topics of the log and the level of each (host-natives §2.7).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{NativeError, NativeResult};

/// The topic of messages without one.
pub(super) const GENERAL: &str = "general";

/// How severe a message is; the most severe comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Cannot be mended.
    Fatal,
    /// Failed.
    Error,
    /// May fail.
    Warning,
    /// Worth knowing.
    Info,
    /// Helps to find a fault.
    Debug,
    /// Each single step.
    Trace,
}

impl Level {
    /// The level called `name`, in any case; `err` and `warn` are short forms.
    ///
    /// # Errors
    /// Number 10 for another name.
    pub fn named(name: &str) -> NativeResult<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "fatal" => Ok(Self::Fatal),
            "error" | "err" => Ok(Self::Error),
            "warning" | "warn" => Ok(Self::Warning),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(NativeError::arango(
                "log.unknown_level",
                10,
                format!(
                    "unknown log level '{name}': known are fatal, error, warning, info, debug, trace"
                ),
            )),
        }
    }

    /// The word in upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

const AT_INFO: &str = "agency agencycomm aql arangosearch cache cluster communication deprecation dump engines flush \
    general graphs heartbeat libiresearch license maintenance memory queries replication restore security startup \
    statistics supervision syscall validation";
const AT_WARNING: &str = "agencystore authentication httpclient rep-state rep-wal replication2 rocksdb ssl threads \
    trx ttl v8";
const AT_FATAL: &str = "development requests views";
/// Topics that follow the level of `general` until they get one of their own.
const FOLLOWING: &str = "authorization backup bench config crash";

/// The levels of one run.
#[derive(Debug)]
pub struct LogLevels {
    topics: Mutex<BTreeMap<&'static str, Option<Level>>>,
}

impl Default for LogLevels {
    fn default() -> Self {
        let groups = [
            (AT_INFO, Some(Level::Info)),
            (AT_WARNING, Some(Level::Warning)),
            (AT_FATAL, Some(Level::Fatal)),
            (FOLLOWING, None),
        ];
        let topics = groups
            .into_iter()
            .flat_map(|(topics, level)| topics.split_whitespace().map(move |topic| (topic, level)))
            .collect();
        Self { topics: Mutex::new(topics) }
    }
}

impl Clone for LogLevels {
    fn clone(&self) -> Self {
        Self { topics: Mutex::new(self.topics().clone()) }
    }
}

impl LogLevels {
    /// The level of a topic.
    ///
    /// # Errors
    /// Number 10 for an unknown topic.
    pub fn level(&self, topic: &str) -> NativeResult<Level> {
        let topics = self.topics();
        let level =
            topics.get(topic.to_ascii_lowercase().as_str()).ok_or_else(|| unknown(topic))?;
        Ok(level.or_else(|| topics.get(GENERAL).copied().flatten()).unwrap_or(Level::Info))
    }

    /// Applies `level` (of `general`), `topic=level` or `all=level`.
    ///
    /// # Errors
    /// Number 10 for an unknown level or topic; nothing changes then.
    pub fn set(&self, spec: &str) -> NativeResult<()> {
        let (topic, level) = spec.split_once('=').unwrap_or((GENERAL, spec));
        let (topic, level) = (topic.trim().to_ascii_lowercase(), Level::named(level)?);
        let mut topics = self.topics();
        if topic == "all" {
            topics.values_mut().for_each(|own| *own = Some(level));
            return Ok(());
        }
        *topics.get_mut(topic.as_str()).ok_or_else(|| unknown(&topic))? = Some(level);
        Ok(())
    }

    /// All topics with their levels.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, Level)> + use<> {
        let names: Vec<&'static str> = self.topics().keys().copied().collect();
        let level = |topic| (topic, self.level(topic).unwrap_or(Level::Info));
        names.into_iter().map(level).collect::<Vec<_>>().into_iter()
    }

    fn topics(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<Level>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(topic: &str) -> NativeError {
    NativeError::arango("log.unknown_topic", 10, format!("unknown log topic '{topic}'"))
}
