//! Replays of small dumps, and of recorded ones where they are at hand.

mod bad_dumps;
mod recorded;
mod shapes;

use serde_json::{Value as Json, json};

use super::{Dump, ReplayError, Replayed};

fn dump(document: &Json) -> Result<Dump, ReplayError> {
    Dump::parse("made.json", document.to_string().as_bytes())
}

#[track_caller]
fn replayed(document: &Json, at: Option<u64>) -> (Dump, Replayed) {
    let dump = dump(document).unwrap();
    let replayed = dump.replay(at).unwrap();
    (dump, replayed)
}

/// An entry as line 3.6 and later write it.
fn entry(index: u64, request: &Json) -> Json {
    json!({
        "_key": format!("{index:020}"), "_rev": "_d05kLIu---", "term": 1, "clientId": "",
        "timestamp": "2022-03-09 13:37:34 UTC", "request": request,
    })
}

/// A state with three entries after the sentinel.
fn state() -> Json {
    json!({
        "index": 3, "term": 1,
        "agency": {"a": {"b": 2}, "list": ["x"], ".hidden": true},
        "log": [
            {"_key": "00000000000000000000", "term": 0, "clientId": "", "request": {}},
            entry(1, &json!({".hidden": true, "/a/b": {"op": "increment"}})),
            entry(2, &json!({"list": {"op": "push", "new": "x"}, "z": {"op": "observe", "url": "u"}})),
            entry(3, &json!({"a/b": {"op": "increment", "step": 1}})),
        ],
    })
}

fn tree(replayed: &Replayed) -> Json {
    replayed.store().root().into()
}
