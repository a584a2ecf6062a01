//! `dump`: taking dumps of clusters that run, and showing what is in them.

use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::Up;
use crate::support::{Folder, Said, agencysh};

const SECRET: &str = "sesame-and-poppy";

fn dump(up: &Up, folder: &Folder, words: &[&str]) -> Said {
    let output = format!("{}/", folder.path().display());
    agencysh(&[&["--topology", up.file(), "dump", "--output", &output], words].concat())
}

fn archive(said: &Said) -> String {
    said.stdout.trim_end().to_owned()
}

fn manifest(archive: &str) -> Value {
    let said = agencysh(&["dump", "agents", archive, "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    serde_json::from_str(&said.stdout).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_dump_of_a_running_cluster_holds_everything_and_no_secret() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let up = Up::start(&["--jwt-secret-file", &secret]);
    up.eval(&format!("let a = agency::current(); a.set(\"x\", 1); a.set(\"say\", \"{SECRET}\"); a.set(\"x\", 2); ()"));
    let out = Folder::new();
    for (format, ending) in [("zip", ".zip"), ("gzip", ".json.gz"), ("json", "")] {
        let said = dump(&up, &out, &["--format", format, "--reason", "to see"]);
        assert_eq!((said.code, &*said.stderr), (Some(0), ""), "{format}");
        let archive = archive(&said);
        let name = Path::new(&archive).file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("agencydump_") && name.ends_with(ending), "{name}");
        let manifest = manifest(&archive);
        assert_eq!(manifest["reason"], "to see");
        let pids: Vec<Value> = up.agents().iter().map(|agent| agent["pid"].clone()).collect();
        let found: Vec<Value> = manifest["agents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| agent["pid"].clone())
            .collect();
        assert_eq!(found, pids);
        let leaders =
            manifest["agents"].as_array().unwrap().iter().filter(|agent| agent["leader"] == true);
        assert_eq!(leaders.count(), 1);
        for agent in manifest["agents"].as_array().unwrap() {
            let files = agent["files"].as_array().unwrap();
            let files: Vec<&str> =
                files.iter().map(|file| file["name"].as_str().unwrap()).collect();
            let expected = ["Config", "State", "Plan"]
                .map(|what| format!("agency{what}_{}.json", agent["pid"]));
            assert_eq!(files, expected);
        }
        let get = |path: &str| agencysh(&["dump", "get", &archive, path]);
        assert_eq!((get("x").stdout.as_str(), get("x").code), ("2\n", Some(0)));
        assert_eq!(get("say").stdout, "***\n");
        assert_eq!((get("nothing").stdout.as_str(), get("nothing").code), ("", Some(1)));
        let log = agencysh(&["dump", "log", &archive, "x", "--format", "json"]);
        let log: Value = serde_json::from_str(&log.stdout).unwrap();
        let written: Vec<&Value> =
            log.as_array().unwrap().iter().map(|entry| &entry["operations"][0]["value"]).collect();
        assert_eq!(written, [&json!(1), &json!(2)]);
        assert!(log[0]["time"].is_string() && log[0]["client_id"].as_str().unwrap() != "");
        let at = log[0]["index"].to_string();
        let replay = agencysh(&["replay", &archive, "--at", &at, "--get", "x"]);
        assert_eq!((replay.code, &*replay.stdout), (Some(0), "1\n"), "{}", replay.stderr);
        let replay = agencysh(&["replay", &archive]);
        assert_eq!(replay.code, Some(0), "{}{}", replay.stdout, replay.stderr);
    }
    assert_eq!(names(out.path()).len(), 3);
}

#[test]
fn m71_agents_that_stand_still_or_are_dead_are_named_with_the_reason() {
    let up = Up::start(&[]);
    let out = Folder::new();
    up.order(&["pause", "agent2"]);
    up.order(&["kill", "agent3"]);
    let said = dump(&up, &out, &[]);
    up.order(&["resume", "agent2"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("agent2 was not asked: it is suspended"), "{}", said.stderr);
    assert!(said.stderr.contains("agent3 was not asked: it has ended"), "{}", said.stderr);
    let manifest = manifest(&archive(&said));
    let agents = manifest["agents"].as_array().unwrap();
    assert_eq!(
        agents.iter().map(|agent| &agent["state"]).collect::<Vec<_>>(),
        ["alive", "suspended", "dead"]
    );
    assert_eq!(agents[0]["files"].as_array().unwrap().len(), 3);
    assert!(agents[1]["skipped"].is_string() && agents[2]["exit"].is_string());
    for agent in ["agent1", "agent2", "agent3"] {
        up.order(&["kill", agent]);
    }
    let said = dump(&up, &out, &[]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("no agent answered"), "{}", said.stderr);
    assert!(archive(&said).ends_with(".zip"));
    assert_eq!(self::manifest(&archive(&said))["agents"][0]["state"], "dead");
}

#[test]
fn without_anybody_to_ask_there_is_an_archive_that_says_so() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = folder.path().join("mine.zip");
    let output = output.to_str().unwrap();
    let words = ["dump", "--endpoint", &endpoint, "--output", output];
    let said = agencysh(&words);
    assert_eq!((said.code, said.stdout), (Some(3), format!("{output}\n")));
    assert!(said.stderr.contains("no agent answered"), "{}", said.stderr);
    let agents = manifest(output);
    assert_eq!(agents["agents"][0]["errors"][0]["kind"], "http.unreachable");
    let said = agencysh(&words);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("exists already"), "{}", said.stderr);
    assert_eq!(names(folder.path()), ["mine.zip"]);
}

#[test]
fn a_wrong_secret_is_exit_4() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let up = Up::start(&["--agents", "1", "--jwt-secret-file", &secret]);
    let wrong = folder.file("wrong", "not-the-secret");
    let out = Folder::new();
    let said = dump(&up, &out, &["--jwt-secret-file", &wrong]);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(said.stderr.contains("no agent lets us in"), "{}", said.stderr);
}

#[test]
fn a_deadline_ends_it_and_keeps_what_had_come() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let folder = Folder::new();
    let output = format!("{}/", folder.path().display());
    let said =
        agencysh(&["dump", "--endpoint", &endpoint, "--output", &output, "--deadline", "0.5"]);
    assert_eq!(said.code, Some(124), "{}", said.stderr);
    assert_eq!(names(folder.path()).len(), 1);
}

#[test]
fn what_cannot_be_done_is_a_usage_error() {
    for (words, part) in [
        (&["dump"][..], "an agency that exists"),
        (&["dump", "--endpoint", "none"], "an agency that exists"),
        (&["eval", "1", "--format", "zip"], "what `dump` packs into"),
        (&["dump", "get", "/nothing/at/all", "x"], "cannot read the dump"),
        (&["dump", "log", file!(), "x"], "no dump of an agency"),
        (&["replay", file!(), "--at", "soon"], "an index, or a time"),
    ] {
        let said = agencysh(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
}

const BEFORE: &str = r#"{"agency":{"arango":{"a":1,"b":{"c":"old","d":[1]}}},
    "log":[{"_key":"1","timestamp":"2026-11-28 10:00:00 UTC","clientId":"me","request":{"/arango/a":{"op":"set","new":1}}},
           {"_key":"2","timestamp":"2026-11-28 10:00:05 UTC","request":{"/arango/a":{"op":"increment"},"/arango/b/c":{"op":"delete"}}}]}"#;
const AFTER: &str = r#"{"agency":{"arango":{"a":1.0,"b":{"d":[1,2]},"e":{}}}}"#;

#[test]
fn differences_are_shown_and_exit_5() {
    let folder = Folder::new();
    let (before, after) = (folder.file("before.json", BEFORE), folder.file("after.json", AFTER));
    let said = agencysh(&["dump", "diff", &before, &after]);
    let expected = "\
removed  /arango/b/c: \"old\"
changed  /arango/b/d: [1] -> [1,2]
added    /arango/e: {}
";
    assert_eq!((said.code, &*said.stdout), (Some(5), expected));
    let said = agencysh(&["dump", "diff", &before, &after, "--format", "json"]);
    let rows: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(rows[1], json!({ "path": "/arango/b/d", "before": [1], "after": [1, 2] }));
    let said = agencysh(&["dump", "diff", &before, &before]);
    assert_eq!((said.code, &*said.stdout), (Some(0), ""));
}

#[test]
fn the_log_is_shown_with_times_and_clients() {
    let folder = Folder::new();
    let file = folder.file("dump.json", BEFORE);
    let said = agencysh(&["dump", "log", &file]);
    let expected = "\
1  2026-11-28 10:00:00.000  me
    set /arango/a 1
2  2026-11-28 10:00:05.000  -
    increment /arango/a
    delete /arango/b/c
";
    assert_eq!((said.code, &*said.stdout), (Some(0), expected));
    let said = agencysh(&["dump", "log", &file, "b"]);
    assert_eq!(said.stdout, "2  2026-11-28 10:00:05.000  -\n    delete /arango/b/c\n");
    assert_eq!(agencysh(&["dump", "log", &file, "z"]).stdout, "");
}

#[test]
fn the_tree_at_a_time_can_be_looked_at() {
    let folder = Folder::new();
    let file = folder.file("dump.json", BEFORE);
    let get = |at: &str| {
        let said = agencysh(&["replay", &file, "--at", at, "--get", "a"]);
        (said.stdout, said.code)
    };
    assert_eq!(get("2026-11-28 10:00:04"), ("1\n".to_owned(), Some(0)));
    assert_eq!(get("2026-11-28T11:00:05+01:00"), ("2\n".to_owned(), Some(0)));
    assert_eq!(get("2026-11-29"), ("2\n".to_owned(), Some(0)));
    assert_eq!(get("2026-11-28 09:00"), (String::new(), Some(1)));
    let timeless = folder.file("timeless.json", BEFORE.replace("timestamp", "when"));
    let said = agencysh(&["replay", &timeless, "--at", "2026-11-28", "--get", "a"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("does not tell when"), "{}", said.stderr);
}
