//! Processes that scripts start, and Ctrl-C, on the program itself.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::support::{agencysh, program};
use crate::wait::wait_for;

/// The program with a script that says a line when it waits for its interrupt.
struct Waiting {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Waiting {
    /// The program in a group of its own, as a shell starts it, once it has said its line.
    fn start(code: &str) -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
            .args(["--endpoint", "none", "--deadline", "60", "eval", code])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut waiting = Self { output: BufReader::new(child.stdout.take().unwrap()), child };
        let line = waiting.line();
        (waiting, line)
    }

    fn pid(&self) -> Pid {
        pid(self.child.id())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// What it printed after that line and on the standard error, and its exit code.
    fn end(mut self) -> (String, String, Option<i32>) {
        let (mut output, mut errors) = (String::new(), String::new());
        self.output.read_to_string(&mut output).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let status = self.child.wait().unwrap();
        (output, errors, status.code().or_else(|| status.signal().map(|signal| -signal)))
    }
}

fn pid(number: impl TryInto<i32>) -> Pid {
    Pid::from_raw(number.try_into().unwrap_or_else(|_| panic!("a pid")))
}

fn is_there(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn d11_after_an_interrupt_the_script_can_clean_up_and_exit_0() {
    let (waiting, line) = Waiting::start(
        "time::interrupt_sets_deadline(true); \
         let child = process::start(\"sleep\", [60], #{ new_group: true }); print(\"ready\"); \
         try { sleep(50); sleep(0); } catch (e) { \
           let end = process::kill(child.pid); time::clear_deadline(); \
           print(e.error_num, e.message, end.signal); exit(0); } exit(9)",
    );
    assert_eq!(line, "ready");
    kill(waiting.pid(), Signal::SIGINT).unwrap();
    assert_eq!(waiting.end(), ("36 interrupted by a signal 15\n".into(), String::new(), Some(0)));
}

#[test]
fn an_interrupt_ends_every_wait_for_a_child_with_130() {
    for wait in [
        "process::status(child.pid, #{ wait: true })",
        "process::read_pipe(child.pid)",
        "process::run(\"cat\", [], #{ stdin: \"pipe\", capture: true, new_group: true })",
        "process::kill(child.pid, 18, #{ wait: true, grace: 60, timeout: 60 })",
    ] {
        // its children end with their input, which is with the program
        let (waiting, _) = Waiting::start(&format!(
            "let child = process::start(\"cat\", [], #{{ stdin: \"pipe\", stdout: \"pipe\", stderr: \"null\", new_group: true }}); \
             print(\"ready\"); {wait}; exit(9)"
        ));
        kill(waiting.pid(), Signal::SIGINT).unwrap();
        let (_, errors, code) = waiting.end();
        assert_eq!(code, Some(130), "{wait}: {errors}");
    }
}

#[test]
fn a_second_interrupt_ends_the_program_though_the_script_ignores_the_first() {
    let (mut waiting, _) = Waiting::start(
        "time::interrupt_sets_deadline(true); print(\"ready\"); \
         try { sleep(50); sleep(0); } catch { print(\"once\"); } loop { }",
    );
    kill(waiting.pid(), Signal::SIGINT).unwrap();
    assert_eq!(waiting.line(), "once");
    kill(waiting.pid(), Signal::SIGINT).unwrap();
    assert_eq!(waiting.end().2, Some(130));
}

#[test]
fn ctrl_c_reaches_children_of_the_same_group_only() {
    let (waiting, line) = Waiting::start(
        "time::interrupt_sets_deadline(true); \
         let same = process::start(\"sleep\", [60]); \
         let own = process::start(\"sleep\", [60], #{ new_group: true, stdout: \"null\", stderr: \"null\" }); \
         print(own.pid); try { sleep(50); sleep(0); } catch { time::clear_deadline(); \
         print(process::status(same.pid, #{ wait: true }).signal, process::status(own.pid).status); } exit(0)",
    );
    // what a terminal does
    killpg(waiting.pid(), Signal::SIGINT).unwrap();
    let (output, errors, code) = waiting.end();
    assert_eq!((output.as_str(), code), ("2 RUNNING\n", Some(0)), "{errors}");
    let own = pid(line.parse::<i32>().unwrap());
    assert!(is_there(own), "children outlive the program");
    kill(own, Signal::SIGKILL).unwrap();
    wait_for("the end of the child", || (!is_there(own)).then_some(()));
}

#[test]
fn p9_children_of_a_background_job_can_be_interrupted() {
    // a shell without job control lets its background jobs ignore both signals
    let line = "trap '' INT QUIT; exec \"$0\" --endpoint none eval \
                'print(process::run(\"grep\", [\"SigIgn\", \"/proc/self/status\"], #{ capture: true }).stdout)'";
    let output =
        Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_agencysh")]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let set = said.split_whitespace().last().unwrap();
    let ignored = u64::from_str_radix(set, 16).unwrap();
    assert_eq!(ignored & 0b110, 0, "{said}");
}

#[test]
fn p18_programs_can_be_started_on_the_command_line() {
    let said = agencysh(&["--endpoint", "none", "eval", "process::run(\"echo\", [\"hello\"]); ()"]);
    assert_eq!((said.stdout.as_str(), said.code), ("hello\n", Some(0)), "{}", said.stderr);
}

#[test]
fn s1_process_exit_is_the_exit_code() {
    for (code, exit) in [("process::exit(0)", 0), ("try { process::exit(7); } catch {}", 7)] {
        let output = program().args(["--endpoint", "none", "eval", code]).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{code}");
    }
}
