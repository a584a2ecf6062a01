//! What is no dump, or not a whole one, is told so.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{dump, entry, state};
use crate::replay::{Dump, ReplayError};

#[track_caller]
fn refused(text: &[u8], kind: &str, parts: &[&str]) {
    let error = Dump::parse("made.json", text).and_then(|dump| dump.replay(None)).unwrap_err();
    check(&error, kind, parts);
}

#[track_caller]
fn refused_document(document: &Json, kind: &str, parts: &[&str]) {
    refused(document.to_string().as_bytes(), kind, parts);
}

#[track_caller]
fn check(error: &ReplayError, kind: &str, parts: &[&str]) {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let text = format!("{error}: {source}");
    assert_eq!(error.kind(), kind, "{text}");
    for part in [&["made.json"], parts].concat() {
        assert!(text.contains(part), "`{part}` is missing in `{text}`");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("made.json");
    check(&Dump::read(&missing).unwrap_err(), "replay.unreadable", &["cannot be read"]);
    std::fs::create_dir(&missing).unwrap();
    check(&Dump::read(&missing).unwrap_err(), "dump.malformed", &["nothing in it"]);
}

#[test]
fn text_that_is_no_json_is_refused_with_its_place() {
    refused(b"{\"log\": [\xff]}", "replay.not_utf8", &["byte 9"]);
    refused(b"", "replay.not_json", &["line 1"]);
    refused(b"{\"log\": [\n", "replay.not_json", &["line 2"]);
    refused(b"{\"log\": [], \"log\": []}", "replay.not_json", &["Duplicate attribute name", "log"]);
    for (open, name) in [("[", "Array"), ("{\"a\":", "Object")] {
        refused(open.repeat(100_000).as_bytes(), "replay.not_json", &["Too deep nesting", name]);
    }
}

#[test]
fn what_is_no_dump_is_refused() {
    for document in
        [json!(null), json!(7), json!("log"), json!([]), json!([1]), json!({}), json!({"a": {}})]
    {
        refused_document(&document, "replay.not_a_dump", &["/_api/agency/state"]);
    }
}

#[test]
fn a_tree_alone_has_no_log_to_replay() {
    for document in [
        json!({"agency": {"arango": {"Plan": {}}}}),
        json!({"result": {"agency": {"arango": {}}}}),
        json!([{"arango": {}}]),
        json!({"result": {"commitIndex": 7, "firstIndex": 0, "readDB": {"arango": {}}}}),
        json!({"agency": {}, "log": []}),
        json!({"agency": {"log": [1]}}),
    ] {
        refused_document(&document, "replay.no_log", &["no log to replay"]);
    }
}

#[test]
fn parts_of_the_wrong_type_are_named() {
    for (member, value, found) in [
        ("log", json!({}), "an object"),
        ("log", json!(null), "null"),
        ("index", json!("x"), "a string"),
        ("index", json!(-1), "a number"),
        ("index", json!(1.5), "a number"),
        ("term", json!([]), "an array"),
    ] {
        let mut document = state();
        document[member] = value;
        refused_document(&document, "replay.bad_member", &[&format!("`{member}`"), found]);
    }
}

#[test]
fn elements_of_the_log_that_are_no_entries_are_named() {
    for (element, problem) in [
        (json!(7), "an object, but is a number"),
        (json!(null), "an object, but is null"),
        (json!({"request": {}}), "neither `_key` nor `index`"),
        (json!({"_key": "12x", "request": {}}), "\"12x\""),
        (json!({"_key": "", "request": {}}), "\"\""),
        (json!({"_key": "99999999999999999999", "request": {}}), "99999999999999999999"),
        (json!({"_key": null, "request": {}}), "null"),
        (json!({"index": -1, "query": {}}), "-1"),
        (json!({"_key": "4"}), "neither `request` nor `query`"),
        (json!({"_key": "4", "request": [{}]}), "but are an array"),
        (json!({"_key": "4", "request": "set"}), "but are a string"),
    ] {
        let mut document = state();
        document["log"].as_array_mut().unwrap().push(element);
        refused_document(&document, "replay.bad_entry", &["element 4 ", problem]);
    }
}

#[test]
fn a_gap_is_named_by_the_indices_around_it() {
    let mut document = state();
    document["log"].as_array_mut().unwrap().remove(2);
    refused_document(&document, "replay.gap", &["1 is followed by 3"]);
    // what lies before it can be replayed
    assert_eq!(dump(&document).unwrap().replay(Some(1)).unwrap().entries(), 2);
    let document = json!({
        "compaction": {"_key": "5", "readDB": [{}]},
        "log": [entry(8, &json!({"a": 1}))],
    });
    refused_document(&document, "replay.gap", &["5 is followed by 8"]);
}

#[test]
fn a_log_that_begins_late_needs_a_snapshot() {
    let document = json!({"agency": {}, "log": [entry(7, &json!({"a": 1}))]});
    refused_document(&document, "replay.no_start", &["begins at entry 7", "compaction"]);
    for (compaction, part) in [
        (json!(7), "`compaction`"),
        (json!({"readDB": [{}]}), "`compaction._key`"),
        (json!({"_key": "6"}), "`compaction.readDB`"),
        (json!({"_key": "6", "readDB": []}), "`compaction.readDB`"),
    ] {
        let mut document = document.clone();
        document["compaction"] = compaction;
        refused_document(&document, "replay.bad_member", &[part]);
    }
}

#[test]
fn two_entries_with_one_index_are_refused() {
    let mut document = state();
    document["log"].as_array_mut().unwrap().push(entry(2, &json!({"other": 1})));
    refused_document(&document, "replay.conflict", &["index 2"]);
}

#[test]
fn an_index_beyond_the_log_is_refused() {
    let error = dump(&state()).unwrap().replay(Some(4)).unwrap_err();
    check(&error, "replay.out_of_range", &["index 4", "0 to 3"]);
    let last = json!({"_key": u64::MAX.to_string(), "request": {}});
    let document = json!({"log": [entry(1, &json!({})), last]});
    refused_document(&document, "replay.gap", &[&u64::MAX.to_string()]);
}

#[test]
fn trees_without_bottom_are_refused() {
    let long = "a/".repeat(100_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(120), "}".repeat(120));
    let nested: Json = serde_json::from_str(&nested).unwrap();
    for request in [
        json!({&long: 1}),
        json!({"a": {&long: 1}}),
        json!({"a": {"op": "set", "new": {"b": {&long: 1}}}}),
        json!({"a/".repeat(400): nested.clone()}),
    ] {
        refused_document(
            &json!({"log": [entry(1, &request)]}),
            "replay.bad_entry",
            &["element 0", "500 levels"],
        );
    }
    let deep = json!({"agency": {}, "log": [entry(1, &json!({"a/".repeat(300): nested}))]});
    let dump = dump(&deep).unwrap();
    assert_eq!(dump.replay(None).unwrap().differences(&dump).unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_dumps_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut text = state().to_string().into_bytes();
        for (position, byte) in changes {
            let position = position.index(text.len());
            text[position] = byte;
        }
        let whole = text.clone();
        text.truncate(end.index(text.len()));
        for text in [text, whole] {
            if let Ok(dump) = Dump::parse("made.json", &text)
                && let Ok(replayed) = dump.replay(None)
            {
                let _ = replayed.differences(&dump);
            }
        }
    }
}
