//! Members of embedded clusters, asked over HTTP and through the agency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ClusterConfig, ClusterSize, EmbeddedCluster, ServerState};
use crate::client::{AgencyClient, ClientOptions};
use crate::deadline::Deadline;
use crate::http::{Endpoint, HttpClient, HttpError, HttpOptions, Request};
use crate::standin::StandinError;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Quick heartbeats, so that tests see the next one soon.
const HEARTBEAT: Duration = Duration::from_millis(50);

struct World {
    cluster: EmbeddedCluster,
    agency: AgencyClient,
}

impl World {
    fn start(dbservers: usize, coordinators: usize) -> Self {
        let size = ClusterSize { agents: 1, dbservers, coordinators };
        let cluster = EmbeddedCluster::start_configured(
            size,
            ClusterConfig { heartbeat: HEARTBEAT, ..ClusterConfig::default() },
        )
        .unwrap();
        let endpoints = cluster.endpoints();
        let endpoints = endpoints.iter().map(|url| Endpoint::parse(url).unwrap());
        let options = ClientOptions { endpoints: endpoints.collect(), ..ClientOptions::default() };
        let agency = AgencyClient::new(options, Deadline::default()).unwrap();
        Self { cluster, agency }
    }

    fn get(&self, path: &str) -> Value {
        self.agency.get(path).unwrap().unwrap_or_default()
    }

    fn id(&self, name: &str) -> String {
        let servers = self.cluster.servers();
        servers.iter().find(|server| server.name == name).unwrap().id.clone()
    }

    fn url(&self, name: &str) -> String {
        let servers = self.cluster.servers();
        servers.iter().find(|server| server.name == name).unwrap().url.clone()
    }

    fn state(&self, name: &str) -> ServerState {
        let servers = self.cluster.servers();
        servers.iter().find(|server| server.name == name).unwrap().state
    }

    /// What the transient tree has of a member.
    fn heartbeat(&self, id: &str) -> Value {
        let path = format!("/arango/Sync/ServerStates/{id}");
        let read = self.agency.transient(&[json!([path])]).unwrap();
        read[0].pointer(&path).cloned().unwrap_or_default()
    }

    fn reboot_id(&self, id: &str) -> Value {
        self.get(&format!("Current/ServersKnown/{id}/rebootId"))
    }
}

fn ask(method: &str, url: String, body: &str, limit: Duration) -> Result<(u16, Value), HttpError> {
    let http = HttpClient::new(HttpOptions { timeout: limit, ..HttpOptions::default() })?;
    let answer = http.send(Request::new(method, url).body(body), &Deadline::default())?;
    Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

fn get(url: String) -> (u16, Value) {
    ask("GET", url, "", PATIENCE).unwrap()
}

#[track_caller]
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn s1_every_member_of_a_fresh_cluster_is_registered() {
    let world = World::start(3, 2);
    let servers = world.cluster.servers();
    let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
    let expected =
        ["agent1", "dbserver1", "dbserver2", "dbserver3", "coordinator1", "coordinator2"];
    assert_eq!(names, expected);
    let mut short_names = Vec::new();
    for server in servers.iter().filter(|server| server.role != "agent") {
        let id = &server.id;
        let (list, prefix) = match server.role {
            "dbserver" => ("DBServers", "PRMR-"),
            _ => ("Coordinators", "CRDN-"),
        };
        assert!(id.starts_with(prefix), "{id}");
        assert_eq!(world.get(&format!("Plan/{list}/{id}")), json!("none"));
        assert_eq!(world.get(&format!("Current/{list}/{id}")), json!("none"));
        assert_eq!(world.reboot_id(id), json!(1));
        let registered = world.get(&format!("Current/ServersRegistered/{id}"));
        assert_eq!(registered["endpoint"], server.url.replace("http://", "tcp://"));
        assert_eq!(registered["versionString"], "3.12.7");
        let short = world.get(&format!("Target/MapUniqueToShortID/{id}/ShortName"));
        short_names.push(short.as_str().unwrap().to_owned());
        wait_for("heartbeat", || world.heartbeat(id)["status"] == "SERVING");
    }
    short_names.sort();
    let all =
        ["Coordinator0001", "Coordinator0002", "DBServer0001", "DBServer0002", "DBServer0003"];
    assert_eq!(short_names, all);
    wait_for("mode", || world.get("Supervision/State/Mode") == "Normal");
    let bootstrap = world.get("Bootstrap");
    assert!(bootstrap.as_str().unwrap().ends_with(": done"), "{bootstrap}");
    assert_eq!(world.get("SystemCollectionsCreated"), json!(true));
    wait_for("Foxxmaster", || {
        let master = world.get("Current/Foxxmaster");
        servers.iter().any(|server| server.role == "coordinator" && master == *server.id)
    });
}

#[test]
fn s2_ids_are_unique_whichever_client_asks() {
    let world = World::start(1, 1);
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let endpoints = world.cluster.endpoints();
            std::thread::spawn(move || {
                let endpoints = endpoints.iter().map(|url| Endpoint::parse(url).unwrap());
                let options =
                    ClientOptions { endpoints: endpoints.collect(), ..ClientOptions::default() };
                let client = AgencyClient::new(options, Deadline::default()).unwrap();
                (0..20).map(|_| client.unique_id(3).unwrap()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut firsts: Vec<u64> =
        asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    firsts.sort_unstable();
    assert_eq!(firsts.len(), 80);
    assert!(firsts.windows(2).all(|pair| pair[1] >= pair[0] + 3), "{firsts:?}");
}

#[test]
fn s3_a_restarted_member_keeps_its_id_and_has_a_new_reboot_id() {
    let world = World::start(1, 1);
    for (name, short_name_stays) in [("dbserver1", true), ("coordinator1", false)] {
        let id = world.id(name);
        let short = format!("Target/MapUniqueToShortID/{id}/ShortName");
        let registered = format!("Current/ServersRegistered/{id}");
        let (short_before, url) = (world.get(&short), world.url(name));
        world
            .agency
            .set(&format!("{registered}/timestamp"), json!("2000-01-01T00:00:00Z"))
            .unwrap();
        world.cluster.restart(name).unwrap();
        assert_eq!((world.id(name), world.url(name)), (id.clone(), url.clone()));
        assert_eq!(world.reboot_id(&id), json!(2));
        assert!(world.get(&registered)["timestamp"].as_str().unwrap() > "2001");
        assert_eq!(world.get(&short) == short_before, short_name_stays);
        assert_eq!(get(format!("{url}/_admin/status")).1["serverInfo"]["rebootId"], json!(2));
    }
}

#[test]
fn c2_3_a_running_member_adopts_a_larger_reboot_id_and_no_smaller_one() {
    let world = World::start(1, 0);
    let (id, url) = (world.id("dbserver1"), world.url("dbserver1"));
    let known = || get(format!("{url}/_admin/status")).1["serverInfo"]["rebootId"].clone();
    let path = format!("Current/ServersKnown/{id}/rebootId");
    for (written, adopted) in [(5, 5), (3, 5), (6, 6)] {
        world.agency.set(&path, json!(written)).unwrap();
        wait_for("adopted", || known() == json!(adopted));
    }
    for rubbish in [json!("x"), json!({}), json!(-1), json!(null)] {
        world.agency.set(&path, rubbish).unwrap();
    }
    world.agency.set("Plan/Version", json!("rubbish")).unwrap();
    world.agency.set(&path, json!(9)).unwrap();
    wait_for("adopted", || known() == json!(9));
}

#[test]
fn c2_2_a_clean_shutdown_logs_off_and_a_kill_does_not() {
    let world = World::start(2, 0);
    let (stopped, killed) = (world.id("dbserver1"), world.id("dbserver2"));
    let version = world.get("Current/Version");
    world.cluster.stop(&stopped).unwrap();
    world.cluster.kill(&killed).unwrap();
    let there = |list: &str| {
        let list = world.get(list);
        [&stopped, &killed].map(|id| !list[id.as_str()].is_null())
    };
    assert_eq!(there("Current/DBServers"), [false, true]);
    assert_eq!(there("Current/ServersRegistered"), [false, true]);
    assert_eq!(there("Plan/DBServers"), [true, true]);
    assert_eq!(there("Current/ServersKnown"), [true, true]);
    assert_eq!(there("Target/MapUniqueToShortID"), [true, true]);
    assert!(world.get("Current/Version").as_u64() > version.as_u64());
    assert_eq!(world.heartbeat(&stopped)["status"], "SHUTDOWN");
    for name in ["dbserver1", "dbserver2"] {
        assert_eq!(world.state(name), ServerState::Stopped);
        assert!(ask("GET", world.url(name), "", PATIENCE).is_err(), "nobody listens");
        world.cluster.restart(name).unwrap();
    }
    assert_eq!(there("Current/DBServers"), [true, true]);
    assert_eq!((world.reboot_id(&stopped), world.reboot_id(&killed)), (json!(2), json!(2)));
}

#[test]
fn c2_2_a_member_that_leaves_the_cluster_is_forgotten() {
    let world = World::start(1, 1);
    let id = world.id("coordinator1");
    let version = world.get("Plan/Version").as_u64();
    let url = format!("{}/_admin/shutdown?remove_from_cluster=1", world.url("coordinator1"));
    assert_eq!(ask("DELETE", url, "", PATIENCE).unwrap(), (200, json!("OK")));
    wait_for("stopped", || world.state("coordinator1") == ServerState::Stopped);
    wait_for("forgotten", || world.get("Plan/Coordinators") == json!({}));
    assert_eq!(world.get("Current/Coordinators"), json!({}));
    for list in ["Current/ServersKnown", "Current/ServersRegistered"] {
        assert!(world.get(list).get(&id).is_none(), "{list}");
    }
    assert!(world.get("Plan/Version").as_u64() > version);
}

#[test]
fn c2_4_a_paused_member_sends_nothing_and_answers_when_it_goes_on() {
    let world = Arc::new(World::start(2, 0));
    let (id, other, url) = (world.id("dbserver1"), world.id("dbserver2"), world.url("dbserver1"));
    world.cluster.pause("dbserver1").unwrap();
    assert_eq!(world.state("dbserver1"), ServerState::Paused);
    let asked = format!("{url}/_admin/server/id");
    assert!(ask("GET", asked.clone(), "", Duration::from_millis(200)).is_err(), "it answers");
    // One may have been on its way.
    let later = |id: &str| world.heartbeat(id)["time"].clone();
    let (before, other_before) = (later(&id), later(&other));
    wait_for("time passes", || later(&other) != other_before && later(&other) != before);
    let silent_since = later(&id);
    let now = later(&other);
    wait_for("time passes", || later(&other) != now);
    assert_eq!(later(&id), silent_since);
    let waiting = std::thread::spawn(move || ask("GET", asked, "", PATIENCE));
    world.cluster.resume(&id).unwrap();
    assert_eq!(waiting.join().unwrap().unwrap().1["id"], json!(id));
    wait_for("heartbeat", || later(&id) != silent_since);
    assert_eq!(world.reboot_id(&id), json!(1), "it is the same incarnation");
}

#[test]
fn a_member_answers_what_every_server_answers() {
    let world = World::start(1, 1);
    for (name, role) in [("dbserver1", "PRIMARY"), ("coordinator1", "COORDINATOR")] {
        let (url, id) = (world.url(name), world.id(name));
        let value = |path: &str| {
            let (status, body) = get(format!("{url}{path}"));
            assert_eq!(status, 200, "{path}: {body}");
            body
        };
        assert_eq!(value("/_api/version")["server"], "arango");
        assert_eq!(ask("POST", format!("{url}/_api/version"), "", PATIENCE).unwrap().0, 200);
        assert_eq!(value("/_db/_system/_admin/server/id")["id"], json!(id));
        assert_eq!(value("/_admin/server/role")["role"], role);
        assert_eq!(value("/_admin/server/availability")["mode"], "default");
        let status = value("/_admin/status");
        assert_eq!(status["serverInfo"]["state"], "SERVING");
        assert_eq!(status["serverInfo"]["serverId"], json!(id));
        assert_eq!(value("/_admin/log/level")["agency"], "INFO");
        let change = |body| ask("PUT", format!("{url}/_admin/log/level"), body, PATIENCE).unwrap();
        assert_eq!(change("{\"agency\":\"debug\"}").1["agency"], "DEBUG");
        for (rubbish, expected) in [("[]", 400), ("{\"nothing\":\"info\"}", 400), ("{", 400)] {
            assert_eq!(change(rubbish).0, expected, "{rubbish}");
        }
        let status =
            |method: &str, path: &str| ask(method, format!("{url}{path}"), "", PATIENCE).unwrap().0;
        assert_eq!(status("POST", "/_admin/server/id"), 405);
        assert_eq!(status("GET", "/_admin/shutdown"), 405);
        assert_eq!(status("GET", "/_api/nothing"), 501);
    }
}

#[test]
fn a_member_answers_later_if_a_client_wishes_so() {
    let world = World::start(0, 1);
    let url = world.url("coordinator1");
    let http = HttpClient::new(HttpOptions::default()).unwrap();
    let send = |method: &str, path: &str, later: bool| {
        let mut request = Request::new(method, format!("{url}{path}"));
        if later {
            request = request.header("x-arango-async", "store");
        }
        http.send(request, &Deadline::default()).unwrap()
    };
    let deferred = send("GET", "/_admin/server/role", true);
    assert_eq!((deferred.status, deferred.body.len()), (202, 0));
    let id = deferred.header("x-arango-async-id").unwrap();
    wait_for("done", || send("GET", &format!("/_api/job/{id}"), false).status == 200);
    let kept = send("PUT", &format!("/_api/job/{id}"), false);
    let body: Value = serde_json::from_slice(&kept.body).unwrap();
    assert_eq!((kept.status, &body["role"]), (200, &json!("COORDINATOR")));
    assert_eq!(send("PUT", &format!("/_api/job/{id}"), false).status, 404);
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    let world = World::start(1, 0);
    let agent = world.cluster.agency().agent_ids()[0].clone();
    let cluster = &world.cluster;
    assert!(matches!(cluster.resume(&agent), Err(StandinError::WrongState { .. })));
    assert!(matches!(cluster.restart(&agent), Err(StandinError::NothingKept { .. })));
    assert!(matches!(cluster.pause("nobody"), Err(StandinError::UnknownServer { .. })));
    assert!(matches!(cluster.resume("dbserver1"), Err(StandinError::WrongState { .. })));
    cluster.pause("dbserver1").unwrap();
    assert!(matches!(cluster.pause("dbserver1"), Err(StandinError::WrongState { .. })));
    cluster.kill("dbserver1").unwrap();
    assert!(matches!(cluster.kill("dbserver1"), Err(StandinError::WrongState { .. })));
    assert!(matches!(cluster.restart("nobody"), Err(StandinError::UnknownServer { .. })));
    let added = world.cluster.add_dbserver().unwrap();
    assert_eq!(world.id("dbserver2"), added);
    assert_eq!(world.get(&format!("Plan/DBServers/{added}")), json!("none"));
    let short = world.get(&format!("Target/MapUniqueToShortID/{added}/ShortName"));
    assert_eq!(short, "DBServer0002");
}

#[test]
fn agents_alone_are_not_supervised() {
    let world = World::start(0, 0);
    let config = world.agency.config(None).unwrap();
    assert_eq!(config["configuration"]["supervision"], json!(false));
    assert_eq!(world.get("Sync/HeartbeatIntervalMs"), json!(50));
    assert_eq!(world.cluster.servers().len(), 1);
}

/// Three agents that keep what they know.
fn keeping_agents() -> World {
    let size = ClusterSize::agents(3);
    let config = ClusterConfig { agents_keep: true, ..ClusterConfig::default() };
    let cluster = EmbeddedCluster::start_configured(size, config).unwrap();
    let endpoints = cluster.endpoints();
    let endpoints = endpoints.iter().map(|url| Endpoint::parse(url).unwrap());
    let options = ClientOptions { endpoints: endpoints.collect(), ..ClientOptions::default() };
    let agency = AgencyClient::new(options, Deadline::default()).unwrap();
    World { cluster, agency }
}

fn leader(world: &World) -> String {
    world.cluster.agency().leader_id().unwrap_or_default()
}

#[test]
fn a_suspended_agent_is_deposed_and_catches_up_later() {
    let world = keeping_agents();
    let old = leader(&world);
    let servers = world.cluster.servers();
    let url = servers.iter().find(|server| server.id == old).unwrap().url.clone();
    world.cluster.pause(&old).unwrap();
    assert!(matches!(world.cluster.pause(&old), Err(StandinError::WrongState { .. })));
    let short = Duration::from_millis(200);
    assert!(ask("GET", format!("{url}/_api/version"), "", short).is_err());
    world.agency.set("Test/while_suspended", json!(1)).unwrap();
    assert_ne!(world.agency.leader().unwrap().id, old);
    world.cluster.resume(&old).unwrap();
    wait_for("the old leader has caught up", || {
        let stores = ask("GET", format!("{url}/_api/agency/stores"), "", PATIENCE);
        stores.is_ok_and(|(_, body)| {
            body["read_db"][0]["arango"]["Test"]["while_suspended"] == json!(1)
        })
    });
    // one that is suspended can be ended, too
    world.cluster.pause(&old).unwrap();
    world.cluster.kill(&old).unwrap();
}

#[test]
fn agents_that_keep_what_they_know_come_back_where_they_were() {
    let world = keeping_agents();
    world.agency.set("Test/kept", json!("x")).unwrap();
    let before = world.cluster.servers();
    for name in ["agent1", "agent2", "agent3"] {
        world.cluster.kill(name).unwrap();
        assert_eq!(world.state(name), ServerState::Stopped);
        assert!(matches!(world.cluster.stop(name), Err(StandinError::WrongState { .. })));
    }
    for name in ["agent1", "agent2", "agent3"] {
        world.cluster.restart(name).unwrap();
    }
    assert_eq!(world.cluster.servers(), before);
    assert_eq!(world.get("Test/kept"), "x");
    world.cluster.restart("agent2").unwrap();
    world.agency.set("Test/kept", json!("y")).unwrap();
}
