//! `completions`: what a shell needs to complete command lines.

use clap_complete::{Shell, generate};

use super::exit::ExitCode;
use super::{output, whole_command};

/// Prints the script for a shell.
pub(super) fn show(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    generate(shell, &mut whole_command(), "agencysh", &mut script);
    output::write(&String::from_utf8_lossy(&script));
    ExitCode::OK
}
