//! What a server logs, topic by topic, as `arangod` has it.
//!
//! The library installs no logger: whoever owns the process hears of changes and does with them
//! what fits its own log.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How important a line has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// As the global level.
    Default,
    /// Next to nothing.
    Fatal,
    /// Errors.
    Error,
    /// Warnings as well.
    Warning,
    /// What happens, too.
    Info,
    /// What helps to find mistakes.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<Self, LogLevelError> {
        Ok(match text.trim().to_ascii_lowercase().as_str() {
            "default" => Self::Default,
            "fatal" => Self::Fatal,
            "error" | "err" => Self::Error,
            "warning" | "warn" => Self::Warning,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => return Err(LogLevelError::Level { level: text.to_owned() }),
        })
    }
}

/// Why a level cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogLevelError {
    /// There is no such level.
    #[error(
        "'{level}' is no log level; known are fatal, error, warning, info, debug, trace, default"
    )]
    Level {
        /// What was given.
        level: String,
    },
    /// There is no such topic.
    #[error("'{topic}' is no log topic; known are all, {}", TOPICS.map(|(name, _)| name).join(", "))]
    Topic {
        /// What was given.
        topic: String,
    },
}

/// All topics of a server and their levels at the start.
const TOPICS: [(&str, LogLevel); 47] = {
    use LogLevel::{Default, Fatal, Info, Warning};
    [
        ("agency", Info),
        ("agencycomm", Info),
        ("agencystore", Warning),
        ("aql", Info),
        ("arangosearch", Info),
        ("authentication", Warning),
        ("authorization", Default),
        ("backup", Default),
        ("bench", Default),
        ("cache", Info),
        ("cluster", Info),
        ("communication", Info),
        ("config", Default),
        ("crash", Default),
        ("deprecation", Info),
        ("development", Fatal),
        ("dump", Info),
        ("engines", Info),
        ("flush", Info),
        ("general", Info),
        ("graphs", Info),
        ("heartbeat", Info),
        ("httpclient", Warning),
        ("libiresearch", Info),
        ("license", Info),
        ("maintenance", Info),
        ("memory", Info),
        ("queries", Info),
        ("rep-state", Warning),
        ("rep-wal", Warning),
        ("replication", Info),
        ("replication2", Warning),
        ("requests", Fatal),
        ("restore", Info),
        ("rocksdb", Warning),
        ("security", Info),
        ("ssl", Warning),
        ("startup", Info),
        ("statistics", Info),
        ("supervision", Info),
        ("syscall", Info),
        ("threads", Warning),
        ("trx", Warning),
        ("ttl", Warning),
        ("v8", Warning),
        ("validation", Info),
        ("views", Fatal),
    ]
};

/// The level of each topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevels {
    global: LogLevel,
    topics: BTreeMap<&'static str, LogLevel>,
}

impl Default for LogLevels {
    fn default() -> Self {
        Self { global: LogLevel::Info, topics: BTreeMap::from(TOPICS) }
    }
}

impl LogLevels {
    /// Sets the level of a topic, or of each with the topic `all`.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn set(&mut self, topic: &str, level: LogLevel) -> Result<(), LogLevelError> {
        let topic = topic.trim().to_ascii_lowercase();
        if topic == "all" {
            self.set_global(level);
            self.topics.values_mut().for_each(|current| *current = level);
            return Ok(());
        }
        match self.topics.get_mut(topic.as_str()) {
            Some(current) => *current = level,
            None => return Err(LogLevelError::Topic { topic }),
        }
        Ok(())
    }

    /// Takes over a setting `LEVEL` or `TOPIC=LEVEL`. The first form is for the topic `general`
    /// and for those that have no level of their own.
    ///
    /// # Errors
    /// There is no such topic or level.
    pub fn set_from(&mut self, setting: &str) -> Result<(), LogLevelError> {
        if let Some((topic, level)) = setting.split_once('=') {
            return self.set(topic, level.parse()?);
        }
        let level = setting.parse()?;
        self.set_global(level);
        self.set("general", level)
    }

    fn set_global(&mut self, level: LogLevel) {
        self.global = if level == LogLevel::Default { LogLevel::Info } else { level };
    }

    /// The level that a topic has, be it its own or the global one; fatal if there is no such
    /// topic.
    pub fn of(&self, topic: &str) -> LogLevel {
        match self.topics.get(topic) {
            Some(LogLevel::Default) => self.global,
            Some(level) => *level,
            None => LogLevel::Fatal,
        }
    }

    /// Topics and their levels, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, LogLevel)> + '_ {
        self.topics.iter().map(|(topic, level)| (*topic, *level))
    }
}

type Observer = dyn Fn(&LogLevels) + Send + Sync;

/// The levels of a running server. Clones share them.
#[derive(Clone)]
pub struct LogControl {
    levels: Arc<Mutex<LogLevels>>,
    observer: Arc<Observer>,
}

impl LogControl {
    /// `observer` hears of all changes.
    pub fn new(levels: LogLevels, observer: impl Fn(&LogLevels) + Send + Sync + 'static) -> Self {
        Self { levels: Arc::new(Mutex::new(levels)), observer: Arc::new(observer) }
    }

    fn lock(&self) -> MutexGuard<'_, LogLevels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The levels at the moment.
    pub fn levels(&self) -> LogLevels {
        self.lock().clone()
    }

    /// Changes the levels, all as wished or none.
    ///
    /// # Errors
    /// What the change says.
    pub fn change<E>(
        &self,
        change: impl FnOnce(&mut LogLevels) -> Result<(), E>,
    ) -> Result<LogLevels, E> {
        let mut levels = self.lock();
        let mut changed = levels.clone();
        change(&mut changed)?;
        (self.observer)(&changed);
        levels.clone_from(&changed);
        Ok(changed)
    }
}

impl Default for LogControl {
    /// Levels that are shown and have no effect.
    fn default() -> Self {
        Self::new(LogLevels::default(), |_| {})
    }
}

impl fmt::Debug for LogControl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("LogControl").field(&*self.lock()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_arangod_reads_them() {
        let mut levels = LogLevels::default();
        levels.set_from("debug").unwrap();
        assert_eq!(levels.of("general"), LogLevel::Debug);
        assert_eq!(levels.of("crash"), LogLevel::Debug, "it has none of its own");
        assert_eq!(levels.of("agency"), LogLevel::Info);
        levels.set_from(" Agency = WARN ").unwrap();
        assert_eq!(levels.of("agency"), LogLevel::Warning);
        levels.set_from("all=error").unwrap();
        assert!(levels.iter().all(|(_, level)| level == LogLevel::Error));
        levels.set_from("agency=default").unwrap();
        assert_eq!(levels.of("agency"), LogLevel::Error);
    }

    #[test]
    fn what_there_is_not_is_named() {
        let mut levels = LogLevels::default();
        let text = |error: LogLevelError| error.to_string();
        assert!(text(levels.set_from("agency=loud").unwrap_err()).contains("'loud'"));
        assert!(text(levels.set_from("agencies=info").unwrap_err()).contains("'agencies'"));
        assert!(levels.set_from("a=b=c").is_err());
        assert_eq!(levels, LogLevels::default());
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let told = heard.clone();
        let control = LogControl::new(LogLevels::default(), move |levels| {
            told.lock().unwrap().push(levels.of("agency"));
        });
        let failed = control.change(|levels| {
            levels.set("agency", LogLevel::Trace)?;
            levels.set("nothing", LogLevel::Trace)
        });
        assert!(failed.is_err() && control.levels() == LogLevels::default());
        control.change(|levels| levels.set("agency", LogLevel::Debug)).unwrap();
        assert_eq!(*heard.lock().unwrap(), [LogLevel::Debug]);
    }
}
