//! The shell in a real pseudo-terminal.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::support::Folder;

const PATIENCE_MS: u64 = 60_000;

/// What a terminal is told when the shell begins to read a line.
pub(crate) const READS: &str = "\u{1b}[?2004h";

pub(crate) struct Shell {
    session: PtySession,
    home: Folder,
}

impl Shell {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(words: &[&str]) -> Self {
        let home = Folder::new();
        Self::at_home(home, |command| {
            command.args(words);
        })
    }

    /// A shell whose home is there already, with whatever else is to be set.
    pub(crate) fn at_home(home: Folder, set: impl FnOnce(&mut Command)) -> Self {
        let mut shell = Self::spawn(home, set);
        shell.expect(READS);
        shell
    }

    /// A shell that has not begun to read.
    pub(crate) fn spawn(home: Folder, set: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agencysh"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AGENCYSH_")) {
            command.env_remove(name);
        }
        command.env("HOME", home.path()).env("TERM", "xterm").env("NO_COLOR", "1");
        set(&mut command);
        let session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
        Self { session, home }
    }

    /// Presses keys, without one that ends the line.
    pub(crate) fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    pub(crate) fn press_control(&mut self, letter: char) {
        self.session.send_control(letter).unwrap();
    }

    /// Types a line and the key that ends it.
    pub(crate) fn enter(&mut self, line: &str) {
        self.session.send(&format!("{line}\r")).unwrap();
        self.session.flush().unwrap();
    }

    /// Types a line, waits until the shell reads the next one, and gives what it has shown.
    pub(crate) fn run(&mut self, line: &str) -> String {
        self.enter(line);
        self.expect(READS)
    }

    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    /// Waits until the shell has ended and gives its exit code and its home.
    pub(crate) fn ended(mut self) -> (i32, Folder) {
        use rexpect::process::WaitStatus;
        self.session.exp_eof().unwrap();
        match self.session.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => (code, self.home),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn s9_values_are_printed_and_the_last_one_is_kept() {
    let mut shell = Shell::start();
    assert!(shell.run("6 * 7").contains("42"));
    assert!(shell.run("_last + 58").contains("100"));
    assert!(shell.run("_ * 3").contains("300"));
    assert!(shell.run("switch _ { 300 => `is ${_}`, _ => 0 }").contains("\"is 300\""));
    shell.enter("exit");
    assert_eq!(shell.ended().0, 0);
}

#[test]
fn s9_lines_go_on_while_something_is_open() {
    let mut shell = Shell::start();
    shell.enter("fn twice(x) {");
    shell.enter("x * 2");
    shell.run("}");
    shell.enter("let text = `a");
    shell.run("b`;");
    assert!(shell.run("twice(1000 + text.len())").contains("2006"));
    shell.enter("exit(5)");
    assert_eq!(shell.ended().0, 5);
}

#[test]
fn variables_functions_and_imports_stay_and_an_error_keeps_the_session() {
    let mut shell = Shell::start();
    shell.run("import \"assert\" as assert;");
    shell.run("let count = 20;");
    shell.run("fn half(x) { x / 2 }");
    assert!(shell.run("assert::equal(half(count), 11)").contains("10 is not 11"));
    assert!(shell.run("no_such_variable").contains("script.unknown_variable"));
    assert!(shell.run("count += 1000; half(count)").contains("510"));
    shell.session.send_control('d').unwrap();
    assert_eq!(shell.ended().0, 0);
}

#[test]
fn s9_ctrl_c_stops_a_loop_and_a_pause() {
    let mut shell = Shell::start();
    for code in ["print(`begin ${1}`); loop {}", "print(`begin ${1}`); time::sleep(600)"] {
        shell.enter(code);
        shell.expect("begin 1");
        shell.session.send_control('c').unwrap();
        assert!(shell.expect(READS).contains("run.interrupted"));
    }
    assert!(shell.run("40 + 2").contains("42"));
    shell.enter("exit");
    shell.ended();
}

#[test]
fn s9_the_exit_status_follows_the_last_command() {
    for (lines, expected) in [
        (["1 + 1", "throw 1"], 1),
        (["throw 1", "1 + 1"], 0),
        (["throw 1", ":vars"], 0),
        (["1 + 1", ":nonsense"], 1),
    ] {
        let mut shell = Shell::start();
        for line in lines {
            shell.run(line);
        }
        shell.enter("exit");
        assert_eq!(shell.ended().0, expected, "{lines:?}");
    }
    for line in ["exit(7)", "try { exit(7) } catch {}", "fn leave() { exit(7) } leave()"] {
        let mut shell = Shell::start();
        shell.enter(line);
        assert_eq!(shell.ended().0, 7, "{line}");
    }
}

#[test]
fn help_tells_of_natives() {
    let mut shell = Shell::start();
    assert!(shell.run("help agency::cas").contains("agency.cas(path: string"));
    assert!(shell.run("help").contains("Ctrl-C interrupts"));
    shell.enter("exit");
    shell.ended();
}

#[test]
fn the_history_is_kept_without_secrets() {
    let mut shell = Shell::start();
    shell.run("11 * 11");
    shell.run("let jwt_secret = \"hush\"; 7 * 7");
    shell.enter("exit");
    let (_, home) = shell.ended();
    let history = std::fs::read_to_string(home.path().join(".agencysh_history")).unwrap();
    assert!(history.contains("11 * 11") && !history.contains("hush"), "{history}");
}

#[test]
fn the_shell_talks_to_the_embedded_agency() {
    let mut shell = Shell::start();
    let shown = shell.run("let a = agency::current(); a.set(\"x\", 40 + 2); a.get(\"x\")");
    assert!(shown.contains("42\r\n"), "{shown}");
    shell.enter("exit");
    shell.ended();
}

#[test]
fn bytes_that_are_no_text_do_not_end_the_session() {
    use std::io::Write;
    let mut shell = Shell::start();
    let mut terminal = shell.session.process().get_file_handle().unwrap();
    terminal.write_all(b"\xff\xfe").unwrap();
    shell.expect("is not UTF-8");
    shell.expect(READS);
    shell.run("");
    assert!(shell.run("6 * 7").contains("42"));
    shell.enter("exit");
    assert_eq!(shell.ended().0, 0);
}
