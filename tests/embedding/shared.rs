//! One cluster for several hosts.

use std::time::Duration;

use agencysh::{Cluster, Host, Target};
use serde_json::json;

use crate::eval_json;

fn host(cluster: &Cluster) -> Host {
    Host::builder().target(Target::Shared(cluster.clone())).build().unwrap()
}

#[test]
fn hosts_of_one_cluster_see_what_the_others_write() {
    let cluster = Cluster::embedded(1).unwrap();
    let (one, other) = (host(&cluster), host(&cluster));
    one.eval("agency::current().set(\"Test/By\", \"one\")").unwrap();
    assert_eq!(eval_json(&other, "agency::current().get(\"Test/By\")"), "one");
    assert_eq!(other.agency().unwrap().get("Test/By").unwrap(), Some(json!("one")));
    assert_eq!(cluster.agency().unwrap().get("Test/By").unwrap(), Some(json!("one")));
}

#[test]
fn a_deadline_of_one_host_does_not_touch_the_others() {
    let cluster = Cluster::embedded(1).unwrap();
    let hasty = Host::builder()
        .target(Target::Shared(cluster.clone()))
        .deadline(Duration::from_millis(200))
        .build()
        .unwrap();
    let patient = host(&cluster);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let code = "let a = agency::current(); a.wait_until(\"Test/Ready\", |v| v == true, 60); a.get(\"Test/Ready\")";
            eval_json(&patient, code)
        });
        let wait = "agency::current().wait_until(\"Test/Never\", |v| v == true, 60)";
        assert!(hasty.eval(wait).unwrap_err().is_deadline());
        hasty.interrupt_handle().interrupt();
        cluster.agency().unwrap().set("Test/Ready", json!(true)).unwrap();
        assert_eq!(waiting.join().unwrap(), true);
    });
    assert_eq!(eval_json(&hasty, "agency::current().get(\"Test/Ready\")"), true);
}

#[test]
fn a_shared_cluster_ends_with_the_last_who_uses_it() {
    let cluster = Cluster::embedded(1).unwrap();
    let host = host(&cluster);
    let url = cluster.instances().unwrap()[0].url.clone();
    let address = url.trim_start_matches("http://").to_owned();
    drop(cluster);
    assert_eq!(eval_json(&host, "agency::current().agents().len()"), 1);
    drop(host);
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn scripts_and_the_program_drive_the_same_servers() {
    let cluster = Cluster::embedded(3).unwrap();
    let host = host(&cluster);
    let leader = cluster.agency().unwrap().leader().unwrap().id;
    cluster.kill(&leader).unwrap();
    let states = "cluster::current().instances().map(|one| one.state)";
    let states = eval_json(&host, states);
    let stopped = states.as_array().unwrap().iter().filter(|state| *state == "stopped").count();
    assert_eq!(stopped, 1, "{states}");
    host.eval(&format!("cluster::current().find(\"{leader}\").restart()")).unwrap();
    let facts = host.cluster().unwrap().instances().unwrap();
    assert!(facts.iter().all(|one| one.state.name() == "running"), "{facts:?}");
}

#[test]
fn tests_of_a_shared_cluster_run_on_it() {
    let cluster = Cluster::embedded(1).unwrap();
    cluster.agency().unwrap().set("Test/Number", json!(7)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script =
        "fn test_number() { if agency::current().get(\"Test/Number\") != 7 { throw \"no\" } }";
    std::fs::write(folder.path().join("a_test.rhai"), script).unwrap();
    let paths = [folder.path().to_owned()];
    let run = host(&cluster).tests(&paths, Default::default(), &Default::default(), &()).unwrap();
    assert!(run.succeeded(), "{}", run.to_json());
    assert_eq!(run.tests(), 1);
}
