//! The program: the command line, and what servers are started from.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The console script of this installation, if there is one: servers are started from it, since this program is Python.
///
/// # Errors
/// Python fails.
pub(crate) fn of_servers(py: Python<'_>) -> PyResult<Option<PathBuf>> {
    static PROGRAM: PyOnceLock<Option<PathBuf>> = PyOnceLock::new();
    let find = || py.import("agencysh._program")?.getattr("program")?.call0()?.extract();
    PROGRAM.get_or_try_init(py, find).cloned()
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
