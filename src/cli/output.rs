//! The process's own output: data to stdout, everything else to stderr.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rhai::{Array, Dynamic, ImmutableString};

use super::exit::ExitCode;
use super::options::{Format, When};
use crate::natives::log::LogRecord;
use crate::natives::log_levels::Level;
use crate::natives::{self, NativeError};

/// The exit code of a program whose reader has gone, as shells report it for SIGPIPE.
const READER_GONE: ExitCode = ExitCode(141);

/// Writes what a script prints. When nobody reads any more, the process ends quietly;
/// when it cannot be written, with an error.
pub(super) fn write(text: &str) {
    if let Err(code) = try_write(text) {
        std::process::exit(i32::from(code.0));
    }
}

/// As [`write`], for those who have something to put in order before they end.
///
/// # Errors
/// What to end with; people have been told.
pub(super) fn try_write(text: &str) -> Result<(), ExitCode> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| match text.ends_with('\n') {
        true => Ok(()),
        // a prompt has to be seen before the answer is typed
        false => stdout.flush(),
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => READER_GONE,
        _ => {
            // a disk that is full, for one: whoever reads less must not believe that it is all
            note(&format!("error: the output cannot be written: {error}"));
            ExitCode::FAILED
        }
    })
}

/// Where the lines of a script's log go.
#[derive(Debug)]
pub(super) struct LogOutput {
    place: Place,
    colored: bool,
}

#[derive(Debug)]
enum Place {
    Stdout,
    Stderr,
    File {
        file: File,
        path: String,
        /// Whether a failure has been told of.
        complained: AtomicBool,
    },
}

impl LogOutput {
    /// The destination unless one is named.
    pub(super) fn stderr(when: When) -> Self {
        Self { place: Place::Stderr, colored: colored(when, &io::stderr()) }
    }

    /// The destination that `text` names: `-`, `+` or `file://PATH`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn open(text: &str, when: When) -> Result<Self, String> {
        match text {
            "-" => Ok(Self { place: Place::Stdout, colored: colored(when, &io::stdout()) }),
            "+" => Ok(Self::stderr(when)),
            _ => {
                let path = text
                    .strip_prefix("file://")
                    .ok_or_else(|| format!("'{text}' is none of -, + and file://PATH"))?;
                if path.is_empty() {
                    return Err("file:// names no file; write file://PATH".to_owned());
                }
                let file = File::options().append(true).create(true).open(path);
                let place = |file| Place::File {
                    file,
                    path: path.to_owned(),
                    complained: AtomicBool::new(false),
                };
                file.map(|file| Self { place: place(file), colored: false })
                    .map_err(|error| format!("'{path}': {error}"))
            }
        }
    }

    fn write(&self, line: &str) {
        match &self.place {
            Place::Stdout => write(&format!("{line}\n")),
            Place::Stderr => note(line),
            Place::File { file, path, complained } => {
                // a full disk does not end the script, but is told of once
                if let Err(error) = (&*file).write_all(format!("{line}\n").as_bytes())
                    && !complained.swap(true, Ordering::Relaxed)
                {
                    note(&format!("warning: log lines are lost: '{path}': {error}"));
                }
            }
        }
    }
}

/// Writes one line of a script's log.
pub(super) fn log(record: &LogRecord, json: bool, outputs: &[LogOutput]) {
    let line = if json { record.json() } else { record.line() };
    let color = match record.level {
        Level::Fatal | Level::Error => Some(31),
        Level::Warning => Some(33),
        _ => None,
    };
    for output in outputs {
        match color.filter(|_| output.colored && !json) {
            Some(color) => output.write(&format!("\x1b[{color}m{line}\x1b[0m")),
            None => output.write(&line),
        }
    }
}

/// Writes a line for people.
pub(super) fn note(line: &str) {
    // whoever closed stderr does not want to read it
    let _ = writeln!(io::stderr(), "{line}");
}

/// A script's value in one of the formats; nothing for `()` where people read it.
pub(super) fn value(value: &Dynamic, format: Format) -> Result<Option<String>, NativeError> {
    match format {
        Format::Json => return natives::to_json(value).map(|json| Some(format!("{json:#}"))),
        Format::Yaml => {
            return natives::to_yaml(value).map(|text| Some(text.trim_end().to_owned()));
        }
        Format::Table => {
            if let Some(rows) = value.read_lock::<Array>()
                && rows.first().is_some_and(Dynamic::is_map)
            {
                return natives::table(&rows, None).map(Some);
            }
        }
        Format::Text => {}
    }
    if value.is_unit() {
        return Ok(None);
    }
    let text = value.read_lock::<ImmutableString>().map(|text| text.to_string());
    Ok(Some(text.unwrap_or_else(|| natives::pretty(value))))
}

/// Whether there is a person at both ends.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Whether to colour what goes to `stream`.
pub(super) fn colored(when: When, stream: &impl IsTerminal) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
            stream.is_terminal() && !refused && !dumb
        }
    }
}
