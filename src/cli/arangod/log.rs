//! The log of a server: to the standard error, or to a file.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt};

/// Why nothing can be logged as wished.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogError {
    /// A level that there is not.
    #[error(
        "--log.level '{spec}' names no level; known are fatal, error, warning, info, debug, trace"
    )]
    Level {
        /// What was given.
        spec: String,
    },
    /// The file cannot be written.
    #[error("cannot write the log file '{path}'")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Starts logging. Agents log under the topic `agency`; what other topics are to say is
/// accepted, and Raft's own lines follow the level without a topic from warnings on.
pub(super) fn start(specs: &[String], file: Option<&Path>) -> Result<(), LogError> {
    let (mut own, mut others) = (LevelFilter::INFO, LevelFilter::WARN);
    for spec in specs {
        let (topic, level) = spec.split_once('=').unwrap_or(("all", spec));
        let level = named(level).ok_or_else(|| LogError::Level { spec: spec.clone() })?;
        if matches!(topic.trim(), "all" | "general" | "agency") {
            own = level;
        }
        if topic.trim() == "all" {
            others = level.min(LevelFilter::WARN);
        }
    }
    let filter = Targets::new().with_default(others).with_target("agencysh", own);
    let layer = fmt::layer().with_ansi(false).with_target(false);
    let subscriber = Registry::default().with(filter);
    // it is the only one of this process
    let _ = match file.filter(|file| *file != Path::new("-")) {
        None => set_global_default(subscriber.with(layer.with_writer(std::io::stderr))),
        Some(path) => {
            let file =
                OpenOptions::new().create(true).append(true).open(path).map_err(|source| {
                    LogError::File { path: path.display().to_string(), source }
                })?;
            set_global_default(subscriber.with(layer.with_writer(Mutex::new(file))))
        }
    };
    Ok(())
}

fn named(level: &str) -> Option<LevelFilter> {
    Some(match level.trim().to_ascii_lowercase().as_str() {
        "fatal" => LevelFilter::OFF,
        "error" | "err" => LevelFilter::ERROR,
        "warning" | "warn" => LevelFilter::WARN,
        "info" | "default" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}
