//! Where what scripts print and log goes.

use std::sync::Arc;

use agencysh::host::HostBuilder;
use agencysh::natives::log::LogRecord;
use agencysh::natives::log_levels::Level;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::callbacks::Callbacks;

/// A builder whose host prints to `output`, or to what `sys.stdout` is at that time, and logs to Python's `logging`.
pub(crate) fn connect(
    builder: HostBuilder,
    output: Option<Py<PyAny>>,
    callbacks: &Arc<Callbacks>,
) -> HostBuilder {
    let (prints, notes, logs) =
        (Arc::clone(callbacks), Arc::clone(callbacks), Arc::clone(callbacks));
    builder
        .output(move |text| {
            prints.tell(|py| match &output {
                Some(output) => output.call1(py, (text,)).map(drop),
                None => write(py, "stdout", text),
            });
        })
        .notes(move |line| notes.tell(|py| write(py, "stderr", &format!("{line}\n"))))
        .log_sink(move |record| logs.tell(|py| log(py, record)))
}

/// Writes to a stream of `sys`, whatever it is now; there may be none.
fn write(py: Python<'_>, stream: &str, text: &str) -> PyResult<()> {
    let stream = py.import("sys")?.getattr(stream)?;
    if !stream.is_none() {
        stream.call_method1("write", (text,))?;
    }
    Ok(())
}

fn log(py: Python<'_>, record: &LogRecord) -> PyResult<()> {
    static GET_LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let name = format!("agencysh.{}", record.topic);
    let logger = GET_LOGGER.import(py, "logging", "getLogger")?.call1((name,))?;
    logger.call_method1("log", (level(record.level), "%s", &record.message))?;
    Ok(())
}

/// The number that `logging` has for a level.
fn level(level: Level) -> u8 {
    match level {
        Level::Fatal => 50,
        Level::Error => 40,
        Level::Warning => 30,
        Level::Info => 20,
        Level::Debug => 10,
        Level::Trace => 5,
    }
}
