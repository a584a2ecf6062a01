//! `run`, `eval`, stdin: arguments, values, exit codes.

use crate::support::{Folder, agencysh, program, said};

#[test]
fn a_script_runs_with_and_without_the_word_run() {
    let folder = Folder::new();
    let script = folder.file("a.rhai", "print(`in ${env::script_dir()}`);");
    let expected = format!("in {}\n", folder.path().display());
    assert_eq!(agencysh(&["run", &script]).stdout, expected);
    assert_eq!(agencysh(&[&script]).stdout, expected);
}

#[test]
fn s4_all_words_after_the_script_are_the_scripts_own() {
    let folder = Folder::new();
    let script = folder.file("a.rhai", "print(env::args());");
    let said = agencysh(&[&script, "-x", "--y", "3", "--endpoint", "z"]);
    assert_eq!(said.stdout, "[ \"-x\", \"--y\", \"3\", \"--endpoint\", \"z\" ]\n");
}

#[test]
fn s5_a_line_for_the_loader_and_a_byte_order_mark_are_skipped() {
    let folder = Folder::new();
    let text = "\u{feff}#!/usr/bin/env agencysh\nprint(2); throw 1;";
    let said = agencysh(&[&folder.file("a.rhai", text)]);
    assert_eq!(said.stdout, "2\n");
    assert!(said.stderr.contains("a.rhai:2:11"), "{}", said.stderr);
}

#[test]
fn stdin_is_the_script_without_a_terminal_and_for_a_dash() {
    assert_eq!(said(program().write_stdin("print(1 + 1)")).stdout, "2\n");
    let said = said(program().args(["run", "-", "-v"]).write_stdin("print(env::args())"));
    assert_eq!(said.stdout, "[ \"-v\" ]\n");
}

#[test]
fn eval_prints_the_value_and_makes_the_exit_code_of_it() {
    for (code, stdout, exit) in [
        ("()", "", 0),
        ("true", "true\n", 0),
        ("false", "false\n", 1),
        ("3", "3\n", 3),
        ("256 + 7", "263\n", 7),
        ("\"text\"", "text\n", 0),
        ("#{ a: [1, ()] }", "{ \n  \"a\" : [ \n    1, \n    null \n  ] \n}\n", 0),
        ("exit(9)", "", 9),
        ("exit()", "", 0),
    ] {
        for words in [["eval", code], ["-e", code]] {
            let said = agencysh(&words);
            assert_eq!((said.stdout.as_str(), said.code), (stdout, Some(exit)), "{code}");
            assert_eq!(said.stderr, "", "{code}");
        }
    }
    let said = agencysh(&["--format", "json", "eval", "#{ a: 1.0, b: () }"]);
    assert_eq!(said.stdout, "{\n  \"a\": 1.0,\n  \"b\": null\n}\n");
}

#[test]
fn the_value_of_a_script_file_is_not_its_exit_code() {
    let folder = Folder::new();
    let said = agencysh(&[&folder.file("a.rhai", "40 + 2")]);
    assert_eq!((said.stdout.as_str(), said.code), ("", Some(0)));
}

#[test]
fn s1_exit_ends_the_run_from_within_functions_and_try() {
    let folder = Folder::new();
    let script = "
        fn leave() { try { exit(7); } catch { print(\"caught\"); } print(\"went on\"); }
        try { [1].for_each(|| leave()); } catch { print(\"caught\"); }
        loop {}
    ";
    let said = agencysh(&[&folder.file("a.rhai", script)]);
    assert_eq!((said.stdout.as_str(), said.code), ("", Some(7)), "{}", said.stderr);
}

#[test]
fn a_deadline_ends_a_script_that_catches_everything() {
    for code in [
        "fn spin() { loop {} } loop { try { spin(); } catch {} }",
        "loop { try { time::sleep(60); } catch {} }",
        "fn pause() { time::sleep(60); } fn all() { loop { try { pause(); } catch {} } } all()",
        "let a = agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\", timeout: 60, connect_timeout: 60 });
         loop { try { a.get(\"x\"); } catch {} }",
    ] {
        let said = agencysh(&["--deadline", "0.3", "eval", code]);
        assert_eq!(said.code, Some(124), "{code}: {}", said.stderr);
        assert!(said.stderr.contains("deadline.reached"), "{}", said.stderr);
    }
}

#[test]
fn s6_functions_nest_200_levels_and_endless_recursion_is_an_error() {
    let deep = "fn down(n) { if n == 0 { 0 } else { 1 + down(n - 1) } } print(down(200));";
    assert_eq!(agencysh(&["eval", deep]).stdout, "200\n");
    let said = agencysh(&["eval", "fn down(n) { 1 + down(n + 1) } down(0)"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("script.stack_overflow"), "{}", said.stderr);
    // the deepest nesting that the parser takes, at the deepest level
    let nested = format!("fn f(n) {{ {}f(n + 1){} }} f(0)", "(1 + ".repeat(60), ")".repeat(60));
    let said = agencysh(&["eval", &nested]);
    assert!(said.stderr.contains("script.stack_overflow"), "{}", said.stderr);
}

#[test]
fn modules_come_from_the_library_beside_the_script_and_from_module_folders() {
    let folder = Folder::new();
    folder.file("beside.rhai", "fn name() { \"beside\" }");
    folder.file(
        "deep/other.rhai",
        "import \"../beside\" as b; fn name() { `other and ${b::name()}` }",
    );
    folder.file("shared/common.rhai", "fn name() { \"common\" }");
    let script = folder.file(
        "a.rhai",
        "import \"assert\" as assert; import \"beside\" as b; import \"deep/other\" as o; import \"common\" as c;
         assert::equal(b::name(), \"beside\"); print(o::name(), c::name());",
    );
    let shared = folder.path().join("shared");
    let said = agencysh(&["--module-path", shared.to_str().unwrap(), &script]);
    assert_eq!(said.stdout, "other and beside common\n", "{}", said.stderr);
}

#[test]
fn the_embedded_agency_is_the_target_by_default() {
    let said = agencysh(&[
        "eval",
        "let a = agency::current(); a.set(\"x\", 5); [a.get(\"x\"), a.agents().len(), a.get(\"Plan/Version\")]",
    ]);
    assert_eq!(said.stdout, "[ \n  5, \n  3, \n  1 \n]\n", "{}", said.stderr);
    let said = agencysh(&["--embedded=1", "eval", "cluster::agents().len()"]);
    assert_eq!((said.stdout.as_str(), said.code), ("1\n", Some(1)), "{}", said.stderr);
}

#[test]
fn l9_logs_go_to_stderr_by_topic_and_level() {
    let code = "log::info(\"one\"); log::at(\"debug\", \"agency\", \"two\"); log::info(\"requests\", \"three\");";
    let plain = agencysh(&["eval", code]);
    assert_eq!(plain.stdout, "");
    assert!(plain.stderr.contains("INFO {general} one"), "{}", plain.stderr);
    assert_eq!(plain.stderr.lines().count(), 1, "{}", plain.stderr);
    let json = agencysh(&["--log-level", "agency=debug,general=error", "--log-json", "eval", code]);
    let line: serde_json::Value = serde_json::from_str(json.stderr.trim()).unwrap();
    assert_eq!((&line["topic"], &line["message"]), (&"agency".into(), &"two".into()));
}

#[test]
fn l10_log_lines_go_where_they_are_sent_and_only_there() {
    let folder = Folder::new();
    let path = folder.path().join("log");
    let file = format!("file://{}", path.display());
    let code = "log::info(\"one\"); log::info(\"two\")";
    let filed = agencysh(&["--log-output", &file, "eval", code]);
    assert_eq!((filed.stdout.as_str(), filed.stderr.as_str()), ("", ""));
    let lines = || std::fs::read_to_string(&path).unwrap().lines().count();
    assert_eq!(lines(), 2);
    let both = agencysh(&["--log-output", "-", "--log.output", &file, "eval", code]);
    assert_eq!((both.stdout.lines().count(), both.stderr.as_str(), lines()), (2, "", 4));
    assert_eq!(agencysh(&["--log-output", "+", "eval", code]).stderr.lines().count(), 2);
    for bad in ["nowhere", "file:///no/such/folder/log"] {
        let said = agencysh(&["--log-output", bad, "eval", code]);
        assert_eq!(said.code, Some(2));
        assert!(said.stderr.contains("--log-output"), "{}", said.stderr);
    }
}

#[test]
fn l9_log_lines_go_to_stderr_also_when_nothing_is_a_terminal() {
    let said = agencysh(&["eval", "log::info(\"seen\")"]);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.ends_with("INFO {general} seen\n"), "{}", said.stderr);
}

#[test]
fn l13_log_lines_are_coloured_on_a_terminal_and_only_there() {
    use rexpect::session::spawn_command;
    use std::process::Command;
    let folder = Folder::new();
    let file = format!("file://{}", folder.path().join("log").display());
    let code = "log::error(\"bad\"); log::warn(\"odd\"); log::info(\"well\")";
    let on_a_terminal = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agencysh"));
        command.args(words).args(["eval", code]).env("TERM", "xterm").env_remove("NO_COLOR");
        spawn_command(command, Some(60_000)).unwrap().exp_eof().unwrap()
    };
    let shown = on_a_terminal(&["--log-output", "+", "--log-output", &file]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("\u{1b}[31m") && lines[0].ends_with("bad\u{1b}[0m"), "{shown}");
    assert!(lines[1].starts_with("\u{1b}[33m"), "{shown}");
    assert!(!lines[2].contains('\u{1b}') && lines[2].ends_with("well"), "{shown}");
    for plain in [["--color", "never"], ["--log-json", "--color=auto"]] {
        let shown = on_a_terminal(&plain);
        assert!(shown.contains("bad") && !shown.contains('\u{1b}'), "{shown}");
    }
    let filed = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(filed.contains("bad") && !filed.contains('\u{1b}'), "{filed}");
    assert!(!agencysh(&["eval", code]).stderr.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["eval", "loop { print(\"line\"); }"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""));
}

#[test]
fn a_deadline_ends_the_waiting_for_input() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    for (code, deadline, exit) in [
        ("term::read_line()", "0.3", 124),
        ("try { term::read_line(); } catch {} loop {}", "0.3", 124),
        ("term::read_password(\"\")", "0.3", 124),
        ("fs::read(\"/dev/stdin\")", "0.3", 124),
        (
            "time::set_deadline(0.3); try { term::read_line(); } catch (e) { exit(e.error_num); }",
            "60",
            36,
        ),
    ] {
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
            .args(["--deadline", deadline, "eval", code])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // the pipe stays open: there may always be more input
        let _input = child.stdin.take();
        assert_eq!(child.wait().unwrap().code(), Some(exit), "{code}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{code}");
    }
}

#[test]
fn input_is_read_by_lines_and_by_what_waits() {
    let code =
        "print([term::read_line(), term::read_line(\"> \"), term::read_line(), term::read_line()])";
    let said = said(program().args(["eval", code]).write_stdin("one\r\ntwo\n\u{fffd}"));
    assert_eq!(said.stdout, "> [ \"one\", \"two\", \"\u{fffd}\", null ]\n");
    let said =
        said_of("print(term::read_password(\"\") == \"\"); print(term::poll_input() == \"\")");
    assert_eq!(said, "\ntrue\ntrue\n");
}

fn said_of(code: &str) -> String {
    said(program().args(["eval", code]).write_stdin("")).stdout
}

#[test]
fn the_last_value_belongs_to_the_shell_alone() {
    for code in ["1; _ + 1", "_last"] {
        let said = agencysh(&["eval", code]);
        assert_eq!(said.code, Some(1), "{code}: {}", said.stdout);
    }
    assert_eq!(agencysh(&["eval", "switch 5 { 1 => 2, _ => 3 }"]).stdout, "3\n");
}

#[test]
fn s10_nothing_is_asked_of_the_target_unless_the_script_does() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let said = agencysh(&["--endpoint", &endpoint, "-e", "print(1 + 1)"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "2\n"), "{}", said.stderr);
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "nobody connected");
}
