//! `run`, `eval`, and a script from the standard input.

use std::path::Path;

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::{interrupt, output, whole_command};
use crate::host::{HostError, Outcome, nearest, read_script, read_script_from};

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
    let pending = interrupt::on_ctrl_c(host.interrupt_handle());
    // a pipe may never say anything
    pending.end_at_once();
    let text = read_script(file);
    pending.clear();
    let outcome = match text {
        Ok(text) => host.run_script(file, &text, arguments),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = &outcome
        && error.kind() == "script.missing"
    {
        options.reporter().without_place(error, Some(&instead_of(file)));
        return Ok(ExitCode::of_error(error));
    }
    Ok(ended(options, outcome, ExitCode::of_run))
}

/// What may have been meant by the name of a script that does not exist.
fn instead_of(file: &Path) -> String {
    let command = whole_command();
    let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let word = file.to_string_lossy().to_lowercase();
    let same = commands.iter().copied().find(|name| *name == word);
    match same.or_else(|| nearest(&word, &commands)) {
        Some(near) => format!("did you mean the command `{near}`? `agencysh --help` lists all"),
        None => "a script or a command is needed; `agencysh --help` lists the commands".to_owned(),
    }
}

/// Runs the standard input.
pub(super) fn stdin(options: &Options, arguments: &[String]) -> Result<ExitCode, OptionError> {
    let host = options.host()?;
    let pending = interrupt::on_ctrl_c(host.interrupt_handle());
    // while the text is read, there is nothing that could be interrupted
    pending.end_at_once();
    let text = match read_script_from(std::io::stdin().lock(), Path::new(STDIN)) {
        Ok(text) => text,
        Err(error) => {
            let error = HostError::from(error);
            options.reporter().host_error(&error);
            return Ok(ExitCode::of_error(&error));
        }
    };
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
