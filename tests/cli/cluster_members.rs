//! DB-servers and coordinators as processes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::cluster::{Up, wait_for};
use crate::support::{Folder, agencysh};

fn topology(up: &Up) -> Value {
    serde_json::from_slice(&std::fs::read(up.file()).unwrap()).unwrap()
}

/// A server of the topology, by its name.
fn server(up: &Up, name: &str) -> Value {
    let topology = topology(up);
    let lists = ["agents", "dbservers", "coordinators"].map(|list| topology[list].clone());
    let mut servers = lists.iter().flat_map(|list| list.as_array().unwrap());
    servers.find(|server| server["name"] == name).unwrap().clone()
}

fn id(up: &Up, name: &str) -> String {
    server(up, name)["id"].as_str().unwrap().to_owned()
}

fn pid(server: &Value) -> Pid {
    Pid::from_raw(i32::try_from(server["pid"].as_u64().unwrap()).unwrap())
}

/// What the agency has at a path.
fn value(up: &Up, path: &str) -> Value {
    let code = format!("json::stringify(agency::current().get(\"{path}\"))");
    serde_json::from_str(&up.eval(&code)).unwrap()
}

fn get(server: &Value, path: &str) -> Result<Value, ureq::Error> {
    let url = format!("{}{path}", server["url"].as_str().unwrap());
    let text = ureq::get(url).call()?.body_mut().read_to_string()?;
    Ok(serde_json::from_str(&text).unwrap())
}

#[test]
fn s1_all_members_are_registered_and_good_when_the_cluster_is_ready() {
    let up = Up::start(&["--agents", "1", "--dbservers", "2", "--coordinators", "1"]);
    let topology = topology(&up);
    for (list, key, prefix) in
        [("dbservers", "DBServers", "PRMR-"), ("coordinators", "Coordinators", "CRDN-")]
    {
        for (server, number) in topology[list].as_array().unwrap().iter().zip(1..) {
            let id = server["id"].as_str().unwrap();
            assert!(id.starts_with(prefix), "{id}");
            assert_eq!(server["role"], list.trim_end_matches('s'));
            assert_eq!(server["name"], format!("{}{number}", list.trim_end_matches('s')));
            assert_eq!(get(server, "/_admin/server/id").unwrap()["id"], id);
            assert_eq!(value(&up, &format!("Plan/{key}/{id}")), "none");
            assert_eq!(value(&up, &format!("Current/{key}/{id}")), "none");
            assert_eq!(value(&up, &format!("Current/ServersKnown/{id}/rebootId")), 1);
            let registered = value(&up, &format!("Current/ServersRegistered/{id}/endpoint"));
            assert_eq!(registered, server["endpoint"]);
            let short = value(&up, &format!("Target/MapUniqueToShortID/{id}/ShortName"));
            let health = value(&up, &format!("Supervision/Health/{id}"));
            assert_eq!((&health["Status"], &health["ShortName"]), (&json!("GOOD"), &short));
        }
    }
    assert_eq!(topology["dbservers"].as_array().unwrap().len(), 2);
    assert_eq!(topology["coordinators"].as_array().unwrap().len(), 1);
    assert_eq!(value(&up, "Supervision/State/Mode"), "Normal");
    let asked = up.eval("arango::get(\"/_admin/server/id\").id");
    assert_eq!(asked.trim(), topology["coordinators"][0]["id"]);
    let status = up.order(&["status"]).stdout;
    assert_eq!(status.lines().count(), 4, "{status}");
    assert!(status.contains("coordinator1 running"), "{status}");
}

#[test]
fn members_speak_tls_with_each_other_and_with_those_who_hold_the_secret() {
    let folder = Folder::new();
    let secret = folder.file("secret", "s3cret\n");
    let words = ["--agents", "1", "--dbservers", "1", "--coordinators", "1", "--tls"];
    let up = Up::start(&[&words[..], &["--jwt-secret-file", &secret]].concat());
    let url = server(&up, "coordinator1")["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://"), "{url}");
    assert_eq!(up.eval("arango::get(\"/_admin/server/role\").role").trim(), "COORDINATOR");
    assert_eq!(value(&up, "Current/DBServers"), json!({ id(&up, "dbserver1"): "none" }));
}

#[test]
fn s3_members_are_killed_paused_and_restarted_by_name_or_id() {
    let up = Up::start(&["--agents", "1", "--dbservers", "1", "--coordinators", "1"]);
    let (db, co) = (id(&up, "dbserver1"), id(&up, "coordinator1"));
    let reboot_id = |id: &str| value(&up, &format!("Current/ServersKnown/{id}/rebootId"));
    let short = |id: &str| value(&up, &format!("Target/MapUniqueToShortID/{id}/ShortName"));
    assert_eq!(short(&db), "DBServer0001");
    // A clean shutdown, and a kill.
    assert_eq!(up.order(&["restart", "dbserver1"]).code, Some(0));
    wait_for("it is registered again", || reboot_id(&db) == 2);
    assert_eq!(short(&db), "DBServer0001");
    assert_eq!(up.order(&["kill", &co]).code, Some(0));
    assert_eq!(value(&up, &format!("Current/Coordinators/{co}")), "none");
    assert!(get(&server(&up, "coordinator1"), "/_api/version").is_err());
    assert_eq!(up.order(&["restart", "coordinator1"]).code, Some(0));
    wait_for("it is registered again", || reboot_id(&co) == 2);
    assert_eq!(short(&co), "Coordinator0002");
    assert_eq!((id(&up, "dbserver1"), id(&up, "coordinator1")), (db.clone(), co));
    assert_eq!(up.order(&["pause", &db]).code, Some(0));
    assert!(up.order(&["status"]).stdout.contains("dbserver1    paused"));
    assert_eq!(up.order(&["resume", "dbserver1"]).code, Some(0));
    wait_for("it answers", || get(&server(&up, "dbserver1"), "/_api/version").is_ok());
    assert_eq!(reboot_id(&db), 2);
    let unknown = up.order(&["kill", "dbserver9"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("coordinator1"), "{}", unknown.stderr);
}

#[test]
fn the_crash_of_a_member_is_told_and_its_clean_end_is_none() {
    let up = Up::start(&["--agents", "1", "--dbservers", "2"]);
    kill(pid(&server(&up, "dbserver1")), Signal::SIGKILL).unwrap();
    wait_for("the status shows the crash", || up.order(&["status"]).code == Some(5));
    assert!(up.order(&["status"]).stdout.contains("dbserver1    crashed"));
    let other = id(&up, "dbserver2");
    kill(pid(&server(&up, "dbserver2")), Signal::SIGTERM).unwrap();
    wait_for("it has ended", || up.order(&["status"]).stdout.contains("dbserver2    ended"));
    assert_eq!(value(&up, &format!("Current/DBServers/{other}")), json!(null));
    assert_eq!(value(&up, &format!("Current/ServersRegistered/{other}")), json!(null));
    assert_eq!(value(&up, &format!("Plan/DBServers/{other}")), "none");
    assert_eq!(value(&up, &format!("Current/ServersKnown/{other}/rebootId")), 1);
    up.order(&["down"]);
    let (code, report) = up.ended();
    assert_eq!(code, Some(0));
    assert!(report.contains("dbserver1") && report.contains("signal 9"), "{report}");
    assert!(report.contains("dbserver2") && report.contains("exit status 0"), "{report}");
}

#[test]
fn members_join_a_dump_whose_servers_have_been_renamed() {
    let folder = Folder::new();
    let dump = json!({ "arango": {
        "Plan": { "Version": 5, "DBServers": { "PRMR-old": "none" }, "Coordinators": {} },
        "Current": { "Version": 5, "Coordinators": {}, "DBServers": {} },
        "Target": { "LatestDBServerId": 4, "leader": "PRMR-old" },
        "Sync": { "HeartbeatIntervalMs": 1000 },
        // Nobody waits for the servers of the dump then.
        "Supervision": { "Health": {}, "Maintenance": "2999-01-01T00:00:00Z" },
    }});
    let dump = folder.file("dump.json", dump.to_string());
    let words = ["--agents", "1", "--dbservers", "1", "--from", &dump];
    let up = Up::start(&[&words[..], &["--rename", "PRMR-old=PRMR-new"]].concat());
    let own = id(&up, "dbserver1");
    assert_eq!(value(&up, "Plan/DBServers"), json!({ "PRMR-new": "none", &*own: "none" }));
    assert_eq!(value(&up, "Target/leader"), "PRMR-new");
    let short = value(&up, &format!("Target/MapUniqueToShortID/{own}/ShortName"));
    assert_eq!(short, "DBServer0005");
    for (more, part) in [
        (&["--rename", "PRMR-x=PRMR-y"][..], "does not mention"),
        (&["--rename", "PRMR-x"], "OLD=NEW"),
    ] {
        let said = agencysh(&[&["cluster", "up", "--from", &dump], more].concat());
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
    let said = agencysh(&["cluster", "up", "--rename", "a=b"]);
    assert!(said.code == Some(2) && said.stderr.contains("--from"), "{}", said.stderr);
}

/// A member of its own, which ends with the test.
struct Member(Child);

impl Member {
    fn start(words: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_agencysh"))
            .args(["arangod", "--server.endpoint", "tcp://127.0.0.1:0"])
            .args(words)
            .stderr(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Waits for a line of its log.
    fn logs(&mut self, part: &str) {
        let mut lines = BufReader::new(self.0.stderr.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(part)), "it never said {part}");
    }

    fn terminate(&self) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), Signal::SIGTERM).unwrap();
    }

    fn ended(mut self) -> (Option<i32>, String) {
        let mut text = String::new();
        self.0.stderr.as_mut().unwrap().read_to_string(&mut text).unwrap();
        (self.0.wait().unwrap().code(), text)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // it may have ended
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_member_waits_for_an_agency_that_is_not_there() {
    let words = ["--cluster.my-role", "DBSERVER", "--cluster.agency-endpoint", "tcp://127.0.0.1:9"];
    let mut member = Member::start(&[&words[..], &["--server.authentication", "false"]].concat());
    member.logs("waiting for the agency at tcp://127.0.0.1:9");
    member.terminate();
    assert_eq!(member.ended().0, Some(0));
}

#[test]
fn a_member_with_another_secret_is_not_let_in() {
    let folder = Folder::new();
    let (secret, other) = (folder.file("secret", "s3cret\n"), folder.file("other", "other\n"));
    let up = Up::start(&["--agents", "1", "--dbservers", "1", "--jwt-secret-file", &secret]);
    let agent = server(&up, "agent1");
    let agent = agent["endpoint"].as_str().unwrap();
    let words = ["--cluster.my-role", "COORDINATOR", "--cluster.agency-endpoint", agent];
    let with = |file| [&words[..], &["--server.jwt-secret-keyfile", file]].concat();
    let (code, text) = Member::start(&with(&other)).ended();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("does not let this server in"), "{text}");
    let mut member = Member::start(&with(&secret));
    member.logs("serves at");
    member.terminate();
    assert_eq!(member.ended().0, Some(0));
    assert!(get(&server(&up, "dbserver1"), "/_admin/server/id").is_err(), "it asks for a token");
}

#[test]
fn a_member_keeps_to_its_own_directory() {
    let folder = Folder::new();
    let data = folder.path().to_string_lossy().into_owned();
    folder.file("UUID", "CRDN-1\n");
    let start = |role| {
        let words = ["--cluster.my-role", role, "--cluster.agency-endpoint", "tcp://127.0.0.1:9"];
        let more = ["--server.authentication", "false", "--database.directory", &data];
        Member::start(&[&words[..], &more].concat())
    };
    let (code, text) = start("DBSERVER").ended();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("belongs to CRDN-1, which is no DB-server"), "{text}");
    let mut first = start("COORDINATOR");
    first.logs("waiting for the agency");
    let (code, text) = start("COORDINATOR").ended();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("in use by another server"), "{text}");
}

#[test]
fn arangod_says_which_members_it_cannot_be() {
    let agency = ["--cluster.agency-endpoint", "tcp://127.0.0.1:9"];
    for (words, part) in [
        (&["--cluster.my-role", "SINGLE"][..], "there is no single server"),
        (&["--cluster.my-role", "BOSS"], "'BOSS' is no role"),
        (&["--agency.activate", "true", "--cluster.my-role", "DBSERVER"], "exclude each other"),
        (&["--cluster.my-role", "DBSERVER", "--cluster.my-address", "here"], "'here'"),
    ] {
        let said = agencysh(&[&["arangod"], words, &agency].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
    let said = agencysh(&["arangod", "--cluster.my-role", "DBSERVER"]);
    assert!(said.code == Some(2) && said.stderr.contains("--cluster.agency-endpoint"));
}

#[test]
fn the_size_and_the_times_of_a_cluster_are_checked() {
    for (words, part) in [
        (&["--dbservers", "101"][..], "from 0 to 100"),
        (&["--coordinators", "-1"], "-1"),
        (&["--port-base", "65534", "--dbservers", "1"], "no ports for 4 servers"),
        (&["--supervision-frequency", "0"], "above 0"),
        (&["--supervision-ok-threshold", "20"], "must be less"),
    ] {
        let said = agencysh(&[&["cluster", "up"], words].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
}
