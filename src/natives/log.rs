//! `log`: messages of scripts, by topic and level, to wherever the host puts them.

use std::sync::Arc;
use std::time::SystemTime;

use rhai::plugin::*;
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::log_levels::{GENERAL, Level, LogLevels};
use super::printing::compact;
use super::{NativeContext, NativeResult, Raw, call};

/// One line of a script's log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LogRecord {
    /// When it was logged.
    pub time: SystemTime,
    /// How severe it is.
    pub level: Level,
    /// What it is about.
    pub topic: String,
    /// The text as the script gave it.
    pub message: String,
}

impl LogRecord {
    /// Time, process id, level word, topic and text, with control characters escaped.
    pub fn line(&self) -> String {
        let mut text = String::with_capacity(self.message.len());
        for letter in self.message.chars() {
            if letter.is_control() {
                text.extend(letter.escape_default())
            } else {
                text.push(letter)
            }
        }
        format!(
            "{} [{}] {} {{{}}} {text}",
            self.instant(),
            std::process::id(),
            self.level.name(),
            self.topic
        )
    }

    /// The same as one line of JSON.
    pub fn json(&self) -> String {
        let record = serde_json::json!({
            "time": self.instant(),
            "pid": std::process::id(),
            "level": self.level.name(),
            "topic": self.topic,
            "message": self.message,
        });
        record.to_string()
    }

    fn instant(&self) -> String {
        let format = ::time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        ::time::OffsetDateTime::from(self.time).format(&format).unwrap_or_default()
    }
}

/// Takes each line that is logged.
pub type LogFunction = Arc<dyn Fn(&LogRecord) + Send + Sync>;

/// Where log lines go; nowhere unless the host says so.
#[derive(Clone, Default)]
pub struct LogSink(pub Option<LogFunction>);

fn levels(run: &NativeContext) -> Arc<LogLevels> {
    run.extension::<LogLevels>()
}

/// Logs a message if its level is shown.
pub(super) fn log(
    run: &NativeContext,
    level: Level,
    topic: &str,
    message: &Dynamic,
) -> NativeResult<()> {
    let sink = run.extension::<LogSink>();
    if level > levels(run).level(topic)? {
        return Ok(());
    }
    let Some(sink) = &sink.0 else { return Ok(()) };
    let write = |message: &Dynamic| {
        let text = message.read_lock::<ImmutableString>().map(|text| text.to_string());
        let text = text.unwrap_or_else(|| compact(message));
        if !run.take_output(text.len()) {
            return;
        }
        sink(&LogRecord {
            time: SystemTime::now(),
            level,
            topic: topic.to_lowercase(),
            message: text,
        });
    };
    match message.read_lock::<Array>() {
        Some(lines) => lines.iter().for_each(write),
        None => write(message),
    }
    Ok(())
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Logs what cannot be mended; the script goes on.
    ///
    /// `log::fatal(topic?: string, message: any) -> ()`
    ///
    /// Arguments: `topic`, `general` unless given, comes first; an array as `message` gives a line for each element.
    /// Units: none; values that are no strings are written compactly.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.fatal(message)`.
    ///
    /// ```rhai
    /// log::fatal("text");
    /// log::fatal("agency", ["one", 2]);
    /// ```
    #[rhai_fn(name = "fatal", return_raw)]
    pub fn fatal_general(ctx: NativeCallContext, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::fatal", |run| log(run, Level::Fatal, GENERAL, &message))
    }

    #[rhai_fn(name = "fatal", return_raw)]
    pub fn fatal_topic(ctx: NativeCallContext, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::fatal", |run| log(run, Level::Fatal, topic, &message))
    }

    /// Logs an error.
    ///
    /// `log::error(topic?: string, message: any) -> ()`
    ///
    /// Arguments: `topic`, `general` unless given, comes first; an array as `message` gives a line for each element.
    /// Units: none; values that are no strings are written compactly.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.error(message)`.
    ///
    /// ```rhai
    /// log::error("text");
    /// log::error("agency", ["one", 2]);
    /// ```
    #[rhai_fn(name = "error", return_raw)]
    pub fn error_general(ctx: NativeCallContext, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::error", |run| log(run, Level::Error, GENERAL, &message))
    }

    #[rhai_fn(name = "error", return_raw)]
    pub fn error_topic(ctx: NativeCallContext, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::error", |run| log(run, Level::Error, topic, &message))
    }

    /// Logs a warning.
    ///
    /// `log::warn(topic?: string, message: any) -> ()`
    ///
    /// Arguments: `topic`, `general` unless given, comes first; an array as `message` gives a line for each element.
    /// Units: none; values that are no strings are written compactly.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.warn(message)`.
    ///
    /// ```rhai
    /// log::warn("text");
    /// log::warn("agency", ["one", 2]);
    /// ```
    #[rhai_fn(name = "warn", return_raw)]
    pub fn warn_general(ctx: NativeCallContext, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::warn", |run| log(run, Level::Warning, GENERAL, &message))
    }

    #[rhai_fn(name = "warn", return_raw)]
    pub fn warn_topic(ctx: NativeCallContext, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::warn", |run| log(run, Level::Warning, topic, &message))
    }

    /// Logs a piece of information.
    ///
    /// `log::info(topic?: string, message: any) -> ()`
    ///
    /// Arguments: `topic`, `general` unless given, comes first; an array as `message` gives a line for each element.
    /// Units: none; values that are no strings are written compactly.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.info(message)`.
    ///
    /// ```rhai
    /// log::info("text");
    /// log::info("agency", ["one", 2]);
    /// ```
    #[rhai_fn(name = "info", return_raw)]
    pub fn info_general(ctx: NativeCallContext, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::info", |run| log(run, Level::Info, GENERAL, &message))
    }

    #[rhai_fn(name = "info", return_raw)]
    pub fn info_topic(ctx: NativeCallContext, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::info", |run| log(run, Level::Info, topic, &message))
    }

    /// Logs the finest detail.
    ///
    /// `log::trace(topic?: string, message: any) -> ()`
    ///
    /// Arguments: `topic`, `general` unless given, comes first; an array as `message` gives a line for each element.
    /// Units: none; values that are no strings are written compactly.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.trace(message)`.
    ///
    /// ```rhai
    /// log::trace("text");
    /// log::trace("agency", ["one", 2]);
    /// ```
    #[rhai_fn(name = "trace", return_raw)]
    pub fn trace_general(ctx: NativeCallContext, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::trace", |run| log(run, Level::Trace, GENERAL, &message))
    }

    #[rhai_fn(name = "trace", return_raw)]
    pub fn trace_topic(ctx: NativeCallContext, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::trace", |run| log(run, Level::Trace, topic, &message))
    }

    /// Logs at a level given by name; the only way to the level `debug`.
    ///
    /// `log::at(level: string, topic?: string, message: any) -> ()`
    ///
    /// Arguments: `level`, such as `debug`, in any case; `topic`, `general` unless given.
    /// Units: none.
    /// Errors: `log.unknown_level`, `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG`, `console.topic("topic=level", message)`.
    ///
    /// ```rhai
    /// log::at("debug", "agency", "text");
    /// ```
    #[rhai_fn(name = "at", return_raw)]
    pub fn at_general(ctx: NativeCallContext, level: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::at", |run| log(run, Level::named(level)?, GENERAL, &message))
    }

    #[rhai_fn(name = "at", return_raw)]
    pub fn at_topic(ctx: NativeCallContext, level: &str, topic: &str, message: Dynamic) -> Raw<()> {
        call(&ctx, "log::at", |run| log(run, Level::named(level)?, topic, &message))
    }

    /// Tells the level that is logged.
    ///
    /// `log::level(topic?: string) -> string`
    ///
    /// Arguments: `topic`, `general` unless given.
    /// Units: `FATAL`, `ERROR`, `WARNING`, `INFO`, `DEBUG` or `TRACE`.
    /// Errors: `log.unknown_topic` (number 10).
    /// Legacy: `SYS_LOG_LEVEL`, `internal.logLevel()`.
    ///
    /// ```rhai
    /// assert_eq(log::level("agencystore"), "WARNING");
    /// ```
    #[rhai_fn(name = "level", return_raw)]
    pub fn level_general(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "log::level", |run| {
            levels(run).level(GENERAL).map(|level| level.name().to_owned())
        })
    }

    #[rhai_fn(name = "level", return_raw)]
    pub fn level_topic(ctx: NativeCallContext, topic: &str) -> Raw<String> {
        call(&ctx, "log::level", |run| {
            levels(run).level(topic).map(|level| level.name().to_owned())
        })
    }

    /// Tells the levels of all topics.
    ///
    /// `log::levels() -> map`
    ///
    /// Arguments: none.
    /// Units: topic to level, in upper case.
    /// Errors: none.
    /// Legacy: `internal.logLevel(true)`.
    ///
    /// ```rhai
    /// assert_eq(log::levels().requests, "FATAL");
    /// ```
    #[rhai_fn(name = "levels", return_raw)]
    pub fn levels_native(ctx: NativeCallContext) -> Raw<Map> {
        call(&ctx, "log::levels", |run| {
            Ok(levels(run)
                .all()
                .map(|(topic, level)| (topic.into(), level.name().into()))
                .collect())
        })
    }

    /// Sets which messages are logged.
    ///
    /// `log::set_level(spec: string) -> ()`
    ///
    /// Arguments: `spec`: `level` for the topic general, `topic=level`, or `all=level`; in any case.
    /// Units: none.
    /// Errors: `log.unknown_level`, `log.unknown_topic` (number 10); nothing changes then.
    /// Legacy: `internal.logLevel(spec)`.
    ///
    /// ```rhai
    /// log::set_level("agency=debug");
    /// assert(log::is_enabled("debug", "agency"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_level(ctx: NativeCallContext, spec: &str) -> Raw<()> {
        call(&ctx, "log::set_level", |run| levels(run).set(spec))
    }

    /// Tells whether a message would be logged.
    ///
    /// `log::is_enabled(level: string, topic?: string) -> boolean`
    ///
    /// Arguments: `level`; `topic`, `general` unless given.
    /// Units: none.
    /// Errors: `log.unknown_level`, `log.unknown_topic` (number 10).
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert(log::is_enabled("info"));
    /// assert(!log::is_enabled("debug"));
    /// ```
    #[rhai_fn(name = "is_enabled", return_raw)]
    pub fn enabled_general(ctx: NativeCallContext, level: &str) -> Raw<bool> {
        call(&ctx, "log::is_enabled", |run| Ok(Level::named(level)? <= levels(run).level(GENERAL)?))
    }

    #[rhai_fn(name = "is_enabled", return_raw)]
    pub fn enabled_topic(ctx: NativeCallContext, level: &str, topic: &str) -> Raw<bool> {
        call(&ctx, "log::is_enabled", |run| Ok(Level::named(level)? <= levels(run).level(topic)?))
    }
}
