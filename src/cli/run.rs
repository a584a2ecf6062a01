//! `run`, `eval`, and a script from the standard input.

use std::io::Read;
use std::path::Path;

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::{interrupt, output};
use crate::host::{HostError, Outcome};

const STDIN: &str = "<stdin>";
const EVAL: &str = "<eval>";

/// Runs a script file, or the standard input for `-`.
pub(super) fn file(
    options: &Options,
    file: &Path,
    arguments: &[String],
) -> Result<ExitCode, OptionError> {
    if file == Path::new("-") {
        return stdin(options, arguments);
    }
    let host = options.host()?;
    interrupt::on_ctrl_c(host.interrupt_handle());
    Ok(ended(options, host.run_file(file, arguments), ExitCode::of_run))
}

/// Runs the standard input.
pub(super) fn stdin(options: &Options, arguments: &[String]) -> Result<ExitCode, OptionError> {
    let host = options.host()?;
    let pending = interrupt::on_ctrl_c(host.interrupt_handle());
    // while the text is read, there is nothing that could be interrupted
    pending.end_at_once();
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        let message = format!("cannot read a script from the standard input: {error}");
        options.reporter().plain(&message, None);
        return Ok(ExitCode::FAILED);
    }
    pending.clear();
    Ok(ended(options, host.run_str(STDIN, &text, arguments), ExitCode::of_run))
}

/// Runs a text; its value makes the exit code.
pub(super) fn quietly(
    options: &Options,
    code: &str,
    arguments: &[String],
) -> Result<ExitCode, OptionError> {
    let host = options.host()?;
    interrupt::on_ctrl_c(host.interrupt_handle());
    Ok(ended(options, host.run_str(EVAL, code, arguments), ExitCode::of_value))
}

/// Runs a text and prints its value.
pub(super) fn code(
    options: &Options,
    code: &str,
    arguments: &[String],
) -> Result<ExitCode, OptionError> {
    let host = options.host()?;
    interrupt::on_ctrl_c(host.interrupt_handle());
    let outcome = host.run_str(EVAL, code, arguments);
    if let Ok(outcome) = &outcome
        && outcome.exit_code.is_none()
    {
        match output::value(&outcome.value, options.format()) {
            Ok(Some(text)) => output::write(&format!("{text}\n")),
            Ok(None) => {}
            Err(error) => {
                options.reporter().plain(error.message(), None);
                return Ok(ExitCode::FAILED);
            }
        }
    }
    Ok(ended(options, outcome, ExitCode::of_value))
}

fn ended(
    options: &Options,
    outcome: Result<Outcome, HostError>,
    code: impl Fn(&Outcome) -> ExitCode,
) -> ExitCode {
    match outcome {
        Ok(outcome) => code(&outcome),
        Err(error) => {
            options.reporter().host_error(&error);
            ExitCode::of_error(&error)
        }
    }
}
