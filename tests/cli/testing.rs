//! `agencysh test`: what it runs, and what it tells.

use std::time::{Duration, Instant};

use super::support::{Folder, Said, program, said};
use super::wait::wait_for;

const AGENT: &str = "fn cluster() { #{ agents: 1 } }\n";

/// Runs `test` in a folder, as its users do.
fn test(folder: &Folder, words: &[&str]) -> Said {
    said(program().current_dir(folder.path()).arg("test").args(words))
}

fn lines<'a>(text: &'a str, beginning: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(beginning)).collect()
}

fn json(folder: &Folder, name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
}

#[test]
fn tests_run_in_their_order_between_their_hooks() {
    let folder = Folder::new();
    let script = "
        print(\"top\");
        fn set_up_all() { print(\"set_up_all\"); }
        fn set_up(name) { print(\"set_up \" + name); }
        fn test_b() { print(test::name()); }
        fn test_a() { print(test::name()); }
        fn helper() { print(\"never\"); }
        fn tear_down(name) { print(\"tear_down \" + name); }
        fn tear_down_all() { print(\"tear_down_all\"); }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    folder.file("other.rhai", "throw 1;");
    let said = test(&folder, &["--show-output"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let printed: Vec<&str> = lines(&said.stdout, "    ").into_iter().map(str::trim).collect();
    let expected = [
        "set_up test_b",
        "test_b",
        "tear_down test_b",
        "set_up test_a",
        "test_a",
        "tear_down test_a",
        "top",
        "set_up_all",
        "tear_down_all",
    ];
    assert_eq!(printed, expected, "{}", said.stdout);
    // what passes keeps silent unless asked
    assert!(!test(&folder, &[]).stdout.contains("set_up"));
    assert!(!folder.path().join("out").exists(), "nothing failed");
}

#[test]
fn a_failure_shows_the_line_and_both_values_and_the_others_go_on() {
    let folder = Folder::new();
    let script = "import \"assert\" as assert;\nfn test_a() { print(\"seen\"); assert::equal(1, \"1\"); }\nfn test_b() {}\n";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--no-dump"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for expected in [
        "FAILED  a_test.rhai::test_a",
        "error[assert.equal]: 1 is not \"1\"",
        "--> a_test.rhai:3:38",
        "    seen",
        "ok      a_test.rhai::test_b",
        "2 tests: 1 passed, 1 failed",
    ] {
        assert!(said.stdout.contains(expected), "{expected} in {}", said.stdout);
    }
}

#[test]
fn soft_checks_are_all_told_and_the_test_goes_on() {
    let folder = Folder::new();
    let script = "
fn test_a() {
    check::equal(1, 2, \"one\");
    check::is_true(false);
    check::passes(|| fs::read(\"/no/such\"));
    throw \"the end\";
}";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--no-dump", "--report", "jsonl=lines"]);
    assert_eq!(said.code, Some(1));
    let text = std::fs::read_to_string(folder.path().join("lines")).unwrap();
    let ended: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["event"] == "test_ended")
        .collect();
    let told: Vec<(&str, &str, u64)> = ended[0]["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["phase"].as_str().unwrap(),
                one["kind"].as_str().unwrap(),
                one["line"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("check", "check.equal", 4),
            ("check", "check.is_true", 5),
            ("check", "fs.not_found", 6),
            ("test", "script.thrown", 7),
        ]
    );
}

#[test]
fn m86_set_up_all_that_fails_fails_all_and_set_up_that_fails_skips_one_and_both_tear_down() {
    let folder = Folder::new();
    let script = "
        fn set_up_all() { throw \"too early\"; }
        fn test_a() { print(\"ran\"); }
        fn test_b() { print(\"ran\"); }
        fn tear_down_all() { print(\"torn down\"); }
    ";
    folder.file("all_test.rhai", format!("{AGENT}{script}"));
    let script = "
        fn set_up(name) { if name == \"test_a\" { throw \"not now\"; } }
        fn test_a() { print(\"ran a\"); }
        fn test_b() { print(\"ran b\"); }
        fn tear_down(name) { print(\"torn down \" + name); if name == \"test_a\" { throw \"twice\"; } }
    ";
    folder.file("one_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--show-output", "--no-dump", "--jobs", "1"]);
    assert_eq!(said.code, Some(1));
    let out = &said.stdout;
    assert!(out.contains("4 tests: 1 passed, 3 failed in"), "{out}");
    assert!(out.contains("too early"), "{out}");
    assert!(out.contains("    torn down\n") && !out.contains("    ran\n"), "{out}");
    assert!(out.contains("    torn down test_a\n") && !out.contains("ran a"), "{out}");
    assert!(out.contains("ran b"), "{out}");
    assert!(out.find("not now").unwrap() < out.find("twice").unwrap(), "{out}");
}

#[test]
fn a_hanging_test_ends_by_its_timeout_and_the_others_run_in_a_new_host() {
    let folder = Folder::new();
    let script = "
        fn test_a() { agency::current().set(\"x\", 1); loop {} }
        fn test_b() { if agency::current().exists(\"x\") { throw \"the same cluster\"; } }
        fn test_c() { sleep(1000); }
        fn test_d() {}
        fn tear_down(name) { print(\"torn down \" + name); }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--test-timeout", "2", "--no-dump"]);
    assert_eq!(said.code, Some(1));
    let out = &said.stdout;
    assert!(out.contains("4 tests: 2 passed, 2 failed"), "{out}");
    assert_eq!(out.matches("error[test.timeout]").count(), 2, "{out}");
    assert!(out.contains("torn down test_a") && out.contains("torn down test_c"), "{out}");
}

#[test]
fn the_deadline_of_all_ends_all() {
    let folder = Folder::new();
    let script = "fn test_a() { loop {} }\nfn test_b() {}\n";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    folder.file("b_test.rhai", format!("{AGENT}{script}"));
    let began = Instant::now();
    let said = test(&folder, &["--deadline", "3", "--jobs", "1", "--no-dump"]);
    assert_eq!(said.code, Some(124), "{}", said.stdout);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(said.stdout.contains("1 failed, 3 skipped"), "{}", said.stdout);
    assert!(said.stdout.contains("ended by the deadline"), "{}", said.stdout);
    assert_eq!(
        said.stdout.matches("the deadline of all tests has passed").count(),
        2,
        "{}",
        said.stdout
    );
}

#[test]
fn a_broken_file_is_a_failure_and_the_others_run() {
    let folder = Folder::new();
    folder.file("a_test.rhai", "fn test_a( {");
    folder.file("b_test.rhai", format!("{AGENT}fn test_b() {{}}"));
    folder.file("c_test.rhai", "fn test_c(x) {}");
    folder.file("d_test.rhai", "fn cluster() { #{ agnts: 1 } }\nfn test_d() {}");
    let said = test(&folder, &["--report", "github"]);
    assert_eq!(said.code, Some(1));
    // people read what programs do not
    assert!(said.stderr.contains("1 test: 1 passed, 3 failed outside of tests"), "{}", said.stderr);
    assert!(said.stderr.contains("test_c takes no argument"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean 'agents'?"), "{}", said.stderr);
    assert_eq!(lines(&said.stdout, "::error file=a_test.rhai,line=1,").len(), 1, "{}", said.stdout);
    assert_eq!(said.stdout.lines().count(), 3, "{}", said.stdout);
}

#[test]
fn without_tests_the_exit_code_is_7() {
    let folder = Folder::new();
    assert_eq!(test(&folder, &[]).code, Some(7));
    folder.file("a_test.rhai", format!("{AGENT}fn test_a() {{}}"));
    assert_eq!(test(&folder, &["--filter", "test_b"]).code, Some(7));
    assert_eq!(test(&folder, &["--filter", "a_test.rhai::test_?"]).code, Some(0));
    assert_eq!(test(&folder, &["no/such"]).code, Some(2));
    assert_eq!(test(&folder, &["--failed"]).code, Some(2), "nothing has failed");
}

#[test]
fn what_failed_can_be_run_again_alone() {
    let folder = Folder::new();
    let script =
        "fn test_a() {} fn test_b() { if !fs::exists(\"good\") { throw 1; } } fn test_c() {}";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    assert_eq!(test(&folder, &["--no-dump"]).code, Some(1));
    let again = test(&folder, &["--failed", "--no-dump"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stdout.contains("running 1 test in 1 file"), "{}", again.stdout);
    folder.file("good", "");
    assert_eq!(test(&folder, &["--failed"]).code, Some(0));
    assert_eq!(test(&folder, &["--failed"]).code, Some(2), "nothing is left to run");
}

#[test]
fn a_test_that_passes_at_a_later_attempt_is_flaky() {
    let folder = Folder::new();
    let script = "
        fn test_a() { if agency::current().exists(\"tried\") { return; } agency::current().set(\"tried\", 1); throw \"once\"; }
        fn test_b() { throw \"always\"; }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--retries", "1", "--no-dump"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("FLAKY   a_test.rhai::test_a"), "{}", said.stdout);
    assert!(said.stdout.contains("2 tests: 0 passed, 1 flaky, 1 failed"), "{}", said.stdout);
    let said = test(&folder, &["--no-dump"]);
    assert!(said.stdout.contains("2 tests: 0 passed, 2 failed"), "{}", said.stdout);
}

#[test]
fn files_can_be_repeated_and_divided() {
    let folder = Folder::new();
    for name in ["a", "b", "c"] {
        folder.file(&format!("{name}_test.rhai"), format!("{AGENT}fn test_{name}() {{}}"));
    }
    let said = test(&folder, &["--repeat", "2", "--shard", "2/3"]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    assert!(said.stdout.contains("2 tests: 2 passed"), "{}", said.stdout);
    assert_eq!(said.stdout.matches("b_test.rhai::test_b").count(), 2, "{}", said.stdout);
    let said = test(&folder, &["--buckets", "2/1"]);
    assert_eq!(lines(&said.stdout, "ok").len(), 1, "{}", said.stdout);
}

#[test]
fn z4_each_failure_has_a_dump_of_its_own_and_nothing_is_overwritten() {
    let folder = Folder::new();
    let script = "
        fn test_a() {}
        fn test_b() { throw \"no\"; }
        fn test_c() { loop {} }
    ";
    folder.file("a_test.rhai", script);
    let said = test(
        &folder,
        &["--test-timeout", "3", "--legacy-reports", "legacy", "--report", "junit=j.xml"],
    );
    assert_eq!(said.code, Some(1));
    let mut names: Vec<String> = std::fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".zip"))
        .collect();
    names.sort();
    assert_eq!(names, ["agencydump_1.zip", "agencydump_1_1.zip"], "{}", said.stdout);
    for (name, test) in [("agencydump_1.zip", "test_b"), ("agencydump_1_1.zip", "test_c")] {
        let file = std::fs::File::open(folder.path().join("out").join(name)).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        let manifest: serde_json::Value =
            serde_json::from_reader(archive.by_name("manifest.json").unwrap()).unwrap();
        assert_eq!(manifest["reason"], "test_failed");
        assert_eq!(manifest["test"], test, "{manifest}");
        assert_eq!(manifest["agents"].as_array().unwrap().len(), 3, "{manifest}");
    }
    let tree = json(&folder, "legacy/UNITTEST_RESULT.json");
    let file = &tree["agencysh"]["a_test.rhai"];
    assert_eq!(file["test_c"]["timeout"], true, "{tree}");
    assert!(file["test_b"]["message"].as_str().unwrap().contains("no"));
    assert_eq!(json(&folder, "legacy/UNITTEST_RESULT_EXECUTIVE_SUMMARY.json"), false);
    assert_eq!(json(&folder, "legacy/UNITTEST_RESULT_CRASHED.json"), false);
    let xml = std::fs::read_to_string(folder.path().join("j.xml")).unwrap();
    assert!(xml.contains("tests=\"3\" skipped=\"0\" failures=\"2\" errors=\"0\""), "{xml}");
}

#[test]
fn m87_the_summary_is_pessimistic_before_the_first_test() {
    let folder = Folder::new();
    let script = "
        fn test_a() {
            print(fs::read(\"r/UNITTEST_RESULT_EXECUTIVE_SUMMARY.json\"));
            print(fs::read(\"r/UNITTEST_RESULT_CRASHED.json\"));
            print(fs::read(\"r/testfailures.txt\"));
        }
        fn test_b() { test::skip(\"later\"); }
    ";
    folder.file("sub/a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--show-output", "--legacy-reports", "r"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let printed: Vec<&str> = lines(&said.stdout, "    ")
        .into_iter()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(printed[..2], ["false", "true"], "{}", said.stdout);
    assert!(printed[2].starts_with("incomplete test run with: test"), "{printed:?}");
    assert_eq!(json(&folder, "r/UNITTEST_RESULT_EXECUTIVE_SUMMARY.json"), true);
    assert_eq!(json(&folder, "r/UNITTEST_RESULT_CRASHED.json"), false);
    let tree = json(&folder, "r/UNITTEST_RESULT.json");
    assert_eq!([&tree["status"], &tree["crashed"]], [true, false]);
    let suite = &tree["agencysh"];
    for key in ["status", "failed", "shutdown", "startupTime", "testDuration", "shutdownTime"] {
        assert!(!suite[key].is_null(), "{key} in {tree}");
    }
    let file = &suite["sub/a_test.rhai"];
    for key in ["status", "failed", "total", "duration", "suiteName", "totalSetUp", "totalTearDown"]
    {
        assert!(!file[key].is_null(), "{key} in {tree}");
    }
    assert_eq!([&file["total"], &file["failed"]], [2, 0]);
    assert_eq!(file["test_b"]["skipped"], true);
    let xml = std::fs::read_to_string(
        folder.path().join("r/UNITTEST_RESULT_CE_agencysh__sub_a_test.rhai.xml"),
    );
    let xml = xml.unwrap();
    assert!(xml.contains("<testsuite errors=\"0\" failures=\"0\" tests=\"2\""), "{xml}");
    assert!(xml.contains("<skipped/>"), "{xml}");
}

#[test]
fn m75_marks_are_left_in_the_agency_only_when_asked() {
    let folder = Folder::new();
    let script = "
        fn test_a() { print(agency::current().get(\"Testing\")); }
        fn test_b() { print(agency::current().get(\"Testing/test_a\").keys()); }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &["--marks", "--show-output", "--strict"]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    assert!(
        said.stdout.contains("[ \"Begin\", \"End\" ]")
            || said.stdout.contains("[\"Begin\", \"End\"]"),
        "{}",
        said.stdout
    );
}

#[test]
fn m88_what_a_file_leaves_behind_is_told_and_counted_where_it_matters() {
    let folder = Folder::new();
    let script = "
        fn test_a() {}
        fn test_b() { agency::current().set(\"Target/ReplicatedLogs/shop/7\", #{ id: 7 }); agency::current().set(\"Plan/Databases/shop\", #{}); }
    ";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let said = test(&folder, &[]);
    assert_eq!(said.code, Some(0), "its own cluster is gone: {}", said.stdout);
    assert!(
        said.stdout.contains("left behind: the database shop, the replicated log shop/7"),
        "{}",
        said.stdout
    );
    let said = test(&folder, &["--strict", "--no-dump"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stdout.contains("left behind: the replicated log shop/7 (since test_b)"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("2 tests: 2 passed, 2 failed outside of tests"),
        "{}",
        said.stdout
    );
    let said = test(&folder, &["--strict", "--skip-check", "agency", "--skip-check", "databases"]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    folder.file("b_test.rhai", "fn test_x() { process::start(\"sleep\", [\"1000\"]); }");
    let said = test(&folder, &["b_test.rhai"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("left behind: the child sleep 1000"), "{}", said.stdout);
}

#[test]
fn ctrl_c_ends_all_at_once_with_a_summary() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let script = "fn test_a() {}\nfn test_b() { fs::write(\"begun\", \"\"); sleep(1000); }\nfn test_c() {}\n";
    folder.file("a_test.rhai", format!("{AGENT}{script}"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .current_dir(folder.path())
        .args(["test", "--no-dump"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    wait_for("the second test", || folder.path().join("begun").exists().then_some(()));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("FAILED  a_test.rhai::test_b"), "{rest}");
    assert!(rest.contains("skipped a_test.rhai::test_c: interrupted"), "{rest}");
    assert!(rest.contains("3 tests: 1 passed, 1 failed, 1 skipped"), "{rest}");
}

#[test]
fn a_server_that_is_killed_in_the_middle_is_told_with_the_end_of_its_log() {
    let folder = Folder::new();
    let script = "
        fn cluster() { #{ agents: 3, dbservers: 2, world: \"processes\", supervision_grace_period: 3.0, supervision_ok_threshold: 1.5 } }
        fn test_a() {}
        fn test_b() {
            let victim = cluster::current().find(\"dbserver1\").pid;
            process::run(\"kill\", [\"-9\", victim.to_string()]);
            let a = agency::current();
            a.wait_until(\"Supervision/Health\", |health| health.values().filter(|one| one.Status == \"FAILED\").len() == 1, 60);
        }
        fn test_c() { if cluster::current().find(\"dbserver1\").state != \"running\" { throw \"the same cluster\"; } }
    ";
    folder.file("a_test.rhai", script);
    let said = test(&folder, &["--no-dump", "--legacy-reports", "r"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    let out = &said.stdout;
    assert!(out.contains("FAILED  a_test.rhai::test_b"), "{out}");
    assert!(out.contains("error[cluster.crashed]: dbserver1 (process"), "{out}");
    assert!(out.contains("signal 9") || out.contains("SIGKILL"), "{out}");
    assert!(out.contains("3 tests: 2 passed, 1 failed"), "{out}");
    assert_eq!(json(&folder, "r/UNITTEST_RESULT_CRASHED.json"), true);
}

#[test]
fn what_exists_is_shared_by_all_files_and_must_be_enough() {
    let folder = Folder::new();
    let agency = agencysh::standin::EmbeddedAgency::start(1).unwrap();
    let endpoint = agency.endpoints().remove(0);
    folder.file(
        "a_test.rhai",
        format!("{AGENT}fn test_a() {{ agency::current().set(\"seen\", 1); }}"),
    );
    folder.file(
        "b_test.rhai",
        format!("{AGENT}fn test_b() {{ if agency::current().get(\"seen\") != 1 {{ throw 1; }} }}"),
    );
    folder.file("c_test.rhai", "fn cluster() { #{ agents: 1, dbservers: 3 } }\nfn test_c() {}");
    let said = test(&folder, &["--endpoint", &endpoint]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    assert!(said.stdout.contains("3 tests: 2 passed, 1 skipped"), "{}", said.stdout);
    assert!(said.stdout.contains("it needs 3 DB-servers, and there are 0"), "{}", said.stdout);
    // whoever spoils it ends the run
    folder.file(
        "a_test.rhai",
        format!("{AGENT}fn test_a() {{ agency::current().set(\"Target/ToDo/9\", #{{}}); }}"),
    );
    let said = test(&folder, &["--endpoint", &endpoint, "--no-dump"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(
        said.stdout.contains("left behind: the job 9 in ToDo (since test_a)"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("a_test.rhai spoiled the cluster"), "{}", said.stdout);
    assert!(
        said.stdout.contains("3 tests: 1 passed, 2 skipped, 1 failed outside"),
        "{}",
        said.stdout
    );
}
