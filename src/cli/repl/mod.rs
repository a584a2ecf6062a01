//! The interactive shell.
//!
//! * `shell`: runs what is entered; `command`: the words that it obeys itself; `show`: values; `saving`
//! * `helper`: what the line editor asks: `completion`, `hints`, `highlight`
//! * `syntax`, `cursor`: what stands in a line; `paths`: paths of the live agency
//! * `prompt`, `history`

mod command;
mod completion;
mod cursor;
mod helper;
mod highlight;
mod hints;
mod history;
mod paths;
mod prompt;
mod saving;
mod shell;
mod show;
mod syntax;

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::{interrupt, output};
use crate::host::Session;
use helper::LineHelper;
use history::Keeper;
use prompt::Prompts;
use shell::{Next, Shell};

/// Options of the shell alone.
#[derive(Debug, Args)]
pub(super) struct ShellOptions {
    /// Start the shell without running ~/.agencyshrc
    #[arg(long, help_heading = "Shell")]
    no_init: bool,
    /// The prompt of the shell: %t time, %a seconds since the start, %p seconds of the last command, %e endpoint, %E without protocol, %u user, %l leader, %n term, %% a percent sign
    #[arg(long, value_name = "TEXT", env = "AGENCYSH_PROMPT", help_heading = "Shell")]
    prompt: Option<String>,
}

/// Reads and runs lines until the end of the input.
pub(super) fn run(options: &Options, own: &ShellOptions) -> Result<ExitCode, OptionError> {
    let target = options.shown_target()?;
    let session = Session::new(options.host()?);
    let pending = interrupt::on_ctrl_c(session.interrupt_handle());
    let onlooker = session.onlooker(target.exists);
    let session = Rc::new(RefCell::new(session));
    let reporter = options.reporter();
    let color = options.colors_output();
    let Ok(mut editor) = Editor::<LineHelper, FileHistory>::with_config(config(color)) else {
        reporter.plain("this terminal cannot be used", Some("give a script: agencysh FILE"));
        return Ok(ExitCode::FAILED);
    };
    editor.set_helper(Some(LineHelper::new(Rc::clone(&session), onlooker.clone())));
    let mut history = Keeper::open(&mut editor, in_home(".agencysh_history"), options.secrets());
    let prompts = Prompts::new(own.prompt.clone(), target.clone(), onlooker.clone(), color);
    prompts.ask();
    output::note(&format!(
        "agencysh {}: `help` tells how, `exit` leaves",
        env!("CARGO_PKG_VERSION")
    ));
    let mut shell = Shell::new(session, options.reporter(), pending, onlooker, target, color);
    if let Some(file) = in_home(".agencyshrc").filter(|file| !own.no_init && file.exists())
        && let Next::Leave = shell.begin_with(&file)
    {
        return Ok(shell.code());
    }
    loop {
        prompts.ask();
        let prompt = prompts.next(shell.code() != ExitCode::OK, shell.last_duration());
        match editor.readline(&prompt) {
            Ok(line) => {
                let line = without_prompts(&line);
                history.keep(&mut editor, &line);
                if let Next::Leave = shell.obey(&line) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                reporter.plain("what was typed is not UTF-8 and is left out", None);
            }
            Err(error) => {
                reporter.plain(&format!("cannot read from the terminal: {error}"), None);
                return Ok(ExitCode::FAILED);
            }
        }
    }
    Ok(shell.code())
}

fn config(color: bool) -> Config {
    Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .color_mode(if color { ColorMode::Forced } else { ColorMode::Disabled })
        .max_history_size(history::MOST_ENTRIES)
        .and_then(|builder| builder.history_ignore_dups(true))
        .map_or_else(|_| Config::default(), rustyline::config::Builder::build)
}

/// A file in the user's home.
fn in_home(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(name))
}

/// What was typed, without the prompts that come along when a session is pasted.
fn without_prompts(text: &str) -> String {
    let line = |line: &str| {
        let pasted = line.strip_prefix("agencysh").and_then(|rest| rest.split_once("> "));
        match pasted {
            Some((words, code)) if words.is_empty() || words.starts_with(' ') => code.to_owned(),
            _ => line.to_owned(),
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_prompts_are_taken_off() {
        let pasted = "agencysh embedded agent1 t3> let x = 1;\nagencysh> x > 0\nagencyshell> 1";
        assert_eq!(without_prompts(pasted), "let x = 1;\nx > 0\nagencyshell> 1");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_looked_at_without_harm(
            line in "([a-z_:.,;|#$\"'`{}()\\[\\]\\\\/*0-9 \n]|é|字|fs::|agency::current\\(\\)){0,40}",
        ) {
            let cursors: Vec<usize> =
                line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            for cursor in cursors {
                let before = &line[..cursor];
                if let Some((_, start)) = cursor::place(before) {
                    assert!(before.is_char_boundary(start));
                }
                cursor::open_call(before);
                highlight::line(&line, highlight::brackets(&line, cursor), &["fs"]);
                command::file_argument(before);
                command::help_argument(before);
            }
            let _ = command::Command::parse(&line);
            without_prompts(&line);
            show::colored(&line);
        }
    }
}
