//! The shapes that dumps come in.

use serde_json::json;

use super::{dump, entry, replayed, state, tree};
use crate::agency::value::Value;
use crate::replay::DifferenceKind;

#[test]
fn a_replay_makes_the_recorded_tree() {
    let (dump, replayed) = replayed(&state(), None);
    assert_eq!(replayed.differences(&dump).unwrap(), []);
    assert_eq!((replayed.index(), replayed.entries(), replayed.failed().len()), (3, 4, 0));
    assert_eq!((dump.index(), dump.term()), (Some(3), Some(1)));
    assert_eq!(replayed.get("/a/b"), Some(&Value::Int(2)));
    assert_eq!(replayed.get("/a/nope"), None);
}

#[test]
fn a_replay_ends_at_the_index_asked_for() {
    for (at, expected, entries) in [
        (0, json!({}), 1),
        (1, json!({".hidden": true, "a": {"b": 1}}), 2),
        (2, json!({".hidden": true, "a": {"b": 1}, "list": ["x"]}), 3),
    ] {
        let (_, replayed) = replayed(&state(), Some(at));
        assert_eq!((tree(&replayed), replayed.entries()), (expected, entries), "{at}");
        assert_eq!(replayed.index(), at);
    }
}

#[test]
fn the_order_of_the_elements_and_repeated_ones_do_not_matter() {
    let mut document = state();
    let log = document["log"].as_array_mut().unwrap();
    log.reverse();
    log.push(log[0].clone());
    let (dump, replayed) = replayed(&document, None);
    assert_eq!(replayed.differences(&dump).unwrap(), []);
    assert_eq!(replayed.entries(), 4);
}

#[test]
fn wrappers_and_a_log_alone_are_accepted() {
    for document in [
        json!({"result": state()}),
        json!({"error": false, "code": 200, "result": {"agencyDump": state()}}),
        json!([state()]),
        json!({"agency": {"log": [], "arango": {}}, "agencyDump": state()}),
    ] {
        let (dump, replayed) = replayed(&document, None);
        assert_eq!(replayed.differences(&dump).unwrap(), [], "{document}");
    }
    let log = state()["log"].take();
    let (dump, replayed) = replayed(&log, None);
    assert_eq!(tree(&replayed), json!({"a": {"b": 2}, "list": ["x"], ".hidden": true}));
    assert_eq!(replayed.differences(&dump).unwrap_err().kind(), "replay.no_tree");
}

#[test]
fn names_from_before_line_3_6_are_understood() {
    let document = json!({
        "index": "2", "term": 1, "agency": {"a": 2},
        "log": [
            {"index": 1, "term": 1, "query": {"a": 1}, "clientId": "c"},
            {"index": 2, "query": {"a": {"op": "increment"}}},
        ],
    });
    let (dump, replayed) = replayed(&document, None);
    assert_eq!(replayed.differences(&dump).unwrap(), []);
    assert_eq!(dump.entries()[0].client_id.as_deref(), Some("c"));
    assert_eq!((dump.entries()[0].term, dump.entries()[1].term), (Some(1), None));
}

#[test]
fn the_answer_of_a_poll_can_be_replayed() {
    let document = json!({"error": false, "code": 200, "result": {
        "commitIndex": 2, "firstIndex": 1,
        "log": [{"index": 1, "query": {"a": 1}}, {"index": 2, "query": {"b": 2}}],
    }});
    assert_eq!(tree(&replayed(&document, None).1), json!({"a": 1, "b": 2}));
}

#[test]
fn a_log_that_begins_late_starts_from_the_snapshot() {
    let document = json!({
        "index": 12, "agency": {"n": 12, "old": true},
        "compaction": {
            "_key": "00000000000000000010", "readDB": [{"n": 10, "old": true}, {}, [], []],
            "term": 1, "version": 2,
        },
        "log": [
            entry(9, &json!({"n": 9})), entry(10, &json!({"n": 10})),
            entry(11, &json!({"n": {"op": "increment"}})), entry(12, &json!({"n": {"op": "increment"}})),
        ],
    });
    let (recorded, whole) = replayed(&document, None);
    assert_eq!(whole.differences(&recorded).unwrap(), []);
    assert_eq!(whole.entries(), 2);
    assert_eq!(tree(&replayed(&document, Some(10)).1), json!({"n": 10, "old": true}));
    let error = recorded.replay(Some(9)).unwrap_err();
    assert_eq!(error.kind(), "replay.out_of_range");
    assert!(error.to_string().ends_with("index 9 is out of range, the dump covers 10 to 12"));
}

#[test]
fn a_snapshot_that_is_not_needed_may_look_as_it_likes() {
    for compaction in [json!(null), json!({}), json!(7), json!({"_key": "x"}), json!({"_key": 1})] {
        let mut document = state();
        document["compaction"] = compaction;
        let (dump, replayed) = replayed(&document, None);
        assert_eq!(replayed.differences(&dump).unwrap(), []);
    }
}

#[test]
fn differences_are_named_with_both_values() {
    let mut document = state();
    document["agency"] = json!({"a": {"b": 2.0, "c": {"d": 1}}, "list": ["y"]});
    let (dump, replayed) = replayed(&document, None);
    let differences = replayed.differences(&dump).unwrap();
    let summary: Vec<_> = differences
        .iter()
        .map(|d| {
            let json = |value: &Option<Value>| value.as_ref().map(serde_json::Value::from);
            (d.path.as_str(), d.kind, json(&d.recorded), json(&d.replayed))
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("/.hidden", DifferenceKind::Additional, None, Some(json!(true))),
            ("/a/c", DifferenceKind::Missing, Some(json!({"d": 1})), None),
            ("/list", DifferenceKind::Different, Some(json!(["y"])), Some(json!(["x"]))),
        ]
    );
    assert_eq!(format!("{:10}|", differences[0].kind), "additional|");
}

#[test]
fn a_root_of_another_type_is_one_difference() {
    let mut document = state();
    document["agency"] = json!([1]);
    let (dump, replayed) = replayed(&document, None);
    let differences = replayed.differences(&dump).unwrap();
    assert_eq!(differences.len(), 1);
    assert_eq!(
        (differences[0].path.as_str(), differences[0].kind),
        ("/", DifferenceKind::Different)
    );
}

#[test]
fn an_entry_that_fails_changes_nothing_and_is_counted() {
    let document = json!({
        "agency": {"a": 1, "c": 1},
        "log": [
            entry(1, &json!({"a": 1})),
            entry(2, &json!({"a": 2, "b": {"op": "nonsense"}})),
            entry(3, &json!({"c": 1})),
        ],
    });
    let (dump, replayed) = replayed(&document, None);
    assert_eq!(replayed.differences(&dump).unwrap(), []);
    assert_eq!(replayed.entries(), 3);
    assert_eq!(replayed.failed().iter().map(|failed| failed.index).collect::<Vec<_>>(), [2]);
    assert_eq!(replayed.failed()[0].error.to_string(), "operation nonsense failed at b");
}

#[test]
fn a_dump_can_be_replayed_more_than_once() {
    let dump = dump(&state()).unwrap();
    let whole = dump.replay(None).unwrap();
    dump.replay(Some(1)).unwrap();
    assert_eq!(whole.store(), dump.replay(Some(3)).unwrap().store());
}
