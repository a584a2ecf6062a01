//! The interactive shell.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Completer, Editor, Helper, Highlighter, Hinter};

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::{doc, interrupt, output};
use crate::host::{Entered, Session};
use crate::natives;

const PROMPT: &str = "agencysh> ";

/// Lines with one of these words may hold a secret: they are not kept in the history file.
const SECRETS: &[&str] = &["secret", "password", "token"];

const HELP: &str = "\
Type Rhai code; a value is printed and kept as `_last`. Lines go on while something is open.
  help NAME      what a native does, such as help agency::cas, help fs, help SYS_DOWNLOAD
  help natives   all natives
  exit           leaves, as does Ctrl-D; Ctrl-C interrupts what runs
Try: agency::current().get(\"Plan/Version\")
";

/// Asks the parser whether what was typed is whole.
#[derive(Completer, Helper, Highlighter, Hinter)]
struct Line {
    session: Rc<RefCell<Session>>,
}

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        // an empty line ends what does not come to an end otherwise
        if text.ends_with("\n\n") || Word::of(text).is_some() {
            return Ok(ValidationResult::Valid(None));
        }
        Ok(match self.session.borrow().entered(text) {
            Entered::Incomplete => ValidationResult::Incomplete,
            Entered::Whole => ValidationResult::Valid(None),
        })
    }
}

/// Words that the shell itself obeys.
enum Word<'a> {
    Exit,
    Help(&'a str),
}

impl<'a> Word<'a> {
    fn of(text: &'a str) -> Option<Self> {
        match text.trim().split_once(' ').unwrap_or((text.trim(), "")) {
            ("exit" | "quit", "") => Some(Self::Exit),
            ("help", name) => Some(Self::Help(name.trim())),
            _ => None,
        }
    }
}

/// Reads and runs lines until the end of the input.
pub(super) fn run(options: &Options) -> Result<ExitCode, OptionError> {
    let session = Session::new(options.host()?);
    let pending = interrupt::on_ctrl_c(session.interrupt_handle());
    let session = Rc::new(RefCell::new(session));
    let reporter = options.reporter();
    let Ok(mut editor) = Editor::<Line, DefaultHistory>::new() else {
        reporter.plain("this terminal cannot be used", Some("give a script: agencysh FILE"));
        return Ok(ExitCode::FAILED);
    };
    editor.set_helper(Some(Line { session: Rc::clone(&session) }));
    let history = history_file();
    if let Some(file) = &history {
        // there is none the first time
        let _ = editor.load_history(file);
    }
    output::note(&format!(
        "agencysh {}: `help` tells how, `exit` leaves",
        env!("CARGO_PKG_VERSION")
    ));
    let mut code = ExitCode::OK;
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                reporter.plain("what was typed is not UTF-8 and is left out", None);
                continue;
            }
            Err(error) => {
                reporter.plain(&format!("cannot read from the terminal: {error}"), None);
                code = ExitCode::FAILED;
                break;
            }
        };
        match Word::of(&line) {
            Some(Word::Exit) => break,
            Some(Word::Help("")) => output::write(HELP),
            Some(Word::Help(name)) => help(name),
            None if line.trim().is_empty() => continue,
            None => {
                keep(&mut editor, &line);
                // a terminal that is not in raw mode may have sent one meanwhile
                pending.clear();
                let entered = session.borrow_mut().enter(&line);
                pending.clear();
                match entered {
                    Ok(outcome) if outcome.exit_code.is_some() => {
                        code = ExitCode::of_run(&outcome);
                        break;
                    }
                    Ok(outcome) => {
                        code = ExitCode::OK;
                        if !outcome.value.is_unit() {
                            output::write(&format!("{}\n", natives::pretty(&outcome.value)));
                        }
                    }
                    Err(error) => {
                        code = ExitCode::FAILED;
                        if error.kind() == "run.interrupted" {
                            // the terminal shows ^C where the cursor was
                            output::note("");
                        }
                        reporter.host_error(&error);
                    }
                }
            }
        }
    }
    if let Some(file) = &history
        && let Err(error) = editor.save_history(file)
    {
        output::note(&format!("the history is not kept: '{}': {error}", file.display()));
    }
    Ok(code)
}

fn help(name: &str) {
    let name = if name == "natives" { None } else { Some(name) };
    match doc::text(name) {
        Some(text) => output::write(&text),
        None => output::note("nothing is known under this name; `help natives` lists all"),
    }
}

fn keep(editor: &mut Editor<Line, DefaultHistory>, line: &str) {
    let lower = line.to_lowercase();
    if !SECRETS.iter().any(|word| lower.contains(word)) {
        // a history that is full, or off, is no reason to stop
        let _ = editor.add_history_entry(line);
    }
}

fn history_file() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(".agencysh_history"))
}
