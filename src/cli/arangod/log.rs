//! The log of a server: to the standard error, to files, or to both, at levels that can be
//! changed while it runs.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{Registry, fmt, reload};

use crate::standin::agent::{LogControl, LogLevel, LogLevelError, LogLevels};

/// Why nothing can be logged as wished.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogError {
    /// A level or topic that there is not.
    #[error("{option} '{given}' is not understood")]
    Level {
        /// Where it stands.
        option: &'static str,
        /// What was given.
        given: String,
        /// What is wrong.
        source: LogLevelError,
    },
    /// A place that is none.
    #[error("--log.output '{given}' is neither -, + nor file://PATH")]
    Output {
        /// What was given.
        given: String,
    },
    /// The file cannot be written.
    #[error("cannot write the log file '{path}'")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging to all places given, or to the standard error.
pub(super) fn start(
    specs: &[String],
    outputs: &[String],
    file: Option<&Path>,
) -> Result<LogControl, LogError> {
    let levels = levels("--log.level", specs.iter().map(String::as_str), LogLevels::default())?;
    let mut places: Vec<Output> =
        outputs.iter().map(|text| Output::parse(text)).collect::<Result<_, _>>()?;
    if let Some(path) = file {
        places.push(Output::to(&format!("file://{}", path.display()))?);
    }
    if places.is_empty() {
        places.push(Output::to("+")?);
    }
    // Each place has its own filter. One for the whole process would be cheaper, but could not
    // be narrowed by topic.
    let mut handles = Vec::new();
    let mut layers: Vec<AnyLayer> = Vec::new();
    for place in places {
        let (filter, handle) = reload::Layer::new(place.filter(&levels));
        layers.push(place.writer.layer()?.with_filter(filter).boxed());
        handles.push((handle, place.own));
    }
    // it is the only one of this process
    let _ = set_global_default(Registry::default().with(layers));
    Ok(LogControl::new(levels, move |levels| {
        for (handle, own) in &handles {
            // it is there for as long as the process
            let _ = handle.reload(own.filter(levels));
        }
    }))
}

fn levels<'a>(
    option: &'static str,
    settings: impl Iterator<Item = &'a str>,
    mut levels: LogLevels,
) -> Result<LogLevels, LogError> {
    for setting in settings {
        match levels.set_from(setting) {
            Ok(()) => {}
            // servers of other releases have other topics, and are started with the same line
            Err(LogLevelError::Topic { .. }) => {}
            Err(source) => {
                return Err(LogError::Level { option, given: setting.to_owned(), source });
            }
        }
    }
    Ok(levels)
}

/// Where lines go, and which of them.
struct Output {
    writer: Writer,
    own: Own,
}

/// What a place takes, whatever else is logged.
#[derive(Default)]
struct Own {
    topic: Option<String>,
    levels: Option<LogLevels>,
}

enum Writer {
    Stdout,
    Stderr,
    File(String),
}

impl Output {
    /// A place `-` or `+` or `file://PATH`, with `TOPIC=` before it and `;TOPIC=LEVEL,…` behind.
    fn parse(text: &str) -> Result<Self, LogError> {
        let (place, settings) = text.split_once(';').unwrap_or((text, ""));
        let settings = settings.split(',').filter(|setting| !setting.trim().is_empty());
        let settings: Vec<&str> = settings.collect();
        let (topic, place) = match place.split_once('=') {
            Some((topic, place)) if !place.contains('=') && !topic.contains("://") => {
                (Some(topic.trim().to_ascii_lowercase()), place)
            }
            _ => (None, place),
        };
        let mut output =
            Self::to(place).map_err(|_| LogError::Output { given: text.to_owned() })?;
        output.own.topic = topic;
        if !settings.is_empty() {
            let settings = settings.into_iter();
            // What is not named is as the whole log has it.
            let mut everything = LogLevels::default();
            let _ = everything.set("all", LogLevel::Trace);
            output.own.levels = Some(levels("--log.output", settings, everything)?);
        }
        Ok(output)
    }

    fn to(place: &str) -> Result<Self, LogError> {
        let writer = match place.trim() {
            "-" | "file://-" => Writer::Stdout,
            "+" | "file://+" => Writer::Stderr,
            other => match other.strip_prefix("file://") {
                Some(path) if !path.is_empty() => Writer::File(path.to_owned()),
                _ => return Err(LogError::Output { given: place.to_owned() }),
            },
        };
        Ok(Self { writer, own: Own::default() })
    }

    fn filter(&self, levels: &LogLevels) -> Targets {
        self.own.filter(levels)
    }
}

impl Own {
    /// What passes to this place. Raft's own lines have the topic `replication`; at its level
    /// `info`, which servers start with, they would drown all others.
    fn filter(&self, levels: &LogLevels) -> Targets {
        let level = |topic: &str| {
            let elsewhere = self.topic.as_deref().is_some_and(|own| own != topic && own != "all");
            if elsewhere {
                return LevelFilter::OFF;
            }
            let most = self.levels.as_ref().map_or(LogLevel::Trace, |own| own.of(topic));
            filter_of(levels.of(topic).min(most))
        };
        let raft = match level("replication") {
            LevelFilter::INFO => LevelFilter::WARN,
            other => other,
        };
        Targets::new()
            .with_default(raft)
            .with_target("agencysh", level("general"))
            .with_target("agencysh::standin", level("agency"))
    }
}

fn filter_of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Fatal => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Default | LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

impl Writer {
    fn layer(&self) -> Result<AnyLayer, LogError> {
        let layer = fmt::layer().with_ansi(false).with_target(false);
        Ok(match self {
            Self::Stdout => layer.with_writer(io::stdout).boxed(),
            Self::Stderr => layer.with_writer(io::stderr).boxed(),
            Self::File(path) => layer.with_writer(Mutex::new(open(path)?)).boxed(),
        })
    }
}

fn open(path: &str) -> Result<File, LogError> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|source| LogError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(output: &str, target: &str, level: tracing::Level) -> bool {
        let output = Output::parse(output).unwrap();
        output.filter(&LogLevels::default()).would_enable(target, &level)
    }

    #[test]
    fn places_are_narrowed_by_topic_and_level() {
        use tracing::Level;
        const AGENT: &str = "agencysh::standin::agent";
        const OTHER: &str = "agencysh::cli";
        assert!(passes("-", AGENT, Level::INFO) && passes("-", OTHER, Level::INFO));
        assert!(!passes("-", AGENT, Level::DEBUG) && !passes("-", "openraft", Level::INFO));
        assert!(passes("-", "openraft", Level::WARN));
        assert!(!passes("-;all=error", AGENT, Level::WARN));
        assert!(passes("-;all=error", AGENT, Level::ERROR));
        assert!(!passes("-;all=trace", AGENT, Level::DEBUG), "not logged at all");
        assert!(passes("+;general=error,agency=info", AGENT, Level::INFO));
        assert!(!passes("+;general=error,agency=info", OTHER, Level::INFO));
        assert!(passes("agency=file:///tmp/x", AGENT, Level::INFO));
        assert!(!passes("agency=file:///tmp/x", OTHER, Level::ERROR));
    }

    #[test]
    fn places_that_are_none_are_refused() {
        for output in ["", "/tmp/x", "syslog://x", "file://", "agency=", "-;agency=loud"] {
            assert!(Output::parse(output).is_err(), "{output}");
        }
        assert!(Output::parse("file:///tmp/a=b").is_ok());
    }
}
