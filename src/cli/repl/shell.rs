//! Runs what is entered: code, and words of the shell.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rhai::Dynamic;

use super::command::{self, Command};
use super::saving::{self, typed_path};
use super::{paths, prompt, show};
use crate::cli::exit::ExitCode;
use crate::cli::interrupt::Pending;
use crate::cli::report::Reporter;
use crate::cli::shown_target::ShownTarget;
use crate::cli::{doc, output};
use crate::host::{HostError, Onlooker, Outcome, Session};
use crate::natives;

const HELP: &str = "\
Type Rhai code; a value is printed and kept as `_`, or `_last`. Lines go on while something is open.
  help NAME      what a native does: help agency::cas, help fs, help SYS_DOWNLOAD
  help natives   all natives
  :help          the words of the shell, such as :load, :time, :vars
  exit           leaves, as does Ctrl-D; Ctrl-C interrupts what runs, or clears the line
Tab completes names, members of values, and paths of the agency.
Try: agency::current().get(\"Plan/Version\")
";

/// How much of a value `:vars` shows.
const LONGEST_VALUE: usize = 60;

/// Whether the shell goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Line,
    Leave,
}

/// A session with what it shows.
pub(super) struct Shell {
    session: Rc<RefCell<Session>>,
    reporter: Reporter,
    pending: Pending,
    onlooker: Onlooker,
    target: ShownTarget,
    color: bool,
    /// What was entered without an error.
    entered: Vec<String>,
    code: ExitCode,
    last: Duration,
}

impl Shell {
    pub(super) fn new(
        session: Rc<RefCell<Session>>,
        reporter: Reporter,
        pending: Pending,
        onlooker: Onlooker,
        target: ShownTarget,
        color: bool,
    ) -> Self {
        let (entered, code, last) = (Vec::new(), ExitCode::OK, Duration::ZERO);
        Self { session, reporter, pending, onlooker, target, color, entered, code, last }
    }

    /// The exit code of the last command.
    pub(super) fn code(&self) -> ExitCode {
        self.code
    }

    /// How long the last command took.
    pub(super) fn last_duration(&self) -> Duration {
        self.last
    }

    /// Runs the user's own beginning of each session; an error in it is shown and forgotten.
    pub(super) fn begin_with(&mut self, file: &Path) -> Next {
        let outcome = self.run(|session| session.enter_file(file));
        let next = self.ended(outcome, |_, _| {});
        if next == Next::Line {
            self.code = ExitCode::OK;
        }
        next
    }

    /// Runs code, or obeys a word of the shell.
    pub(super) fn obey(&mut self, text: &str) -> Next {
        let begin = Instant::now();
        let next = match Command::parse(text) {
            Some(command) => self.command(command),
            None if text.trim().is_empty() => return Next::Line,
            None => self.enter(text, |shell, value| shell.show(value)),
        };
        self.last = begin.elapsed();
        next
    }

    fn command(&mut self, command: Command<'_>) -> Next {
        match command {
            Command::Exit => return Next::Leave,
            Command::Load(file) => {
                let outcome = self.run(|session| session.enter_file(&typed_path(file)));
                return self.ended(outcome, |shell, value| shell.show(value));
            }
            Command::Page("") => {
                let last = self.session.borrow().variable("_").unwrap_or_default();
                show::paged(&last, self.color);
                self.code = ExitCode::OK;
            }
            Command::Page(code) => {
                return self.enter(code, |shell, value| show::paged(value, shell.color));
            }
            Command::Time(code) => {
                let begin = Instant::now();
                return self.enter(code, |shell, value| {
                    let took = begin.elapsed();
                    shell.show(value);
                    output::note(&format!("took {}", readable(took)));
                });
            }
            Command::Type(code) => {
                return self.enter(code, |shell, value| {
                    let session = shell.session.borrow();
                    output::write(&format!("{}\n", session.type_name(value)));
                });
            }
            Command::Clear => {
                output::write("\x1b[H\x1b[2J");
                self.code = ExitCode::OK;
            }
            Command::Help(name) => self.code = help(name),
            Command::Words => {
                output::write(&command::list());
                self.code = ExitCode::OK;
            }
            Command::Save(file) => match saving::save(&self.entered, &typed_path(file)) {
                Ok(()) => self.code = ExitCode::OK,
                Err(error) => self.fail(&format!("cannot write '{file}': {error}"), None),
            },
            Command::Target => self.code = self.show_target(),
            Command::Variables => {
                output::write(&self.variables());
                self.code = ExitCode::OK;
            }
            Command::Incomplete { word, needs } => {
                self.fail(&format!("`{word}` needs something after it: {word} {needs}"), None);
            }
            Command::Unknown(word) => {
                let near = command::nearest_word(word);
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`:help` lists the words of the shell".to_owned(),
                };
                self.fail(&format!("no word of the shell: '{word}'"), Some(&hint));
            }
        }
        Next::Line
    }

    fn fail(&mut self, message: &str, hint: Option<&str>) {
        self.reporter.plain(message, hint);
        self.code = ExitCode::FAILED;
    }

    /// Runs code, and shows its value with `show` when it has one.
    fn enter(&mut self, code: &str, show: impl FnOnce(&Self, &Dynamic)) -> Next {
        let outcome = self.run(|session| session.enter(code));
        if outcome.is_ok() {
            self.entered.push(code.trim().to_owned());
        }
        self.ended(outcome, show)
    }

    fn run(
        &self,
        run: impl FnOnce(&mut Session) -> Result<Outcome, HostError>,
    ) -> Result<Outcome, HostError> {
        // a terminal that is not in raw mode may have sent one meanwhile
        self.pending.clear();
        let outcome = run(&mut self.session.borrow_mut());
        self.pending.clear();
        outcome
    }

    fn ended(
        &mut self,
        outcome: Result<Outcome, HostError>,
        show: impl FnOnce(&Self, &Dynamic),
    ) -> Next {
        match outcome {
            Ok(outcome) if outcome.exit_code.is_some() => {
                self.code = ExitCode::of_run(&outcome);
                return Next::Leave;
            }
            Ok(outcome) => {
                self.code = ExitCode::OK;
                show(self, &outcome.value);
            }
            Err(error) => {
                self.code = ExitCode::FAILED;
                if error.kind() == "run.interrupted" {
                    // the terminal shows ^C where the cursor was
                    output::note("");
                }
                self.reporter.host_error(&error);
            }
        }
        Next::Line
    }

    fn show(&self, value: &Dynamic) {
        if is_nameless(value) {
            output::write(&format!("[{}]\n", self.session.borrow().type_name(value)));
        } else if !value.is_unit() {
            show::value(value, self.color);
        }
    }

    fn variables(&self) -> String {
        let session = self.session.borrow();
        let mut lines = String::new();
        for (name, value) in session.variables() {
            if name == "_last" && value.is_unit() {
                continue;
            }
            if is_nameless(&value) {
                lines.push_str(&format!("{name}: {}\n", session.type_name(&value)));
                continue;
            }
            let mut shown = natives::compact(&value);
            if let Some((end, _)) = shown.char_indices().nth(LONGEST_VALUE) {
                shown.truncate(end);
                shown.push('…');
            }
            lines.push_str(&format!("{name}: {} = {shown}\n", session.type_name(&value)));
        }
        lines
    }

    /// Tells where the agency is, and asks who leads it.
    fn show_target(&self) -> ExitCode {
        let target = &self.target;
        let name = target.name.clone().or(target.endpoint.clone());
        let Some(name) = name else {
            output::write("no target\n");
            return ExitCode::OK;
        };
        let mut lines = format!("target:    {name}\n");
        match self.onlooker.client(paths::LIMIT) {
            None => lines.push_str("not started yet: it is when a script first asks for it\n"),
            Some(client) => {
                let mut endpoints = client.endpoints();
                endpoints.sort();
                lines.push_str(&format!("endpoints: {}\n", endpoints.join(" ")));
                lines.push_str(&match client.standing() {
                    Err(error) => format!("no answer: {}\n", natives::with_causes(&error)),
                    Ok(standing) => {
                        let leader = prompt::leader_name(&standing, &client, target);
                        let term = standing.term.map_or_else(String::new, |term| term.to_string());
                        let leader = leader.unwrap_or_else(|| "none".to_owned());
                        format!("leader:    {leader}\nterm:      {term}\n")
                    }
                });
            }
        }
        output::write(&lines);
        ExitCode::OK
    }
}

/// Whether a value of the host, such as an agency, has no text that tells more than its type.
fn is_nameless(value: &Dynamic) -> bool {
    value.to_string() == value.type_name() && !value.is_string()
}

fn help(name: &str) -> ExitCode {
    if name.is_empty() {
        output::write(HELP);
        return ExitCode::OK;
    }
    let name = if name == "natives" { None } else { Some(name) };
    match doc::text(name) {
        Some(text) => {
            output::write(&text);
            ExitCode::OK
        }
        None => {
            let name = name.unwrap_or_default();
            let hint = doc::similar(name).map_or_else(
                || "`help natives` lists all".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            output::note(&format!("nothing is known under the name '{name}'; {hint}"));
            ExitCode::FAILED
        }
    }
}

/// A duration in the unit that fits.
fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{seconds:.3} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_fits() {
        let shown = [1_500, 2_500_000, 3_000_000_000].map(|n| readable(Duration::from_nanos(n)));
        assert_eq!(shown, ["1.5 µs", "2.50 ms", "3.000 s"]);
    }
}
