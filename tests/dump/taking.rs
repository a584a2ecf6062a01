//! Taking dumps.

use std::time::{Duration, Instant};

use agencysh::auth::Secret;
use agencysh::client::ClientAuth;
use agencysh::deadline::Stop;
use agencysh::dump::{AgentToAsk, DumpOptions, Packing, Place, State, agents_of, take_of};
use agencysh::standin::EmbeddedAgency;
use serde_json::Value;

use crate::server::{Reply, Seen, Server, closed_port, json, redirect, reply};
use crate::support::{agent, client, fake, files, names, options, take};

const PACKINGS: [Packing; 3] = [Packing::Zip, Packing::Gzip, Packing::Folder];

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn d101_each_agent_gives_its_own_tree_and_the_manifest_says_how() {
    let agency = EmbeddedAgency::start(3).unwrap();
    let client = client(&agency.endpoints()[0], ClientAuth::None);
    client.set("Test/dump", 17.into()).unwrap();
    let leader = client.leader().unwrap().id;
    let agents = agents_of(&client);
    assert_eq!(agents.len(), 3);
    let folder = tempfile::tempdir().unwrap();
    for packing in PACKINGS {
        let options = DumpOptions { packing, ..options(folder.path()) };
        let taken = take(&client, &agents, &options).unwrap();
        assert_eq!(taken.answered, 3);
        let files = files(&taken.archive, packing);
        let expected = ["agencyConfig", "agencyPlan", "agencyState"];
        let expected =
            expected.iter().flat_map(|what| (1..=3).map(move |n| format!("{what}_agent{n}.json")));
        let expected: Vec<String> = expected.chain(["manifest.json".to_owned()]).collect();
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), expected);
        let manifest = parse(&files["manifest.json"]);
        for agent in manifest["agents"].as_array().unwrap() {
            let leads = agent["id"] == leader.as_str();
            assert_eq!(agent["leader"], leads);
            assert_eq!(agent["plan_source"], if leads { "read" } else { "stores" });
            assert_eq!(agent["errors"], serde_json::json!([]));
            let name = agent["name"].as_str().unwrap();
            let plan = parse(&files[&format!("agencyPlan_{name}.json")]);
            // a follower may learn of the write a moment later
            if leads {
                assert_eq!(plan[0]["arango"]["Test"]["dump"], 17);
            }
            assert!(plan[0]["arango"].is_object(), "{plan}");
            let config = parse(&files[&format!("agencyConfig_{name}.json")]);
            assert_eq!(config["configuration"]["id"], agent["id"]);
            assert!(parse(&files[&format!("agencyState_{name}.json")])["log"].is_array());
        }
    }
    assert_eq!(names(folder.path()), ["agencydump_1", "agencydump_1.json.gz", "agencydump_1.zip"]);
}

#[test]
fn m71_agents_that_fail_do_not_prevent_the_others_files() {
    let good =
        fake(r#"{"leaderId":"A","configuration":{"id":"A"}}"#, r#"{"log":[]}"#, r#"{"a":1}"#);
    let html = Server::start(|_| reply(200, &[], "<html>busy</html>"));
    let refusing = Server::start(|_| json(503, r#"{"error":true,"code":503}"#));
    let cutting = Server::start(|_| {
        Reply::RawClose(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":".to_vec())
    });
    let client = client(&good.url, ClientAuth::None);
    let mut dead = agent("dead", Some(5), "http://127.0.0.1:1");
    dead.state = State::Dead { end: "signal 9".to_owned() };
    let agents = [
        agent("gone", Some(1), &closed_port()),
        agent("html", Some(2), &html.url),
        agent("refusing", Some(3), &refusing.url),
        agent("cutting", Some(4), &cutting.url),
        dead,
        agent("good", Some(6), &good.url),
    ];
    let folder = tempfile::tempdir().unwrap();
    for packing in PACKINGS {
        let options =
            DumpOptions { packing, reason: "why not".to_owned(), ..options(folder.path()) };
        let taken = take(&client, &agents, &options).unwrap();
        assert_eq!(taken.answered, 3, "{:?}", taken.manifest);
        let files = files(&taken.archive, packing);
        let mut found: Vec<&str> = files.keys().map(|name| &**name).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "agencyConfig_2.txt",
                "agencyConfig_3.error.json",
                "agencyConfig_6.json",
                "agencyPlan_2.txt",
                "agencyPlan_3.error.json",
                "agencyPlan_6.json",
                "agencyState_2.txt",
                "agencyState_3.error.json",
                "agencyState_6.json",
                "manifest.json",
            ]
        );
        assert_eq!(files["agencyState_2.txt"], "<html>busy</html>");
        let refused = parse(&files["agencyState_3.error.json"]);
        assert_eq!((&refused["status"], &refused["body"]["code"]), (&503.into(), &503.into()));
        assert!(refused["headers"]["content-type"].is_string());
        let manifest = parse(&files["manifest.json"]);
        assert_eq!(manifest["reason"], "why not");
        let agents = manifest["agents"].as_array().unwrap();
        let kinds = |place: usize| {
            let errors = agents[place]["errors"].as_array().unwrap();
            errors.iter().map(|error| error["kind"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(0), ["http.unreachable"; 3]);
        assert_eq!(kinds(1), ["agency.bad_answer"; 3]);
        assert_eq!(kinds(2), ["agency.refused"; 3]);
        assert_eq!(kinds(3), ["http.truncated"; 3]);
        assert_eq!((&agents[4]["state"], &agents[4]["exit"]), (&"dead".into(), &"signal 9".into()));
        assert!(agents[5]["errors"].as_array().unwrap().is_empty());
    }
}

#[test]
fn an_agent_that_loses_its_leadership_meanwhile_gives_its_tree_all_the_same() {
    let config = r#"{"leaderId":"A","configuration":{"id":"A"}}"#;
    let answer = |stores: u16| {
        move |seen: &Seen| match &*seen.target {
            "/_api/agency/config" => json(200, config),
            "/_api/agency/read" => redirect(307, "http://127.0.0.1:1/"),
            _ => json(stores, r#"{"read_db":[{"a":1}]}"#),
        }
    };
    let (losing, failing) = (Server::start(answer(200)), Server::start(answer(500)));
    let client = client(&losing.url, ClientAuth::None);
    let agents = [agent("losing", None, &losing.url), agent("failing", None, &failing.url)];
    let folder = tempfile::tempdir().unwrap();
    let taken = take(&client, &agents, &options(folder.path())).unwrap();
    let files = files(&taken.archive, Packing::Zip);
    assert_eq!(files["agencyPlan_losing.json"], r#"[{"a":1}]"#);
    let [losing, failing] = &taken.manifest.agents[..] else { panic!("two agents") };
    assert_eq!((losing.plan_source.as_deref(), losing.errors.len()), (Some("stores"), 0));
    let statuses: Vec<_> = failing.errors.iter().map(|error| error.status).collect();
    assert_eq!(statuses, [Some(500), Some(500), Some(307)]);
    assert_eq!(parse(&files["agencyPlan_failing.error.json"])["status"], 307);
}

#[test]
fn d105_a_suspended_agent_is_not_asked_but_noted() {
    let silent = Server::start(|_| Reply::Hang);
    let mut suspended = agent("agent1", Some(7), &silent.url);
    suspended.state = State::Suspended;
    let folder = tempfile::tempdir().unwrap();
    let client = client(&silent.url, ClientAuth::None);
    let taken = take(&client, &[suspended], &options(folder.path())).unwrap();
    assert!(silent.seen().is_empty());
    let record = &taken.manifest.agents[0];
    assert_eq!(record.state, "suspended");
    assert!(record.skipped.as_ref().unwrap().contains("suspended"));
    assert!(record.files.is_empty() && record.errors.is_empty());
}

#[test]
fn m70_a_second_dump_never_replaces_the_first() {
    let agent_server = fake("{}", r#"{"log":[]}"#, "{}");
    let client = client(&agent_server.url, ClientAuth::None);
    let agents = [agent("a", None, &agent_server.url)];
    for packing in PACKINGS {
        let folder = tempfile::tempdir().unwrap();
        let options = DumpOptions { packing, ..options(folder.path()) };
        let taken: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| take(&client, &agents, &options).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let ending = packing.ending();
        let expected = ["agencydump_1", "agencydump_1_1", "agencydump_1_2", "agencydump_1_3"];
        let expected: Vec<String> = expected.iter().map(|name| format!("{name}{ending}")).collect();
        assert_eq!(names(folder.path()), expected);
        for taken in taken {
            assert_eq!(files(&taken.archive, packing).len(), 4);
        }
    }
}

#[test]
fn m70_a_place_that_is_taken_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.zip");
    std::fs::write(&path, "mine").unwrap();
    let silent = Server::start(|_| Reply::Hang);
    let client = client(&silent.url, ClientAuth::None);
    let options = DumpOptions::new(Place::Exactly(path.clone()));
    let error = take(&client, &[agent("a", None, &silent.url)], &options).unwrap_err();
    assert_eq!(error.kind(), "dump.failed");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(silent.seen().is_empty());
    assert_eq!(names(folder.path()), ["mine.zip"]);
}

#[test]
fn m13_no_secret_of_the_run_gets_into_a_dump() {
    let secret = "sesame/open\"now";
    let auth = ClientAuth::secret(Secret::new(secret.as_bytes()).unwrap());
    // a server that says whatever it was told
    let telling = Server::start(move |seen| {
        let token = seen.header("authorization").unwrap().to_owned();
        let body = serde_json::json!({
            "token_of_request": token, "key": secret, "jwt-secret": "other", "list": [token],
        });
        match &*seen.target {
            "/_api/agency/state" => reply(200, &[], &format!("no JSON: {secret} {token}")),
            "/_api/agency/config" => reply(401, &[("x-echo", &token)], &body.to_string()),
            _ => json(200, &serde_json::json!({ "read_db": [body] }).to_string()),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(&telling.url, auth);
    for packing in PACKINGS {
        let options = DumpOptions { packing, ..options(folder.path()) };
        let taken = take(&client, &[agent("a", None, &telling.url)], &options).unwrap();
        let files = files(&taken.archive, packing);
        let token =
            telling.seen()[0].header("authorization").unwrap()["bearer ".len()..].to_owned();
        assert_eq!(files.len(), 4);
        for (name, text) in &files {
            assert!(!text.contains(&token), "{name}");
            assert!(!text.contains("sesame"), "{name}: {text}");
        }
        assert_eq!(files["agencyState_a.txt"], "no JSON: *** bearer ***");
        let plan = parse(&files["agencyPlan_a.json"]);
        assert_eq!(plan[0]["key"], "***");
        assert_eq!(plan[0]["jwt-secret"], "***");
    }
}

#[test]
fn m27_a_redirect_is_an_answer() {
    let other = fake("{}", "{}", "{}");
    let location = format!("{}/_api/agency/state", other.url);
    let redirecting = Server::start(move |_| redirect(307, &location));
    let folder = tempfile::tempdir().unwrap();
    let client = client(&redirecting.url, ClientAuth::None);
    let taken =
        take(&client, &[agent("a", None, &redirecting.url)], &options(folder.path())).unwrap();
    assert!(other.seen().is_empty());
    let files = files(&taken.archive, Packing::Zip);
    assert_eq!(parse(&files["agencyState_a.error.json"])["status"], 307);
}

#[test]
fn m72_silent_agents_cost_no_more_than_the_time_for_the_whole() {
    let silent = Server::start(|_| Reply::Hang);
    let trickling = Server::start(|_| {
        Reply::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec())
    });
    let good = fake("{}", "{}", "{}");
    let agents = [
        agent("silent", None, &silent.url),
        agent("trickling", None, &trickling.url),
        agent("good", None, &good.url),
    ];
    let folder = tempfile::tempdir().unwrap();
    let client = client(&good.url, ClientAuth::None);
    let begin = Instant::now();
    let whole_limit = Duration::from_millis(400);
    let options = DumpOptions { whole_limit, ..options(folder.path()) };
    let taken = take(&client, &agents, &options).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    for place in [0, 1] {
        let errors = &taken.manifest.agents[place].errors;
        assert_eq!(errors.len(), 3);
        assert!(
            errors.iter().all(|error| matches!(&*error.kind, "dump.timeout" | "http.timeout")),
            "{errors:?}"
        );
    }
    assert_eq!(taken.manifest.agents[2].files.len(), 3);
}

#[test]
fn each_request_has_a_limit_of_its_own() {
    let silent = Server::start(|seen| match &*seen.target {
        "/_api/agency/state" => Reply::Hang,
        _ => json(200, "{\"read_db\": [{}]}"),
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(&silent.url, ClientAuth::None);
    let options =
        DumpOptions { request_limit: Duration::from_millis(300), ..options(folder.path()) };
    let taken = take(&client, &[agent("a", None, &silent.url)], &options).unwrap();
    let record = &taken.manifest.agents[0];
    assert_eq!(record.files.len(), 2, "{record:?}");
    assert_eq!(record.errors[0].kind, "http.timeout");
    assert_eq!(record.errors[0].file, "agencyState_a");
}

#[test]
fn a_dump_that_is_called_off_leaves_nothing() {
    let silent = Server::start(|_| Reply::Hang);
    let folder = tempfile::tempdir().unwrap();
    let client = client(&silent.url, ClientAuth::None);
    for packing in PACKINGS {
        let options = DumpOptions { packing, ..options(folder.path()) };
        let agents = [agent("a", None, &silent.url)];
        let before = silent.seen().len();
        let is_over = || match silent.seen().len() > before {
            true => Err(Stop::Interrupted),
            false => Ok(()),
        };
        let error =
            take_of(&client, &agents, Vec::new(), &options, &is_over, &mut |_| {}).unwrap_err();
        assert!(
            matches!(error, agencysh::dump::DumpError::Stopped(Stop::Interrupted)),
            "{error:?}"
        );
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn d104_files_of_agents_with_one_name_do_not_collide() {
    let server = fake("{}", "{}", "{}");
    let agents: Vec<AgentToAsk> =
        ["a/b", "a b", "a_b"].map(|name| agent(name, None, &server.url)).into();
    let folder = tempfile::tempdir().unwrap();
    let taken =
        take(&client(&server.url, ClientAuth::None), &agents, &options(folder.path())).unwrap();
    assert_eq!(files(&taken.archive, Packing::Zip).len(), 10);
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let server = fake("{}", "{}", "{}");
    let client = client(&server.url, ClientAuth::None);
    let error = take(&client, &[agent("a", None, &server.url)], &options(&file)).unwrap_err();
    assert_eq!(error.kind(), "dump.failed");
    assert!(error.to_string().contains("file"), "{error}");
}
