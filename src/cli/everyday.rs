//! Everyday commands: scripts of the standard library that declare their own command lines.

use std::ffi::OsString;

use clap::{ArgMatches, Command};
use rhai::{AST, CallFnOptions, Dynamic, Engine, Map, Scope};

use super::exit::ExitCode;
use super::interrupt;
use super::options::{OptionError, Options};
use crate::host::{HostError, ScriptError, stdlib};
use crate::natives::command_line::CommandLine;

/// The program with all commands, whole.
pub(super) fn add_all(command: Command) -> Command {
    add(command, |_| true)
}

/// The program with all commands; those that `words` do not ask for have nothing but their names, since
/// a declaration has to be compiled.
pub(super) fn add_wanted(command: Command, words: &[OsString]) -> Command {
    let lists = ["--help", "-h", "help"];
    if words.iter().any(|word| lists.iter().any(|list| word == list)) {
        return add_all(command);
    }
    add(command, |name| words.iter().any(|word| word == name))
}

fn add(command: Command, is_wanted: impl Fn(&str) -> bool) -> Command {
    let all = stdlib::commands().into_iter().map(|name| {
        let command = Command::new(name);
        match is_wanted(name).then(|| declared(name)) {
            Some(Ok(line)) => line.add_to(command, &format!("agencysh {name}")),
            // `run` tells what is wrong
            Some(Err(_)) | None => command,
        }
    });
    command.subcommands(all)
}

/// The command that was chosen, if it is one of these, and what it was given.
pub(super) fn chosen(matches: &ArgMatches) -> Option<(&str, &ArgMatches)> {
    matches.subcommand().filter(|(name, _)| stdlib::command(name).is_some())
}

/// What a command declares.
fn declared(name: &str) -> Result<CommandLine, String> {
    let text = stdlib::command(name).unwrap_or_default();
    let mut engine = Engine::new_raw();
    // the host's engine takes deeper expressions than a bare one
    engine.set_max_expr_depths(0, 0);
    let declaration = engine
        .compile(text)
        .map_err(|error| error.to_string())
        .and_then(|ast| declaration_of(&engine, &ast).map_err(|error| error.to_string()))?;
    CommandLine::declared(&declaration).map_err(|error| error.message().to_owned())
}

fn declaration_of(engine: &Engine, ast: &AST) -> Result<Map, Box<rhai::EvalAltResult>> {
    let options = CallFnOptions::new().eval_ast(false);
    engine.call_fn_with_options(options, &mut Scope::new(), ast, "command", ())
}

/// Runs a command; what its `main` gives is the exit code.
pub(super) fn run(
    options: &Options,
    name: &str,
    matches: &ArgMatches,
) -> Result<ExitCode, OptionError> {
    let line = match declared(name) {
        Ok(line) => line,
        Err(problem) => {
            options.reporter().plain(&format!("the command '{name}': {problem}"), None);
            return Ok(ExitCode::FAILED);
        }
    };
    let host = options.host()?;
    interrupt::on_ctrl_c(host.interrupt_handle());
    let text = stdlib::command(name).unwrap_or_default();
    let given = vec![Dynamic::from(line.given(matches))];
    match host.call_in(&stdlib::command_place(name), text, "main", given) {
        Ok(outcome) => Ok(ExitCode::of_value(&outcome)),
        Err(error) => {
            match &error {
                HostError::Script(error) if !is_fault_of_script(error) => {
                    options.reporter().script_error_without_place(error);
                }
                error => options.reporter().host_error(error),
            }
            Ok(ExitCode::of_error(&error))
        }
    }
}

/// Whether an error lies in the text of the script; all others come from what it met.
fn is_fault_of_script(error: &ScriptError) -> bool {
    error.kind.starts_with("script.") || error.kind == "argument.type"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_declares_itself_and_says_what_it_is_for() {
        let names = stdlib::commands();
        assert!(names.contains(&"get"), "{names:?}");
        for name in names {
            let line = declared(name).unwrap();
            let command = line.add_to(Command::new(name), name);
            assert!(command.get_about().is_some(), "{name}");
            let help = command.clone().render_help().to_string();
            assert!(help.contains("Examples:"), "{name}: {help}");
            command.debug_assert();
        }
        super::super::whole_command().debug_assert();
    }
}
