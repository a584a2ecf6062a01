//! Reading dumps: one's own and those of others.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use agencysh::client::ClientAuth;
use agencysh::document::Document;
use agencysh::dump::{Dump, DumpOptions, Packing, differences, log_lines};

use crate::support::{agent, client, fake, options, take};

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn open(path: &Path) -> Dump {
    Dump::open(path, &go_on).unwrap()
}

fn kind(path: &Path) -> &'static str {
    Dump::open(path, &go_on).unwrap_err().kind()
}

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &go_on).unwrap()
}

const STATE: &str = r#"{"index":1,"term":2,"agency":{"arango":{"a":1}},
    "log":[{"_key":"00000000000000000001","term":2,"clientId":"me","timestamp":"2026-11-28 10:00:00 UTC",
            "request":{"/arango/a":{"op":"set","new":1}}}]}"#;

#[test]
fn dumps_of_all_packings_are_read_alike() {
    let leader =
        fake(r#"{"leaderId":"A","configuration":{"id":"A"}}"#, STATE, r#"{"arango":{"a":1}}"#);
    let follower =
        fake(r#"{"leaderId":"A","configuration":{"id":"B"}}"#, STATE, r#"{"arango":{"a":0}}"#);
    let client = client(&leader.url, ClientAuth::None);
    let agents = [agent("one", Some(11), &follower.url), agent("two", Some(22), &leader.url)];
    let folder = tempfile::tempdir().unwrap();
    for packing in [Packing::Zip, Packing::Gzip, Packing::Folder] {
        let options = DumpOptions { packing, number: Some(3), ..options(folder.path()) };
        let taken = take(&client, &agents, &options).unwrap();
        let dump = open(&taken.archive);
        assert_eq!(dump.manifest().unwrap(), &taken.manifest);
        let names: Vec<&str> = dump.agents().iter().map(|agent| &*agent.name).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(dump.agent(None).unwrap().name, "two");
        for wanted in ["one", "B", "11", &follower.url] {
            let tree = dump.tree(Some(wanted), &go_on).unwrap();
            assert_eq!(tree.to_value(), serde_json::json!({ "arango": { "a": 0 } }), "{wanted}");
        }
        assert_eq!(
            dump.tree(None, &go_on).unwrap().to_value(),
            serde_json::json!({ "arango": { "a": 1 } })
        );
        assert_eq!(dump.log(Some("one"), &go_on).unwrap().len(), Some(1));
        let config = dump.config(None, &go_on).unwrap().to_value();
        assert_eq!(config["configuration"]["id"], "A");
        let error = dump.tree(Some("three"), &go_on).unwrap_err();
        assert_eq!(error.kind(), "agency.unknown_agent");
        assert!(error.to_string().contains("one, two"), "{error}");
    }
}

#[test]
fn dumps_without_a_manifest_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("agencyConfig_7.json", r#"{"leaderId":"B","configuration":{"id":"A"}}"#);
    write("agencyPlan_7.json", r#"[{"arango":{"a":7}}]"#);
    write("agencyConfig_8.json", r#"{"leaderId":"B","configuration":{"id":"B"}}"#);
    write("agencyPlan_8.json", r#"[{"arango":{"a":8}}]"#);
    write("agencyState_9.json", "no JSON");
    let dump = open(folder.path());
    assert!(dump.manifest().is_none());
    assert_eq!(dump.agents().len(), 3);
    assert_eq!(dump.tree(None, &go_on).unwrap().to_value()["arango"]["a"], 8);
    assert_eq!(dump.tree(Some("A"), &go_on).unwrap().to_value()["arango"]["a"], 7);
    assert_eq!(dump.log(Some("8"), &go_on).unwrap_err().kind(), "dump.missing");
    assert_eq!(dump.log(Some("9"), &go_on).unwrap_err().kind(), "dump.malformed");
}

#[test]
fn a_plain_recording_is_a_dump_too() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("state.json");
    std::fs::write(&plain, STATE).unwrap();
    let packed = folder.path().join("state.json.gz");
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(&packed).unwrap(),
        flate2::Compression::fast(),
    );
    encoder.write_all(STATE.as_bytes()).unwrap();
    encoder.finish().unwrap();
    for path in [plain, packed] {
        let dump = open(&path);
        assert!(dump.agents().is_empty());
        assert_eq!(dump.tree(None, &go_on).unwrap().to_value()["arango"]["a"], 1);
        assert_eq!(dump.log(None, &go_on).unwrap().len(), Some(1));
        assert_eq!(dump.config(None, &go_on).unwrap_err().kind(), "dump.missing");
    }
}

#[test]
fn what_is_no_dump_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    assert_eq!(kind(&folder.path().join("nothing")), "dump.unreadable");
    assert_eq!(kind(&file("empty", b"")), "dump.malformed");
    assert_eq!(kind(&file("number", b"7")), "dump.malformed");
    assert_eq!(kind(&file("cut.zip", b"PK\x03\x04rubbish")), "dump.malformed");
    assert_eq!(kind(&file("cut.gz", b"\x1f\x8brubbish")), "dump.malformed");
    assert_eq!(kind(&file("text", b"hello")), "dump.malformed");
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    assert_eq!(kind(&other), "dump.malformed");
}

#[test]
fn differences_are_named_by_path_with_both_values() {
    let before = document(r#"{"a":{"x":1,"y":[1,2],"gone":null},"same":{"k":1}}"#);
    let after = document(r#"{"a":{"x":1.0,"y":[2,1],"new":{}},"same":{"k":1}}"#);
    let found = differences(&before, &after, &go_on).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|change| {
            let text =
                |side: &Option<Document>| side.as_ref().map(|side| side.to_value().to_string());
            (&*change.path, text(&change.before), text(&change.after))
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            ("/a/gone", text("null"), None),
            ("/a/new", None, text("{}")),
            ("/a/y", text("[1,2]"), text("[2,1]")),
        ]
    );
    let found = differences(&document("1"), &document("2"), &go_on).unwrap();
    assert_eq!(found[0].path, "/");
    assert!(differences(&before, &after, &|| ControlFlow::Break(())).is_err());
}

#[test]
fn a_log_tells_who_wrote_what_and_when_below_a_path() {
    let log = document(
        r#"[
        {"_key":"3","request":{"/arango/Plan":{"op":"delete"}},"clientId":"c3","epoch_millis":1500},
        {"_key":"1","request":{"arango/Plan/x":{"op":"set","new":{"y":1}},"/arango/Other":{"op":"increment"}},
         "clientId":"c1","timestamp":"1970-01-01 00:00:01 UTC","term":4},
        {"index":2,"query":{"/arango/Planet":7}},
        {"_key":"4","request":{}}
    ]"#,
    );
    let lines = log_lines(&log, "/arango/Plan/x");
    let found: Vec<_> = lines
        .iter()
        .map(|line| {
            let operations: Vec<_> = line
                .operations
                .iter()
                .map(|one| {
                    (
                        &*one.path,
                        &*one.name,
                        one.value.as_ref().map(|value| value.to_value().to_string()),
                    )
                })
                .collect();
            (line.index, line.millis, &*line.client_id, operations)
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, Some(1000), "c1", vec![("/arango/Plan/x", "set", Some("{\"y\":1}".to_owned()))]),
            (3, Some(1500), "c3", vec![("/arango/Plan", "delete", None)]),
        ]
    );
    assert_eq!(log_lines(&log, "/").len(), 3);
    assert_eq!(log_lines(&log, "/arango/Planet")[0].operations[0].name, "set");
}

/// The recorded dumps, unless they are not here.
#[allow(clippy::print_stderr, reason = "whoever runs the tests should know")]
fn recorded() -> Option<PathBuf> {
    let folder = std::env::var_os("AGENCYSH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there are no recorded dumps at {}", folder.display());
    None
}

#[test]
fn recorded_dumps_are_read() {
    let Some(folder) = recorded() else { return };
    for (name, entries) in [
        ("agency_dump.3.6.json", Some(188)),
        ("agency_dump.3.9.json", Some(133)),
        ("agency_dump.3.10.json", None),
        ("sync.source.json", Some(1507)),
    ] {
        let dump = open(&folder.join(name));
        let tree = dump.tree(None, &go_on).unwrap();
        assert!(tree.at(["arango", "Plan", "Version"]).is_some(), "{name}");
        let log = dump.log(None, &go_on);
        assert_eq!(log.as_ref().ok().and_then(Document::len), entries, "{name}");
        if let Ok(log) = log {
            let lines = log_lines(&log, "/arango/Plan/Version");
            assert!(
                lines.iter().any(|line| line.operations.iter().any(|one| one.name == "increment"))
            );
            assert!(lines.iter().all(|line| line.millis.is_some()), "{name}");
        }
    }
    let config = open(&folder.join("config.json")).config(None, &go_on).unwrap();
    assert_eq!(config.to_value()["term"], 0);
}
