//! Dumps that scripts take.

use std::time::{Duration, Instant};

use agencysh::host::{Host, HostBuilder, Permissions, Target};
use agencysh::standin::EmbeddedAgency;

use crate::server::{Reply, Server};
use crate::support::{fake, names};

fn host() -> HostBuilder {
    Host::builder().permissions(Permissions::all())
}

/// Runs a script in which `dir` is a folder, and `a` an agency at this URL.
fn run(host: &Host, folder: &tempfile::TempDir, url: &str, script: &str) -> Result<String, String> {
    let text = format!(
        "let dir = {:?}; let a = agency::connect(#{{ endpoints: [{url:?}] }});\n{script}",
        folder.path().to_string_lossy()
    );
    let outcome = host.run_str("test", &text, &[] as &[&str]);
    match outcome {
        Ok(outcome) => Ok(outcome.value.to_string()),
        Err(error) => Err(format!("{}: {error}", error.kind())),
    }
}

#[test]
fn m72_a_passed_deadline_of_the_script_does_not_prevent_a_dump_and_stays_in_force() {
    let server = fake("{}", "{}", "{}");
    let folder = tempfile::tempdir().unwrap();
    let found = run(
        &host().build().unwrap(),
        &folder,
        &server.url,
        r#"
        time::set_deadline(0.01);
        sleep(60);
        let refused = "";
        try { dump::agency(a, #{ output: dir }); } catch (error) { refused = error.kind; }
        let taken = dump::if_not_yet(a, "test_failed", #{ output: dir, test: "late" });
        let passed = time::set_deadline(0);
        `${refused} ${taken.files.len()} ${passed}`
        "#,
    );
    assert_eq!(found.unwrap(), "deadline.script 4 true");
    assert_eq!(names(folder.path()), ["agencydump_0.zip"]);
}

#[test]
fn m72_it_takes_no_longer_than_a_tenth_of_a_test() {
    let silent = Server::start(|_| Reply::Hang);
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let script = r#"
        let taken = dump::if_not_yet(a, "forced", #{ output: dir, one_test_timeout: 5 });
        `${taken.errors.len()} ${taken.errors[0].kind}`
    "#;
    let found = run(&host().build().unwrap(), &folder, &silent.url, script).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(found.starts_with("3 "), "{found}");
    assert_eq!(names(folder.path()), ["agencydump_0.zip"]);
}

#[test]
fn m72_the_deadline_of_the_run_ends_it_as_everything() {
    let silent = Server::start(|_| Reply::Hang);
    let folder = tempfile::tempdir().unwrap();
    let host = host().deadline(Duration::from_millis(700)).build().unwrap();
    let script = r#"try { dump::if_not_yet(a, "forced", #{ output: dir }) } catch { "caught" }"#;
    let error = run(&host, &folder, &silent.url, script).unwrap_err();
    assert!(error.contains("deadline has passed"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn m73_switched_off_it_asks_nobody_and_writes_nothing() {
    let server = fake("{}", "{}", "{}");
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        let off = #{ output: dir, dump_agency_on_error: false };
        [dump::if_not_yet(a, "shutdown", off), dump::if_not_yet(a, "forced", off), dump::if_not_yet(a, "test_failed", off),
         dump::if_not_yet(a, "shutdown", #{ output: dir, dump_agency_on_shutdown: false })] == [(), (), (), ()]
    "#;
    assert_eq!(run(&host().build().unwrap(), &folder, &server.url, script).unwrap(), "true");
    assert!(server.seen().is_empty());
    assert!(names(folder.path()).is_empty());
}

#[test]
fn d102_each_reason_has_one_dump_and_each_failed_test() {
    let server = fake("{}", "{}", "{}");
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        let made = 0;
        for round in 0..2 {
            for what in [["shutdown", ""], ["forced", ""], ["test_failed", "a"], ["test_failed", "b"]] {
                if dump::if_not_yet(a, what[0], #{ output: dir, test: what[1] }) != () { made += 1; }
            }
        }
        made
    "#;
    assert_eq!(run(&host().build().unwrap(), &folder, &server.url, script).unwrap(), "4");
    assert_eq!(names(folder.path()).len(), 4);
}

#[test]
fn m70_dumps_of_two_clusters_never_share_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let host = host().target(Target::embedded(1)).build().unwrap();
    let script = r#"
        let other = cluster::launch(#{ agents: 1, world: "embedded", output_directory: dir });
        let first = dump::agency(cluster::current(), #{ output: dir });
        let second = dump::agency(#{ cluster: other, agency: other.agency() });
        let third = dump::agency(other.agency(), #{ output: dir, number: other.number });
        [first.archive == `${dir}/agencydump_${cluster::current().number}.zip`,
         second.archive == `${dir}/agencydump_${other.number}.zip`,
         third.archive == `${dir}/agencydump_${other.number}_1.zip`]
    "#;
    let found = run(&host, &folder, "http://127.0.0.1:1", script).unwrap();
    assert_eq!(found, "[true, true, true]");
    assert_eq!(names(folder.path()).len(), 3);
}

#[test]
fn m71_agents_of_a_cluster_that_have_ended_are_skipped_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let host = host().target(Target::embedded(3)).build().unwrap();
    let script = r#"
        agency::current().leader();
        cluster::kill("agent2");
        let taken = dump::agency(agency::current(), #{ output: dir });
        let agents = dump::open(taken.archive).agents();
        `${taken.skipped[0].agent} ${agents[1].state} ${agents[1].exit} ${taken.errors.len()} ${taken.files.len()}`
    "#;
    let found = run(&host, &folder, "http://127.0.0.1:1", script).unwrap();
    assert_eq!(found, "agent2 dead signal 9 0 7");
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_anybody_is_asked() {
    let server = fake("{}", "{}", "{}");
    let folder = tempfile::tempdir().unwrap();
    let host = host().build().unwrap();
    for (script, part) in [
        ("dump::agency(a, #{ outptu: dir })", "did you mean 'output'"),
        ("dump::agency(a, #{ format: \"tar\" })", "zip, gzip or json"),
        ("dump::agency(a, #{ number: -1 })", "negative"),
        ("dump::agency(7)", "Cluster or an Agency"),
        ("dump::if_not_yet(a, \"boredom\")", "shutdown, test_failed or forced"),
        ("dump::if_not_yet(a, \"forced\", #{ timeout: 1 })", "unknown option 'timeout'"),
        ("dump::diff(1, 2)", "if it is no Dump"),
        ("dump::open(dir + \"/none\")", "cannot read the dump"),
    ] {
        let error = run(&host, &folder, &server.url, script).unwrap_err();
        assert!(error.contains(part), "{script}: {error}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn files_need_a_permission() {
    let server = fake("{}", "{}", "{}");
    let folder = tempfile::tempdir().unwrap();
    let permissions = Permissions::none().allow(agencysh::host::Gate::Network);
    let host = Host::builder().permissions(permissions).build().unwrap();
    for script in ["dump::agency(a, #{ output: dir })", "dump::open(dir + \"/x\")"] {
        let error = run(&host, &folder, &server.url, script).unwrap_err();
        assert!(error.starts_with("permission.files"), "{error}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_run_that_only_reads_may_dump() {
    let agency = EmbeddedAgency::start(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let host = host().permissions(Permissions::all().read_only()).build().unwrap();
    let script = "dump::agency(a, #{ output: dir }).errors.len()";
    assert_eq!(run(&host, &folder, &agency.endpoints()[0], script).unwrap(), "0");
}
