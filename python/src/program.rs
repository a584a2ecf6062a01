//! The program: the command line, and what servers are started from.

use std::ffi::OsString;
use std::io::Write;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::{Map, Value};

/// Adds the program of servers to the options of a cluster of processes, unless they say something of it.
///
/// # Errors
/// Python fails.
pub(crate) fn add_to(py: Python<'_>, options: &mut Map<String, Value>) -> PyResult<()> {
    let processes = options.get("world").is_none_or(|world| world == "processes");
    let given = ["program", "arangod"];
    let given = given.iter().any(|name| options.get(*name).is_some_and(|value| !value.is_null()));
    let in_environment = std::env::var_os("AGENCYSH_PROGRAM").is_some_and(|name| !name.is_empty());
    if processes && !given && !in_environment {
        static PROGRAM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let program = PROGRAM.import(py, "agencysh._program", "program")?.call0()?;
        if let Some(program) = program.extract::<Option<String>>()? {
            options.insert("program".to_owned(), program.into());
        }
    }
    Ok(())
}

/// Runs a command line, whose first word is the program's name; gives the exit code.
#[pyfunction]
pub(crate) fn command_line(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| {
        let code = agencysh::cli::exit_code(words);
        // nobody else does at the end of this process; an output that is gone takes nothing
        let _ = std::io::stdout().flush();
        code
    })
}
