//! The scripts in `scripts/maintenance`, each run by the command in its first line.

use agencysh::deadline::Deadline;
use agencysh::standin::{ClusterSize, EmbeddedCluster};
use agencysh::{AgencyClient, http::Endpoint};
use serde_json::{Value, json};

use crate::support::{Said, agencysh, program, said};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/maintenance");

fn script(name: &str) -> String {
    format!("{FOLDER}/{name}.rhai")
}

struct Agency {
    servers: EmbeddedCluster,
    client: AgencyClient,
}

impl Agency {
    fn start() -> Self {
        let size = ClusterSize { agents: 1, dbservers: 0, coordinators: 0 };
        let servers = EmbeddedCluster::start(size).unwrap();
        let endpoints = servers.endpoints();
        let client = AgencyClient::builder()
            .endpoint(Endpoint::parse(&endpoints[0]).unwrap())
            .build(Deadline::default())
            .unwrap();
        Self { servers, client }
    }

    fn run(&self, name: &str, words: &[&str]) -> Said {
        let endpoint = &self.servers.endpoints()[0];
        said(program().args(["run", "--endpoint", endpoint, &script(name)]).args(words))
    }

    fn get(&self, path: &str) -> Value {
        self.client.get(path).unwrap().unwrap_or_default()
    }
}

#[test]
fn each_script_runs_by_the_command_in_its_first_line() {
    let files = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "rhai")) {
        count += 1;
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().next().unwrap().strip_prefix("// agencysh ").unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let said = said(program().args(&words).current_dir(env!("CARGO_MANIFEST_DIR")));
        // a cluster that has just started has no health records yet, which analyze finds
        assert!(matches!(said.code, Some(0 | 5)), "{line}: {said:?}");
    }
    assert_eq!(count, 6);
}

#[test]
fn the_latest_id_rises_above_what_is_in_use() {
    let agency = Agency::start();
    agency.client.set("Sync/LatestID", json!(5)).unwrap();
    agency.client.set("Plan/Collections/d/4", json!({"shards": {"s9": []}})).unwrap();
    let dry = agency.run("increase_latest_id", &[]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(
        dry.stdout.ends_with("Sync/LatestID would go from 5 to 9; --apply does it\n"),
        "{dry:?}"
    );
    assert_eq!(agency.get("Sync/LatestID"), json!(5));
    assert_eq!(agency.run("increase_latest_id", &["--apply"]).code, Some(0));
    assert_eq!(agency.get("Sync/LatestID"), json!(9));
    assert_eq!(agency.run("increase_latest_id", &["--by", "3", "--apply"]).code, Some(0));
    assert_eq!(agency.get("Sync/LatestID"), json!(12));
    assert_eq!(agency.run("increase_latest_id", &["--by", "0"]).code, Some(2));
}

#[test]
fn maintenance_is_ended_only_when_told() {
    let agency = Agency::start();
    let until = json!({"Mode": "maintenance", "Until": "2999-01-01T00:00:00Z"});
    agency.client.set("Supervision/Maintenance", json!("2999-01-01T00:00:00Z")).unwrap();
    for id in ["PRMR-1", "PRMR-2"] {
        agency.client.set(&format!("Target/MaintenanceDBServers/{id}"), until.clone()).unwrap();
    }
    assert_eq!(agency.run("clear_maintenance", &[]).stdout.lines().count(), 3);
    assert!(agency.client.exists("Supervision/Maintenance").unwrap());
    assert_eq!(agency.run("clear_maintenance", &["--server", "PRMR-1", "--apply"]).code, Some(0));
    assert_eq!(agency.get("Target/MaintenanceDBServers"), json!({"PRMR-2": until}));
    assert_eq!(agency.run("clear_maintenance", &["--apply"]).code, Some(0));
    assert!(!agency.client.exists("Supervision/Maintenance").unwrap());
    assert_eq!(agency.run("clear_maintenance", &[]).stdout, "nothing is in maintenance\n");
}

#[test]
fn failed_coordinators_are_removed_and_others_are_not() {
    let agency = Agency::start();
    // the supervision would write health records of its own
    agency.client.set("Supervision/Maintenance", json!("2999-01-01T00:00:00Z")).unwrap();
    for (id, status) in [("CRDN-1", "FAILED"), ("CRDN-2", "GOOD"), ("CRDN-3", "FAILED")] {
        agency.client.set(&format!("Plan/Coordinators/{id}"), json!("none")).unwrap();
        agency.client.set(&format!("Supervision/Health/{id}"), json!({"Status": status})).unwrap();
        agency.client.set(&format!("Current/ServersKnown/{id}"), json!({"rebootId": 1})).unwrap();
    }
    let dry = agency.run("remove_zombie_coordinators", &[]);
    assert_eq!(dry.stdout.lines().count(), 2, "{dry:?}");
    assert!(agency.client.exists("Plan/Coordinators/CRDN-1").unwrap());
    let done = agency.run("remove_zombie_coordinators", &["--keep", "CRDN-3", "--apply"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "CRDN-1 is removed\n"), "{done:?}");
    assert_eq!(agency.get("Plan/Coordinators"), json!({"CRDN-2": "none", "CRDN-3": "none"}));
    assert!(!agency.client.exists("Current/ServersKnown/CRDN-1").unwrap());
    assert!(agency.client.exists("Target/RemovedServers/CRDN-1").unwrap());
}

#[test]
fn servers_jobs_and_faults_are_counted() {
    let agency = Agency::start();
    let job = json!({"type": "moveShard", "shard": "s1", "timeCreated": "2025-01-02T03:04:05Z"});
    agency.client.set("Target/Finished/1", job.clone()).unwrap();
    agency.client.set("Target/Failed/2", job).unwrap();
    let jobs = agency.run("show_jobs", &[]);
    assert!(jobs.stdout.contains("Failed") && !jobs.stdout.contains("Finished"), "{jobs:?}");
    assert!(jobs.stderr.contains("1 jobs shown, 1 finished"), "{jobs:?}");
    assert!(agency.run("show_jobs", &["--finished"]).stdout.contains("Finished"));
    assert!(agency.run("show_servers", &[]).stdout.contains("AGNT-"));
    let found = agency.run("analyze", &[]);
    assert_eq!(found.code, Some(5), "{found:?}");
    assert!(found.stdout.contains("jobs-failed"), "{found:?}");
    let broken = agencysh(&["run", &script("analyze"), "--dump", "/no/such/dump"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
}
