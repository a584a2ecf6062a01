//! P1-P14, P17, P18: children, signals, statistics.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use agencysh::natives::{Gate, Permissions};
use nix::sys::signal::{SigSet, Signal};

use crate::support::Run;
use crate::wait::wait_for;

/// A child that lives until its input ends, which it does with the run at the latest.
const LIVES: &str =
    "let child = process::start(\"cat\", [], #{ stdin: \"pipe\", stdout: \"null\" });";

/// A child that ignores SIGTERM, and says when it does.
const STUBBORN: &str = "let child = process::start(\"sh\", [\"-c\", \"trap '' TERM; echo ready; read x\"], \
                        #{ stdin: \"pipe\", stdout: \"pipe\" }); process::read_pipe(child.pid, 6);";

/// The bits of signals 32 and 33, which are nobody else's business.
const OF_THE_C_LIBRARY: u64 = 0b11 << 31;

fn is_gone(pid: i64) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn p1_start_gives_a_pid_and_the_status_follows_the_child() {
    let run = Run::new();
    run.is_true(&format!(
        "{LIVES} child.pid > 0 && child.status == \"RUNNING\" && process::status(child.pid).status == \"RUNNING\""
    ));
    run.is_true(
        "let child = process::start(\"sh\", [\"-c\", \"exit 3\"]); \
         let end = process::status(child.pid, #{ wait: true }); \
         end == #{ pid: child.pid, status: \"TERMINATED\", exit: 3 }",
    );
}

#[test]
fn p2_a_killed_child_is_aborted_and_has_no_exit() {
    Run::new().is_true(&format!(
        "{LIVES} process::kill(child.pid, 9) == #{{ pid: child.pid, status: \"ABORTED\", signal: 9 }}"
    ));
}

#[test]
fn p3_the_final_status_is_kept_and_an_unknown_pid_is_not_found() {
    let run = Run::new();
    run.is_true(
        "let child = process::start(\"false\", []); process::status(child.pid, #{ wait: true }); \
         for i in 0..3 { if process::status(child.pid).exit != 1 { throw i; } } true",
    );
    for unknown in ["1", "2147483647", "9223372036854775807", "-1", "0"] {
        run.is_true(&format!(
            "let s = process::status({unknown}); s.status == \"NOT-FOUND\" && s.error_message.len > 0 && s.pid == {unknown}"
        ));
    }
}

#[test]
fn p3_a_child_is_reaped_though_nobody_asks_for_it() {
    let run = Run::new();
    let pid = run.eval("process::start(\"true\", []).pid").as_int().unwrap();
    wait_for("the zombie to go", || is_gone(pid).then_some(()));
    run.is_true(&format!("process::status({pid}).exit == 0"));
}

#[test]
fn p4_a_timeout_leaves_the_child_running() {
    let run = Run::new();
    let begin = Instant::now();
    run.is_true(&format!(
        "{LIVES} let first = process::status(child.pid, #{{ timeout: 0.2 }}); \
         let second = process::status(child.pid); process::close_pipe(child.pid, \"write\"); \
         let third = process::status(child.pid, #{{ wait: true }}); \
         first.status == \"TIMEOUT\" && second.status == \"RUNNING\" && third.status == \"TERMINATED\""
    ));
    let lasted = begin.elapsed();
    assert!(lasted >= Duration::from_millis(200) && lasted < Duration::from_secs(5), "{lasted:?}");
}

#[test]
fn p5_run_gives_exit_code_and_exact_output() {
    let run = Run::new();
    run.is_true(
        "let r = process::run(\"sh\", [\"-c\", \"printf 'a\\\\n b'; printf ü >&2; exit 4\"], #{ capture: true }); \
         r == #{ pid: r.pid, status: \"TERMINATED\", exit: 4, stdout: \"a\\n b\", stderr: \"ü\" }",
    );
    run.is_true("let r = process::run(\"true\", []); r.exit == 0 && \"stdout\" in r == false");
}

#[test]
fn p5_a_timeout_of_run_leaves_the_child_alive() {
    let run = Run::new();
    run.is_true(
        "let r = process::run(\"sh\", [\"-c\", \"echo a; read x; echo b\"], #{ capture: true, timeout: 0.3, stdin: \"pipe\" }); \
         if r.status != \"TIMEOUT\" || r.stdout != \"a\\n\" { throw r; } \
         if process::status(r.pid).status != \"RUNNING\" { throw \"dead\"; } \
         process::write_pipe(r.pid, \"go\\n\"); \
         process::read_pipe(r.pid) == \"b\\n\" && process::status(r.pid, #{ wait: true }).exit == 0",
    );
}

#[test]
fn p5_big_output_on_both_pipes_and_big_input_at_once() {
    let run = Run::new();
    run.is_true(
        "let text = \"\"; text.pad(4000000, \"0123456789abcdef\"); \
         let r = process::run(\"sh\", [\"-c\", \"tee /dev/stderr\"], #{ capture: true, input: text, timeout: 60 }); \
         r.exit == 0 && r.stdout == text && r.stderr == text",
    );
}

#[test]
fn p5_a_child_that_reads_no_input_or_leaves_somebody_behind_holds_up_nobody() {
    let run = Run::new();
    run.is_true(
        "let text = \"\"; text.pad(1000000, 'x'); \
         process::run(\"true\", [], #{ input: text }).exit == 0",
    );
    // the grandchild keeps the pipe open for some time
    let begin = Instant::now();
    run.is_true(
        "let r = process::run(\"sh\", [\"-c\", \"sleep 20 & echo $!\"], #{ capture: true }); \
         process::kill(parse_int(r.stdout), 9); r.exit == 0",
    );
    assert!(begin.elapsed() < Duration::from_secs(15));
}

#[test]
fn p5_output_beyond_the_bound_is_an_error_that_names_the_child() {
    let run = Run::new();
    let error =
        run.error("process::run(\"head\", [\"-c\", 70000000, \"/dev/zero\"], #{ capture: true })");
    assert_eq!(error["kind"].to_string(), "process.too_much_output");
    let context = error["context"].clone().cast::<rhai::Map>();
    run.exec(&format!("process::kill({}, 9)", context["pid"]));
}

#[test]
fn p6_what_cannot_be_started_raises_and_leaves_no_child() {
    let run = Run::new();
    for missing in ["no-such-program-here", "/no/such/program", "./no-such"] {
        let error = run.error(&format!("process::start(\"{missing}\", [])"));
        assert_eq!(error["error_num"].as_int(), Ok(14), "{missing}");
        assert_eq!(error["kind"].to_string(), "process.not_found", "{missing}");
        assert!(error["message"].to_string().contains(missing), "{missing}");
        assert_eq!(run.number(&format!("process::run(\"{missing}\", [])")), 14);
        assert_eq!(run.number(&format!("process::run(\"{missing}\", [], #{{ cwd: dir }})")), 14);
    }
    run.exec("fs::write(dir + \"/plain\", \"x\"); fs::write(dir + \"/rubbish\", \"\\x00\\x01\"); fs::set_mode(dir + \"/rubbish\", \"0755\")");
    for unusable in ["/plain", "/rubbish", ""] {
        let error = run.error(&format!("process::start(dir + \"{unusable}\", [])"));
        assert_eq!(error["kind"].to_string(), "process.not_started", "{unusable}: {error:?}");
        assert_eq!(error["name"].to_string(), "Error", "{unusable}");
    }
    let error = run.error("process::run(\"true\", [], #{ cwd: dir + \"/no\" })");
    assert_eq!(error["error_num"].as_int(), Ok(14));
    assert!(error["message"].to_string().contains("/no'"), "{error:?}");
    run.is_true("process::children() == []");
}

#[test]
fn p7_arguments_arrive_unchanged() {
    let run = Run::new();
    run.is_true(
        "let odd = [\"a b\", \"\", \"'\\\"$x`\\\\*\", \"ü€😀\", \"-n\", 7, 1.5, true]; \
         let r = process::run(\"printf\", [\"%s|\"] + odd, #{ capture: true }); \
         r.stdout == \"a b||'\\\"$x`\\\\*|ü€😀|-n|7|1.5|true|\"",
    );
    run.is_true("process::run(\"echo\", \"a b\", #{ capture: true }).stdout == \"a b\\n\"");
    for bad in ["[()]", "[[]]", "[#{}]", "5", "()", "[\"a\\x00b\"]"] {
        assert_eq!(run.number(&format!("process::run(\"true\", {bad})")), 10, "{bad}");
    }
    assert_eq!(run.number("process::run(\"\", [])"), 10);
}

#[test]
fn p8_env_overrides_and_cwd_is_the_childs_alone() {
    let run = Run::new();
    run.is_true(
        "env::set(\"AGENCYSH_P8\", \"host\"); let show = [\"-c\", \"echo $AGENCYSH_P8,$AGENCYSH_P8B,${PATH:+path}\"]; \
         let said = |env| process::run(\"sh\", show, #{ capture: true, env: env }).stdout; \
         said.call(#{}) == \"host,,path\\n\" \
         && said.call(#{ AGENCYSH_P8: \"own\", AGENCYSH_P8B: 5 }) == \"own,5,path\\n\" \
         && said.call([\"AGENCYSH_P8=own=x\", \"AGENCYSH_P8B=\"]) == \"own=x,,path\\n\" \
         && said.call(#{ AGENCYSH_P8: () }) == \",,path\\n\" && env::get(\"AGENCYSH_P8\") == \"host\"",
    );
    let here = std::env::current_dir().unwrap();
    run.is_true(
        "fs::create_dir(dir + \"/there\"); \
         process::run(\"pwd\", [], #{ capture: true, cwd: dir + \"/there\" }).stdout.ends_with(\"/there\\n\")",
    );
    assert_eq!(std::env::current_dir().unwrap(), here);
    for bad in [
        "#{ \"\": 1 }",
        "#{ \"a=b\": 1 }",
        "[\"novalue\"]",
        "[5]",
        "5",
        "#{ A: [] }",
        "#{ A: \"\\x00\" }",
    ] {
        assert_eq!(
            run.number(&format!("process::run(\"true\", [], #{{ env: {bad} }})")),
            10,
            "{bad}"
        );
    }
}

#[test]
fn z1_a_set_variable_is_visible_to_children() {
    Run::new().is_true(
        "env::set(\"AGENCYSH_Z1\", 42); env::remove(\"HOME\"); \
         process::run(\"sh\", [\"-c\", \"echo $AGENCYSH_Z1,$HOME\"], #{ capture: true }).stdout == \"42,\\n\"",
    );
}

#[test]
fn p8_the_program_is_found_in_the_path_of_the_child() {
    let run = Run::new();
    let program = run.directory.path().join("agencysh-p8");
    std::fs::write(&program, "#!/bin/sh\necho found\n").unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    run.is_true(
        "let path = `:${dir}/no:${dir}:${env::get(\"PATH\")}`; \
         process::run(\"agencysh-p8\", [], #{ capture: true, env: #{ PATH: path } }).stdout == \"found\\n\" \
         && process::run(\"./agencysh-p8\", [], #{ capture: true, cwd: dir }).stdout == \"found\\n\"",
    );
}

#[test]
fn p9_the_child_has_no_input_default_handlers_and_an_empty_mask() {
    // this thread blocks some, and the runtime of these tests ignores SIGPIPE
    let mut blocked = SigSet::empty();
    for signal in [Signal::SIGUSR1, Signal::SIGTERM, Signal::SIGINT] {
        blocked.add(signal);
    }
    blocked.thread_block().unwrap();
    let run = Run::new();
    run.is_true("process::run(\"cat\", [], #{ capture: true, timeout: 20 }).stdout == \"\"");
    for options in ["#{ capture: true }", "#{ capture: true, cwd: dir }"] {
        let status =
            run.text(&format!("process::run(\"cat\", [\"/proc/self/status\"], {options}).stdout"));
        for set in ["SigBlk", "SigIgn", "SigCgt"] {
            let line = status.lines().find(|line| line.starts_with(set)).unwrap();
            let bits = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
            assert_eq!(bits & !OF_THE_C_LIBRARY, 0, "{options}: {line}");
        }
    }
}

#[test]
fn p9_the_child_inherits_no_descriptors() {
    let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = Run::new();
    run.exec("process::start(\"cat\", [], #{ stdin: \"pipe\", stdout: \"pipe\" })");
    let ours = own_sockets_and_pipes();
    assert!(ours.len() > 2, "{ours:?}");
    for options in ["#{ capture: true }", "#{ capture: true, cwd: dir }"] {
        let open = run
            .text(&format!("process::run(\"ls\", [\"-l\", \"/proc/self/fd\"], {options}).stdout"));
        assert!(open.contains("pipe:"), "{open}");
        for link in &ours {
            assert!(!open.contains(link), "{options}: {link} of {ours:?}\n{open}");
        }
    }
}

/// What this process has open and did not itself inherit from whoever started the tests.
fn own_sockets_and_pipes() -> Vec<String> {
    /// `O_CLOEXEC`, as `/proc` shows it.
    const CLOSED_IN_CHILDREN: u32 = 0o2_000_000;
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let link = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        // other tests of this process open and close theirs
        let link = std::fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
        let facts = Path::new("/proc/self/fdinfo").join(entry.file_name());
        let facts = std::fs::read_to_string(facts).ok()?;
        let flags = facts.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        let own = u32::from_str_radix(&flags, 8).ok()? & CLOSED_IN_CHILDREN != 0;
        (own && (link.starts_with("socket:") || link.starts_with("pipe:"))).then_some(link)
    };
    entries.filter_map(link).collect()
}

#[test]
fn p10_a_child_that_ignores_sigterm_is_killed_after_the_grace_period() {
    let run = Run::new();
    let begin = Instant::now();
    run.is_true(&format!(
        "{STUBBORN} let end = process::kill(child.pid, process::SIGTERM, #{{ grace: 0.3 }}); \
         end.status == \"ABORTED\" && end.signal == 9"
    ));
    let lasted = begin.elapsed();
    assert!(lasted >= Duration::from_millis(300) && lasted < Duration::from_secs(8), "{lasted:?}");
}

#[test]
fn p10_the_timeout_gives_up_before_the_grace_period_is_over() {
    Run::new().is_true(&format!(
        "{STUBBORN} let given_up = process::kill(child.pid, 15, #{{ timeout: 0.2 }}); \
         let at_once = process::kill(child.pid, 15, #{{ wait: false }}); process::kill(child.pid, 9); \
         given_up.status == \"RUNNING\" && at_once.status == \"RUNNING\""
    ));
}

#[test]
fn p11_who_is_only_asked_for_is_never_killed() {
    Run::new().is_true(&format!(
        "{LIVES} process::kill(child.pid, 0, #{{ wait: true, grace: 0, timeout: 0.1 }}).status == \"RUNNING\" \
         && process::kill(child.pid, 1, #{{ wait: true, grace: 0 }}).status == \"ABORTED\""
    ));
}

#[test]
fn p11_signals_that_do_not_end_a_process_return_at_once() {
    let run = Run::new();
    let begin = Instant::now();
    run.is_true(
        "let child = process::start(\"sh\", [\"-c\", \"trap '' HUP; echo ready; read x\"], #{ stdin: \"pipe\", stdout: \"pipe\" }); \
         process::read_pipe(child.pid, 6); process::kill(child.pid, 1).status == \"RUNNING\"",
    );
    assert!(begin.elapsed() < Duration::from_secs(5));
    let run = Run::new();
    let pid = run.eval(&format!("{LIVES} child.pid")).as_int().unwrap();
    let becomes = |wanted: &str| {
        wait_for(wanted, || {
            (run.text(&format!("process::status({pid}).status")) == wanted).then_some(())
        });
    };
    run.exec(&format!("process::kill({pid}, process::SIGSTOP)"));
    becomes("STOPPED");
    run.is_true(&format!("process::resume({pid})"));
    becomes("RUNNING");
    run.is_true(&format!("process::suspend({pid})"));
    becomes("STOPPED");
    run.is_true(&format!("process::status({pid}, #{{ timeout: 0.05 }}).status == \"TIMEOUT\""));
    run.is_true(&format!("process::kill({pid}, 9).signal == 9"));
}

#[test]
fn p12_groups_are_refused_and_vanished_processes_not_found() {
    let run = Run::new();
    for group in ["0", "-1", "-9223372036854775807"] {
        for call in ["kill", "suspend", "resume", "monitor", "unmonitor"] {
            assert_eq!(run.number(&format!("process::{call}({group})")), 11, "{call} {group}");
        }
        assert_eq!(run.number(&format!("process::set_priority({group}, 1)")), 11);
    }
    run.is_true(
        "let child = process::start(\"true\", []); process::status(child.pid, #{ wait: true }); \
         let gone = process::kill(child.pid); \
         gone.status == \"NOT-FOUND\" && gone.error_message.len > 0 && !process::suspend(child.pid) && !process::resume(child.pid)",
    );
    for nobody in ["2147483647", "9223372036854775807"] {
        run.is_true(&format!(
            "process::kill({nobody}).status == \"NOT-FOUND\" && !process::suspend({nobody})"
        ));
    }
    for bad in ["-1", "65", "9223372036854775807", "\"TERM\"", "40"] {
        assert_eq!(run.number(&format!("process::kill(2147483647, {bad})")), 10, "{bad}");
    }
}

#[test]
fn p12_a_process_of_somebody_else_is_signalled_but_not_waited_for() {
    let run = Run::new();
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let pid = other.id();
    run.is_true(&format!("process::kill({pid}, 0).status == \"RUNNING\""));
    run.is_true(&format!("process::status({pid}).status == \"NOT-FOUND\""));
    run.is_true(&format!("process::suspend({pid})"));
    wait_for("the stop", || {
        (run.text(&format!("process::kill({pid}, 0).status")) == "STOPPED").then_some(())
    });
    run.is_true(&format!(
        "process::resume({pid}) && process::kill({pid}).status == \"TERMINATED\""
    ));
    assert_eq!(other.wait().unwrap().signal(), Some(15), "its status is still there");
    run.is_true(&format!("process::kill({pid}).status == \"NOT-FOUND\""));
}

#[test]
fn p13_children_lists_those_whose_end_is_not_known() {
    let run = Run::new();
    run.is_true(&format!(
        "{LIVES} let list = process::children(); \
         list.len == 1 && list[0].pid == child.pid && list[0].status == \"RUNNING\" \
         && list[0].executable == \"cat\" && list[0].arguments == [\"cat\"]"
    ));
    run.is_true(
        "for child in process::children() { process::kill(child.pid); } process::children() == []",
    );
    run.is_true("process::run(\"true\", []); process::children() == []");
}

#[test]
fn p14_statistics_are_those_of_the_process() {
    let run = Run::new();
    run.is_true(&format!(
        "{LIVES} let s = (); \
         loop {{ s = process::statistics(child.pid); if s.resident_size > 0 {{ break; }} sleep(0.005); }} \
         s.number_of_threads == 1 && s.virtual_size >= s.resident_size \
         && s.resident_size_percent > 0.0 && s.resident_size_percent < 1.0 && s.user_time >= 0.0"
    ));
    run.is_true("process::statistics().number_of_threads > 1");
    for unknown in ["2147483647", "0", "-5", "9223372036854775807"] {
        run.is_true(&format!("let s = process::statistics({unknown}); s.resident_size == 0 && s.number_of_threads == 0 && s.user_time == 0.0"));
    }
}

#[test]
fn set_priority_changes_the_nice_value() {
    let run = Run::new();
    run.is_true(&format!(
        "{LIVES} process::set_priority(child.pid, 15); \
         process::run(\"ps\", [\"-o\", \"ni=\", \"-p\", child.pid], #{{ capture: true }}).stdout.contains(\"15\") \
         || fs::read(`/proc/${{child.pid}}/stat`).split(\" \")[18] == \"15\""
    ));
    for bad in ["20", "-21", "9223372036854775807", "1.5"] {
        assert_eq!(run.number(&format!("process::set_priority(1, {bad})")), 10, "{bad}");
    }
    assert_eq!(run.number("process::set_priority(2147483647, 1)"), 1203);
}

#[test]
fn p17_written_text_comes_back_and_closing_ends_the_child() {
    let run = Run::new();
    run.is_true(
        "let child = process::start(\"cat\", [], #{ stdin: \"pipe\", stdout: \"pipe\" }); let pid = child.pid; \
         process::write_pipe(pid, \"hellö\\n\"); let a = process::read_pipe(pid, 7); \
         process::write_pipe(pid, blob(3, 0x41)); process::close_pipe(pid, \"write\"); \
         let b = process::read_pipe(pid); \
         a == \"hellö\\n\" && b == \"AAA\" && process::read_pipe(pid) == \"\" \
         && process::status(pid, #{ wait: true }).exit == 0 && !process::write_pipe(pid, \"x\")",
    );
    run.is_true(
        "let child = process::start(\"printf\", [\"a€b\"], #{ stdout: \"pipe\" }); let pid = child.pid; \
         let parts = []; for i in 0..4 { parts.push(process::read_pipe(pid, 2)); } parts == [\"a€\", \"b\", \"\", \"\"]",
    );
    run.is_true(
        "let child = process::start(\"sh\", [\"-c\", \"echo a; echo b >&2; echo c\"], #{ stdout: \"pipe\", stderr: \"pipe\" }); \
         process::read_pipe(child.pid) == \"a\\nb\\nc\\n\"",
    );
    run.is_true(
        "let child = process::start(\"yes\", [], #{ stdout: \"pipe\" }); process::read_pipe(child.pid, 100000).len == 100000 \
         && process::close_pipe(child.pid, \"read\") == () && process::status(child.pid, #{ wait: true }).signal == 13",
    );
    for (call, number) in [
        ("read_pipe(1)", 1203),
        ("write_pipe(1, \"\")", 1203),
        ("close_pipe(1, \"read\")", 1203),
        ("close_pipe(1, \"both\")", 10),
        ("read_pipe(1, 0)", 10),
        ("read_pipe(1, 9223372036854775807)", 10),
        ("write_pipe(1, 5)", 10),
    ] {
        assert_eq!(run.number(&format!("process::{call}")), number, "{call}");
    }
    assert_eq!(run.number("let c = process::start(\"true\", []); process::read_pipe(c.pid)"), 1203);
}

#[test]
fn what_a_child_has_written_is_read_after_its_end() {
    Run::new().is_true(
        "let child = process::start(\"sh\", [\"-c\", \"head -c 5000 /dev/zero | tr '\\\\0' x\"], #{ stdout: \"pipe\" }); \
         process::status(child.pid, #{ wait: true }); let read = 0; \
         loop { let text = process::read_pipe(child.pid); if text == \"\" { break; } read += text.len; } read == 5000",
    );
}

#[test]
fn pipes_are_closed_with_the_end_of_the_child_but_for_those_of_a_grandchild() {
    let run = Run::new();
    // other tests of this process open some, too
    run.is_true(
        "let open = || fs::list(\"/proc/self/fd\").len; let before = open.call(); \
         for i in 0..400 { process::run(\"true\", [], #{ stdin: \"pipe\", stdout: \"pipe\" }); } open.call() < before + 300",
    );
    run.is_true(
        "let r = process::run(\"sh\", [\"-c\", \"(sleep 0.2; echo late; echo late >&2) & echo early\"], #{ capture: true }); \
         r.exit == 0 && r.stdout == \"early\\n\" && process::read_pipe(r.pid) == \"late\\n\"",
    );
}

#[test]
fn streams_lead_to_files() {
    let run = Run::new();
    run.is_true(
        "let f = dir + \"/out\"; let to = |append| #{ stdout: #{ file: f, append: append }, cwd: \"/\" }; \
         process::run(\"echo\", [1], to.call(false)); process::run(\"echo\", [2], to.call(false)); \
         process::run(\"echo\", [3], to.call(true)); \
         fs::read(f) == \"2\\n3\\n\" && process::run(\"cat\", [], #{ stdin: #{ file: f }, capture: true }).stdout == \"2\\n3\\n\"",
    );
    run.is_true(
        "process::run(\"sh\", [\"-c\", \"echo a; echo b >&2\"], #{ capture: true, stdout: \"null\" }).stderr == \"b\\n\"",
    );
    for bad in [
        "#{ stdout: \"nul\" }",
        "#{ stdout: 5 }",
        "#{ stdout: #{} }",
        "#{ stdout: #{ fil: \"x\" } }",
        "#{ stdin: #{ file: \"/dev/null\", append: true } }",
        "#{ stdin: \"null\", input: \"x\" }",
        "#{ captur: true }",
        "#{ timeout: \"1\" }",
        "#{ input: 5 }",
    ] {
        assert_eq!(run.number(&format!("process::run(\"true\", [], {bad})")), 10, "{bad}");
    }
    assert_eq!(run.number("process::start(\"true\", [], #{ timeout: 1 })"), 10);
    assert_eq!(run.number("process::run(\"true\", [], #{ stdin: #{ file: dir + \"/no\" } })"), 14);
    assert_eq!(run.number("process::run(\"true\", [], #{ stdout: #{ file: dir } })"), 2);
    let closed = Run::with(|builder| builder.permissions(Permissions::all().deny(Gate::Files)));
    assert_eq!(
        closed.number("process::run(\"true\", [], #{ stdout: #{ file: dir + \"/x\" } })"),
        11
    );
}

#[test]
fn a_new_group_is_the_childs_own() {
    Run::new().is_true(
        "let group = |own| process::run(\"sh\", [\"-c\", \"echo $$; cut -d ' ' -f 5 /proc/$$/stat\"], \
             #{ capture: true, new_group: own }).stdout.split(\"\\n\"); \
         let its = group.call(true); let ours = group.call(false); its[0] == its[1] && ours[0] != ours[1]",
    );
}

#[test]
fn p18_without_process_control_all_but_four_raise_11() {
    let run = Run::with(|builder| builder.permissions(Permissions::all().deny(Gate::Processes)));
    for call in [
        "start(\"true\", [])",
        "start(\"true\", [], #{})",
        "run(\"true\", [])",
        "run(\"true\", [], #{})",
        "status(1)",
        "status(1, #{ wait: true })",
        "kill(1)",
        "kill(1, 15)",
        "kill(1, 15, #{})",
        "suspend(1)",
        "resume(1)",
        "children()",
        "statistics()",
        "statistics(1)",
        "set_priority(1, 1)",
        "monitor(1)",
        "unmonitor(1)",
        "read_pipe(1)",
        "read_pipe(1, 1)",
        "write_pipe(1, \"\")",
        "close_pipe(1, \"read\")",
        "signal_name(1)",
    ] {
        let error = run.error(&format!("process::{call}"));
        assert_eq!(error["error_num"].as_int(), Ok(11), "{call}");
        assert_eq!(error["kind"].to_string(), "permission.processes", "{call}");
    }
    run.is_true("process::id() > 0 && process::to_argv(#{}) == [] && process::parse_argv([]) == #{} && process::SIGHUP == 1");
}

#[test]
fn s8_two_runs_have_separate_children() {
    let one = Run::new();
    let pid = one.eval(&format!("{LIVES} child.pid")).as_int().unwrap();
    let other = Run::new();
    other.is_true(&format!(
        "process::children() == [] && process::status({pid}).status == \"NOT-FOUND\""
    ));
    one.is_true(&format!("process::kill({pid}).signal == 15"));
}

#[test]
fn children_outlive_the_run() {
    let run = Run::new();
    let pid = run.eval("process::start(\"sleep\", [60]).pid").as_int().unwrap();
    drop(run);
    assert!(!is_gone(pid));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL)
        .unwrap();
}

#[test]
fn signals_have_names() {
    let run = Run::new();
    for (number, name) in [(1, "SIGHUP"), (9, "SIGKILL"), (34, "SIGRTMIN+0"), (64, "SIGRTMIN+30")] {
        assert_eq!(run.text(&format!("process::signal_name({number})")), name);
    }
    for bad in ["0", "65", "-1"] {
        assert_eq!(run.number(&format!("process::signal_name({bad})")), 10);
    }
    run.is_true("[process::SIGTERM, process::SIGKILL, process::SIGABRT, process::SIGINT, process::SIGHUP] == [15, 9, 6, 2, 1]");
}
