//! What no user should do, and some do.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Folder, agencysh, program};
use crate::wait::wait_for;

#[test]
fn a_long_text_is_compiled_no_longer_than_the_run_may_last() {
    let folder = Folder::new();
    let text: String = (0..250_000).map(|at| format!("let v{at} = {at};\n")).collect();
    let script = folder.file("long.rhai", text);
    let begin = Instant::now();
    let said = agencysh(&["--deadline", "1", &script]);
    assert_eq!(said.code, Some(124), "{}", said.stderr);
    assert!(said.stderr.contains("deadline.reached"), "{}", said.stderr);
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["--endpoint", "none", "eval", "print(1); exit(0)"])
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the output cannot be written"), "{stderr}");
}

#[test]
fn closed_streams_are_no_reason_to_fail() {
    let folder = Folder::new();
    let script = folder.file("a.rhai", "print(1); log::warn(\"x\");");
    for closing in [">&-", "2>&-", "<&-", ">&- 2>&- <&-"] {
        let line = format!("\"$0\" --endpoint none '{script}' {closing}");
        let status = std::process::Command::new("sh")
            .args(["-c", &line, env!("CARGO_BIN_EXE_agencysh")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{closing}");
    }
}

#[test]
fn an_interrupt_ends_the_program_while_it_reads_a_script_from_its_input() {
    use nix::sys::signal::{Signal, kill};
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // the pipe stays open: the program can only be reading, or not yet be there; whoever starts it may have told it to
    // ignore the signal, until it has a mind of its own
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    let begin = Instant::now();
    let status = loop {
        assert!(begin.elapsed() < Duration::from_secs(10), "still reading");
        kill(pid, Signal::SIGINT).unwrap();
        std::thread::sleep(Duration::from_millis(10));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    // by the signal itself when it came very early
    assert!(matches!(status.code(), Some(130) | None), "{status}");
}

#[test]
fn one_interrupt_ends_the_program_while_it_reads_a_script_from_a_pipe() {
    use nix::sys::signal::{Signal, kill};
    let folder = Folder::new();
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["--endpoint", "none"])
        .arg(&pipe)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // opened as soon as the program opens it to read
    let writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let status = wait_for("the end of the program", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130), "{status}");
    drop(writer);
}

#[test]
fn whatever_is_thrown_is_told_in_words() {
    for (thrown, told) in [
        ("()", "something was thrown without saying what"),
        ("\"\"", "an empty text was thrown"),
        ("|x| x", "a function was thrown"),
        ("1.5", ": 1.5"),
        ("#{}", "{}"),
        ("[1, ()]", "[1, ()]"),
        ("'c'", ": c"),
    ] {
        let said = agencysh(&["eval", &format!("throw {thrown}")]);
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains(told), "{thrown}: {}", said.stderr);
    }
}

#[test]
fn hints_fit_the_mistake() {
    for (code, told) in [
        ("let s = 1; eval(\"s + 1\")", "the text given to eval sees no variables"),
        ("throw agency::current", "a function is called with parentheses: agency::current()"),
        ("agncy::current()", "did you mean 'agency'?"),
        ("() + 1", "the operator + does not take these values: (), i64"),
        ("fn print(x) { 7 }", "take another name"),
        ("\"x\".nope()", "nope (string)"),
        ("exit(\"x\")", "the exit code must be an integer"),
        ("exit(1.5)", "the exit code must be an integer"),
        ("let a = agency::current();\na.update(\"x\", |v| a.get(\"x\"))", "<eval>:2:3"),
    ] {
        let said = agencysh(&["eval", code]);
        assert_eq!(said.code, Some(1), "{code}: {}", said.stderr);
        assert!(said.stderr.contains(told), "{code}: {}", said.stderr);
    }
}

#[test]
fn numbers_on_the_command_line_are_explained() {
    for (words, told) in [
        (&["--deadline", "-1", "eval", "1"][..], "a number of seconds above 0"),
        (&["--deadline", "soon", "eval", "1"], "a number of seconds above 0"),
        (&["--timeout", "nan", "eval", "1"], "a number of seconds above 0"),
        (&["--timeout", "1e30", "--endpoint", "tcp://h", "eval", "1"], "too many"),
        (&["--embedded=101", "eval", "1"], "at most 99"),
        (&["--embedded=0", "eval", "1"], "must be odd"),
    ] {
        let said = agencysh(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(told), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn what_is_no_script_is_told_once() {
    let folder = Folder::new();
    let directory = folder.path().to_string_lossy().into_owned();
    let said = agencysh(&[&directory]);
    assert_eq!((said.code, said.stderr.matches("Is a directory").count()), (Some(1), 1));
    let binary = folder.file("b.rhai", b"\x7fELF\xff\xfe\x00");
    assert!(agencysh(&[&binary]).stderr.contains("not UTF-8"));
    assert_eq!(agencysh(&[&folder.file("empty.rhai", "")]).code, Some(0));
    let output = program().args(["-"]).write_stdin(b"print(\"\xff\")".to_vec()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && stderr.contains("UTF-8"), "{stderr}");
}

#[test]
fn exit_ends_the_run_wherever_it_is_called() {
    let folder = Folder::new();
    folder.file("leaves.rhai", "exit(9);");
    for code in [
        "try { exit(9) } catch { print(1) }",
        "[1, 2].map(|x| exit(9)); 1",
        "eval(\"exit(9)\"); 1",
        "import \"leaves\" as leaves; 1",
        "agency::current().watch(\"x\", |v| exit(9), 5); 1",
        "agency::current().update(\"x\", |v| exit(9)); 1",
    ] {
        let folder = folder.path().to_string_lossy().into_owned();
        let said = agencysh(&["--embedded=1", "--module-path", &folder, "eval", code]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(9), ""), "{code}: {}", said.stderr);
    }
}

#[test]
fn an_environment_variable_that_is_set_to_nothing_says_nothing() {
    let mut command = program();
    for name in
        ["DEADLINE", "TIMEOUT", "INSECURE", "JWT_SECRET_FILE", "COLOR", "ENDPOINT", "LOG_LEVEL"]
    {
        command.env(format!("AGENCYSH_{name}"), "");
    }
    let output = command.args(["eval", "()"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_timeout_limits_operations_on_the_embedded_agency_too() {
    let begin = Instant::now();
    let code = "let a = agency::current(); a.set(\"x\", 1); cluster::stop(cluster::agents()[0]); a.get(\"x\")";
    let said = agencysh(&["--embedded=1", "--timeout", "1", "eval", code]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[test]
fn a_file_without_end_is_no_script() {
    let folder = Folder::new();
    let importing = folder.file("a.rhai", "import \"endless.rhai\" as e;");
    let long = std::fs::File::create(folder.path().join("endless.rhai")).unwrap();
    // sparse: it takes no room
    long.set_len(1 << 40).unwrap();
    for script in ["/dev/zero", &importing] {
        for command in ["run", "check"] {
            let said = agencysh(&["--endpoint", "none", command, script]);
            assert_eq!(said.code, Some(1), "{command} {script}: {}", said.stderr);
            assert!(said.stderr.contains("error[script.too_long]"), "{}", said.stderr);
        }
    }
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["--endpoint", "none", "-"])
        .stdin(std::fs::File::open("/dev/zero").unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error[script.too_long]"), "{stderr}");
}

#[test]
fn a_misspelt_command_is_told_from_a_missing_script() {
    for (word, part) in [
        ("chekc", "did you mean the command `check`?"),
        ("Eval", "did you mean the command `eval`?"),
        ("some.rhai", "a script or a command is needed"),
    ] {
        let said = agencysh(&[word, "x"]);
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains(part), "{word}: {}", said.stderr);
    }
    // the word `check` leaves no doubt
    let said = agencysh(&["check", "some.rhai"]);
    assert!(!said.stderr.contains("help"), "{}", said.stderr);
}

#[test]
fn what_gets_lost_on_a_full_disk_is_told() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let logged = ["--endpoint", "none", "--log-output", "file:///dev/full", "-e"];
    let said = agencysh(&[&logged[..], &["log::error(1); log::error(2); print(3)"]].concat());
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "3\n"));
    assert_eq!(said.stderr.matches("log lines are lost").count(), 1, "{}", said.stderr);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .arg("--help")
        .stdout(full)
        .status()
        .unwrap();
    assert_eq!(help.code(), Some(1));
}
