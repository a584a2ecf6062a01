//! `agencysh test`: what ends tests early, what stays behind, which files are left out, TAP, another program for servers.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::{Folder, Said, program, said};
use super::wait::wait_for;

const AGENT: &str = "fn cluster() { #{ agents: 1 } }\n";

/// Runs `test` in a folder, as its users do.
fn test(folder: &Folder, words: &[&str]) -> Said {
    said(program().current_dir(folder.path()).arg("test").args(words))
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap())
}

#[test]
fn what_the_deadline_of_all_ends_is_told_so_and_nothing_is_torn_down() {
    let folder = Folder::new();
    let script = "
        fn test_a() { loop {} }
        fn tear_down(name) { print(\"torn down\"); }
        fn tear_down_all() { print(\"all torn down\"); }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(
        &folder,
        &["--deadline", "4", "--no-dump", "--legacy-reports", "r", "--report", "tap=t.tap"],
    );
    assert_eq!(said.code, Some(124), "{}", said.stdout);
    let out = &said.stdout;
    let error = "error[test.deadline]: the deadline of all tests passed before the end of test_a";
    assert!(out.contains(error), "{out}");
    assert!(!out.contains("--test-timeout"), "it is another limit: {out}");
    assert!(out.contains("note: tear_down did not run: all tests have been ended"), "{out}");
    assert!(out.contains("tear_down_all did not run"), "{out}");
    assert_eq!(out.matches("error[").count(), 1, "{out}");
    let tree = std::fs::read(folder.path().join("r/UNITTEST_RESULT.json")).unwrap();
    let tree: serde_json::Value = serde_json::from_slice(&tree).unwrap();
    assert_eq!(tree["agencysh"]["a_test.rhai"]["test_a"]["timeout"], true, "{tree}");
    let tap = std::fs::read_to_string(folder.path().join("t.tap")).unwrap();
    assert!(tap.ends_with("1..1\nBail out! ended early\n"), "{tap}");
}

#[test]
fn a_file_that_never_tells_its_cluster_is_a_failure_and_the_others_run() {
    let folder = Folder::new();
    folder.file("a_test.rhai", "fn cluster() { loop {} }\nfn test_a() {}");
    folder.file("b_test.rhai", format!("{AGENT}fn test_b() {{}}"));
    let said = test(&folder, &["--test-timeout", "5"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stdout.contains("error[test.timeout]: cluster took longer"), "{}", said.stdout);
    assert!(said.stdout.contains("ok      b_test.rhai::test_b"), "{}", said.stdout);
    let began = Instant::now();
    let said = test(&folder, &["--deadline", "1"]);
    assert_eq!(said.code, Some(124), "{}", said.stdout);
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// Starts tests that write down the processes of their servers, and waits until they have.
fn start_tests(folder: &Folder) -> (Child, Vec<Pid>) {
    let script = "
        fn cluster() { #{ agents: 1, dbservers: 1, coordinators: 1, world: \"processes\" } }
        fn test_a() {
            let c = cluster::current();
            c.find(\"dbserver1\").suspend();
            let pids = c.instances().map(|one| one.pid);
            fs::write(\"pids\", json::stringify(pids), #{ atomic: true });
            loop { try { sleep(1000); } catch { } }
        }
    ";
    folder.file("a_test.rhai", script);
    let child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .current_dir(folder.path())
        // whoever is killed cannot remove its folders
        .env("TMPDIR", folder.path())
        .args(["test", "--no-dump"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let file = folder.path().join("pids");
    wait_for("the test runs", || file.exists().then_some(()));
    let pids: Vec<i32> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(pids.len(), 3);
    (child, pids.into_iter().map(Pid::from_raw).collect())
}

/// Whether a process is there; one that has ended and that nobody asked about is not.
fn is_there(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    match (stat, Path::new("/proc/self").exists()) {
        (Ok(stat), _) => !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'),
        (Err(_), true) => false,
        (Err(_), false) => kill(pid, None).is_ok(),
    }
}

#[test]
fn servers_end_when_the_runner_is_killed() {
    let folder = Folder::new();
    let (mut child, servers) = start_tests(&folder);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("all servers end", || servers.iter().all(|server| !is_there(*server)).then_some(()));
}

#[test]
fn servers_end_when_the_runner_ends_at_the_second_ctrl_c() {
    let folder = Folder::new();
    let (mut child, servers) = start_tests(&folder);
    kill(pid(child.id()), Signal::SIGINT).unwrap();
    // the second one may come while servers are being ended
    std::thread::sleep(Duration::from_millis(20));
    let _ = kill(pid(child.id()), Signal::SIGINT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    wait_for("all servers end", || servers.iter().all(|server| !is_there(*server)).then_some(()));
}

#[test]
fn after_ctrl_c_nothing_stays_behind() {
    let folder = Folder::new();
    let (mut child, servers) = start_tests(&folder);
    kill(pid(child.id()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!servers.iter().any(|server| is_there(*server)));
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["a_test.rhai", "out", "pids"]);
    let out: Vec<_> = std::fs::read_dir(folder.path().join("out")).unwrap().collect();
    assert_eq!(out.len(), 1, "what failed is remembered: {out:?}");
}

#[test]
fn m75_a_mark_that_cannot_be_written_fails_no_test() {
    let folder = Folder::new();
    let script = "fn test_a() { cluster::current().find(\"agent1\").suspend(); }";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--marks", "--no-dump"]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    assert!(said.stdout.contains("1 test: 1 passed"), "{}", said.stdout);
    let note = "note: its mark could not be written within 5 s";
    assert!(said.stdout.contains(note), "{}", said.stdout);
}

#[test]
fn m88_a_server_that_stays_suspended_is_left_behind() {
    let folder = Folder::new();
    let script = "
        fn cluster() { #{ agents: 1, dbservers: 1 } }
        fn test_a() { cluster::current().find(\"dbserver1\").suspend(); }
        fn test_b() {}
    ";
    folder.file("a_test.rhai", script);
    let said = test(&folder, &["--strict", "--no-dump"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    let left = "left behind: the server dbserver1, which is suspended (since test_a)";
    assert!(said.stdout.contains(left), "{}", said.stdout);
    assert!(
        said.stdout.contains("2 tests: 2 passed, 1 failed outside of tests"),
        "{}",
        said.stdout
    );
}

#[test]
fn tap_has_a_line_for_each_test_with_what_failed() {
    let folder = Folder::new();
    let script = "
        fn set_up_all() { if fs::exists(\"broken\") { throw \"too early\"; } }
        fn test_a() {}
        fn test_b() { throw \"no # sign\"; }
        fn test_c() { test::skip(\"not\\nnow\"); }
    ";
    folder.file("a#1_test.rhai", format!("{AGENT}{script}"));
    folder.file("b_test.rhai", "fn test_d( {");
    let said = test(&folder, &["--no-dump", "--report", "tap"]);
    assert_eq!(said.code, Some(1));
    let lines: Vec<&str> = said.stdout.lines().collect();
    let starts = |line: &&&str| line.starts_with("ok") || line.starts_with("not ok");
    let points: Vec<&&str> = lines.iter().filter(starts).collect();
    assert_eq!(lines[0], "TAP version 14");
    assert_eq!(
        points,
        [
            &"ok 1 - a\\#1_test.rhai::test_a",
            &"not ok 2 - a\\#1_test.rhai::test_b",
            &"ok 3 - a\\#1_test.rhai::test_c # SKIP not now",
            &"not ok 4 - b_test.rhai (load)",
        ]
    );
    assert_eq!(lines.last(), Some(&"1..4"), "{}", said.stdout);
    // what follows a point that failed is YAML between --- and ...
    let at = lines.iter().position(|line| line.starts_with("not ok 2")).unwrap();
    assert_eq!(
        lines[at + 1..at + 4],
        ["  ---", "  message: \"no # sign\"", "  severity: \"fail\""]
    );
    assert!(lines[at + 4].starts_with("  failures: [{\"phase\":\"test\""), "{}", said.stdout);
    assert_eq!(lines[at + 5], "  ...");
}

#[test]
fn m89_files_are_left_out_by_the_markers_in_their_names() {
    let folder = Folder::new();
    for name in ["a-cluster", "b-noncluster", "c-nightly", "d-grey", "e"] {
        folder.file(&format!("{name}_test.rhai"), format!("{AGENT}fn test_x() {{}}"));
    }
    let ran = |words: &[&str]| {
        let said = test(&folder, words);
        assert_eq!(said.code, Some(0), "{}", said.stdout);
        let ran: Vec<char> = said
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("ok      "))
            .filter_map(|line| line.chars().next())
            .collect();
        (ran, said.stdout)
    };
    let jobs = ["--jobs", "1"];
    let (all, out) = ran(&jobs);
    assert_eq!(all, ['a', 'd', 'e'], "{out}");
    assert!(
        out.contains("b-noncluster: it is for a server without")
            || out.contains("-noncluster: it is"),
        "{out}"
    );
    assert!(out.contains("-nightly is left out unless asked for"), "{out}");
    assert_eq!(ran(&["--skip", "grey", "--skip=-cluster"]).0, ['e']);
    assert_eq!(ran(&["--only", "nightly"]).0, ['c']);
    // who is named is meant
    let named = ["--jobs", "1", "--skip", "grey", "d-grey_test.rhai", "c-nightly_test.rhai"];
    let mut both = ran(&named).0;
    both.sort_unstable();
    assert_eq!(both, ['c', 'd']);
    assert_eq!(ran(&["b-noncluster_test.rhai", "e_test.rhai"]).0, ['e'], "there is no such server");
}

#[test]
fn servers_of_another_program_are_told_of_their_cluster() {
    let folder = Folder::new();
    let wrapper = folder.file(
        "arangod",
        format!(
            "#!/bin/sh\nprintf %s \"$INSTANCEINFO\" > \"$ARANGODB_SERVER_DIR/info\"\nexec {} arangod \"$@\"\n",
            env!("CARGO_BIN_EXE_agencysh")
        ),
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&wrapper, executable).unwrap();
    let script = r#"
        import "assert" as assert;
        fn cluster() { #{ agents: 1, dbservers: 1, coordinators: 1 } }
        fn told(name) {
            let folder = cluster::current().find(name).data_dir.split("/data")[0];
            json::parse(fs::read(folder + "/info"))
        }
        fn test_a() {
            let c = cluster::current();
            assert::equal([c.world, c.capabilities().real_servers], ["processes", true]);
            let info = told("coordinator1");
            assert::equal(info.arangods.map(|one| one.name), ["agent1", "dbserver1", "coordinator1"]);
            assert::equal(info.arangods.map(|one| one.endpoint), c.instances().map(|one| one.endpoint));
            assert::equal(info.agencyConfig.agencySize, 1);
            assert::equal(told("agent1").arangods.len(), 1);
            let again = cluster::adopt(info);
            assert::equal(again.agency().leader(), c.agency().leader());
            assert::equal(again.instances().map(|one| one.log_file), c.instances().map(|one| one.log_file));
        }
    "#;
    folder.file("a_test.rhai", script);
    let said = test(&folder, &["--arangod", "./arangod", "--no-dump"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let said = test(&folder, &["--arangod", "./none", "--no-dump"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stdout.contains("none"), "it names the program: {}", said.stdout);
}
