//! The rows of the table of decisions that are about logs.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::cluster::mutable;
use super::sample::{ABC, GROUP, converged, edit, seeded};
use crate::standin::supervision::groups::action::Action;
use crate::standin::supervision::groups::sheaves::LogChange;

/// What is decided about the first log after the attributes of the group were changed, in Target
/// and Plan, and more edits.
fn change(mutable: &Json, edits: &[(&str, Json)], names: &[&str], seed: u64) -> Option<LogChange> {
    let mut tree = converged();
    for branch in ["Target", "Plan"] {
        edit(&mut tree, &format!("{branch}/{GROUP}/attributes/mutable"), mutable.clone());
    }
    for (path, value) in edits {
        edit(&mut tree, path, value.clone());
    }
    match seeded(&tree, names, seed) {
        Some(Action::ChangeLogs(changes)) => {
            changes.into_iter().find(|(log, ..)| *log == 1).map(|(_, _, change)| change)
        }
        _ => None,
    }
}

const LOG: &str = "Target/ReplicatedLogs/shop/1";

fn config(write_concern: u64, soft_write_concern: u64, wait_for_sync: bool) -> Json {
    json!({
        "writeConcern": write_concern, "softWriteConcern": soft_write_concern,
        "waitForSync": wait_for_sync,
    })
}

#[test]
fn c6_4_row_4_the_configuration_of_logs_follows_the_group() {
    let wanted = |write_concern: u64, replication_factor: u64, wait_for_sync: bool| {
        json!({
            "writeConcern": write_concern, "replicationFactor": replication_factor,
            "waitForSync": wait_for_sync,
        })
    };
    for (mutable, names, expected) in [
        (wanted(2, 2, false), &ABC[..], Some(config(2, 2, false))),
        (wanted(1, 2, true), &ABC, Some(config(1, 2, true))),
        (wanted(1, 3, false), &ABC, Some(config(1, 3, false))),
        (wanted(1, 2, false), &ABC, None),
        (wanted(1, 0, false), &["a", "b", "c", "!d"], Some(config(3, 4, false))),
        (wanted(9, 0, false), &ABC, Some(config(2, 3, false))),
    ] {
        let change = change(&mutable, &[], names, 1);
        let config = match change {
            Some(LogChange::Config(config)) => Some(serde_json::to_value(config).unwrap()),
            None => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(config, expected, "{mutable}");
    }
}

#[test]
fn c6_4_row_5_a_server_that_is_not_known_leaves_the_log() {
    let removed = |names: &[&str]| change(&mutable(2), &[], names, 1);
    let removal = |server: &str, leads| Some(LogChange::Remove { server: server.into(), leads });
    assert_eq!(removed(&["a", "c", "d"]), removal("b", false));
    assert_eq!(removed(&["b", "c", "d"]), removal("a", true));
    assert_eq!(removed(&["a", "!b", "c", "d"]), None, "it failed, but is known");
}

#[test]
fn c6_4_row_6_a_log_with_too_few_participants_gets_one_more() {
    let logs_want_3 = [(&*format!("{LOG}/config"), config(1, 3, false))];
    let added = |names: &[&str], seed| change(&mutable(3), &logs_want_3, names, seed);
    let one = |server: &str| Some(LogChange::Add(server.into()));
    for (names, expected) in [
        (&["a", "b", "c"][..], one("c")),
        (&["a", "b", "!c", "d"], one("d")),
        (&["a", "b", "-c", "d"], one("d")),
        (&["a", "b", "-c"], one("c")),
        (&["a", "b", "!c"], None),
        (&["!a", "!b", "c"], one("c")),
    ] {
        assert_eq!(added(names, 1), expected, "{names:?}");
    }
    let chosen: BTreeSet<_> =
        (0..50).map(|seed| format!("{:?}", added(&["a", "b", "c", "d"], seed))).collect();
    assert_eq!(chosen.len(), 2, "one by chance");
    let satellite = [(&*format!("{LOG}/config"), config(2, 3, false))];
    assert_eq!(change(&mutable(0), &satellite, &ABC, 1), one("c"));
}

#[test]
fn c6_4_row_7_a_log_with_too_many_participants_loses_the_one_that_is_missed_least() {
    let planned_leader = "Plan/ReplicatedLogs/shop/1/currentTerm/leader/serverId";
    for (names, leads, wanted, expected) in [
        (&["!a", "b", "c"][..], "b", "b", &[("a", false)][..]),
        (&["!a", "b", "c"], "b", "a", &[("a", true)]),
        (&["a", "b", "c"], "b", "b", &[("a", false), ("c", false)]),
        (&["a", "b", "c"], "a", "b", &[("c", false)]),
        (&["a", "b", "c"], "a", "", &[("b", false), ("c", false)]),
        (&["a", "!b", "!c"], "a", "a", &[("b", false), ("c", false)]),
    ] {
        let leader = if wanted.is_empty() { Json::Null } else { json!(wanted) };
        let edits = [
            (&*format!("{LOG}/participants"), json!({"a": {}, "b": {}, "c": {}})),
            (&*format!("{LOG}/leader"), leader),
            (planned_leader, json!(leads)),
        ];
        let removed: BTreeSet<_> = (0..50)
            .map(|seed| match change(&mutable(2), &edits, names, seed) {
                Some(LogChange::Remove { server, leads }) => (server.to_string(), leads),
                other => panic!("{names:?}: {other:?}"),
            })
            .collect();
        let expected = expected.iter().map(|(server, leads)| ((*server).to_owned(), *leads));
        assert_eq!(removed, expected.collect(), "{names:?}, {leads} leads, {wanted:?} shall");
    }
    // Of two, the one that leads and shall not goes, not the one that shall.
    let logs_want_1 =
        [(&*format!("{LOG}/config"), config(1, 1, false)), (&*format!("{LOG}/leader"), json!("b"))];
    let removal = LogChange::Remove { server: "a".into(), leads: false };
    assert_eq!(change(&mutable(1), &logs_want_1, &ABC, 1), Some(removal));
}
