//! `replay`: exit codes, and what is named.

use std::path::PathBuf;

use crate::support::{Folder, agencysh};

/// A log of three entries and the tree that they make.
const DUMP: &str = r#"{
    "index": 3, "term": 1,
    "agency": {"arango": {"a": 2, "b": {"c": [1]}}},
    "log": [
        {"_key": "00000000000000000001", "term": 1, "request": {"/arango/a": {"op": "set", "new": 1}}},
        {"_key": "00000000000000000002", "term": 1, "request": {"/arango/a": {"op": "increment"}}},
        {"_key": "00000000000000000003", "term": 1, "request": {"/arango/b/c": {"op": "push", "new": 1}}}
    ]
}"#;

#[test]
fn an_equal_tree_is_told_and_exits_0() {
    let folder = Folder::new();
    let dump = folder.file("dump.json", DUMP);
    for words in [&["replay", &dump][..], &["replay", &dump, "--verify"]] {
        let said = agencysh(words);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert_eq!(said.stdout, "equal: 3 entries applied, up to index 3\n");
    }
}

#[test]
fn each_difference_is_named_and_exits_5() {
    let folder = Folder::new();
    let edited = DUMP.replace("\"a\": 2", "\"a\": 3, \"new\": {}").replace("\"c\": [1]", "");
    let said = agencysh(&["replay", &folder.file("dump.json", edited)]);
    assert_eq!(said.code, Some(5));
    let expected = "\
different  /arango/a: recorded 3, replayed 2
additional /arango/b/c: replayed [1]
missing    /arango/new: recorded {}
3 differences: 3 entries applied, up to index 3
";
    assert_eq!(said.stdout, expected);
}

#[test]
fn the_tree_at_an_index_can_be_looked_at() {
    let folder = Folder::new();
    let dump = folder.file("dump.json", DUMP);
    let get = |words: &[&str]| {
        let said = agencysh(&[&["replay", &dump][..], words].concat());
        (said.stdout, said.code)
    };
    assert_eq!(get(&["--at", "1", "--get", "a"]), ("1\n".to_owned(), Some(0)));
    assert_eq!(get(&["--get", "/arango/a"]), ("2\n".to_owned(), Some(0)));
    assert_eq!(get(&["--get", "b"]), ("{\n  \"c\": [\n    1\n  ]\n}\n".to_owned(), Some(0)));
    assert_eq!(get(&["--get", "nothing"]), (String::new(), Some(1)));
    let applied = "2 entries applied, up to index 2\n".to_owned();
    assert_eq!(get(&["--at", "2"]), (applied, Some(0)));
    assert_eq!(get(&["--at", "2", "--verify"]).1, Some(5));
}

#[test]
fn a_dump_that_cannot_be_used_is_named_and_exits_2() {
    let folder = Folder::new();
    let gap = DUMP.replace("00000000000000000002", "00000000000000000004");
    for (name, content) in [
        ("text.json", b"{\"index\": ".as_slice()),
        ("binary.json", b"\xff\xfe"),
        ("other.json", b"[1, 2]"),
        ("gap.json", gap.as_bytes()),
        ("deep.json", "[".repeat(100_000).as_bytes()),
    ] {
        let said = agencysh(&["replay", &folder.file(name, content)]);
        assert_eq!(said.code, Some(2), "{name}: {}", said.stderr);
        assert!(said.stderr.contains(name), "{}", said.stderr);
    }
    let dump = folder.file("dump.json", DUMP);
    assert_eq!(agencysh(&["replay", &dump, "--at", "9"]).code, Some(2));
    assert_eq!(agencysh(&["replay", "/no/such/dump"]).code, Some(2));
}

/// The folder of recorded dumps, which are not part of the project.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn recorded(file: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let folder = std::env::var_os("AGENCYSH_DATA").map_or_else(|| beside.into(), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path.to_string_lossy().into_owned())
}

#[test]
fn recorded_logs_give_the_recorded_trees() {
    for file in ["agency_dump.3.6.json", "agency_dump.3.9.json", "sync.source.json"] {
        let Some(dump) = recorded(file) else { continue };
        let said = agencysh(&["replay", &dump, "--verify"]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{file}: {}", said.stdout);
    }
}

#[test]
fn the_edited_dump_differs_where_it_was_edited_and_nowhere_else() {
    let Some(dump) = recorded("agency_dump.3.9.jobs.json") else { return };
    let said = agencysh(&["replay", &dump, "--verify"]);
    assert_eq!(said.code, Some(5));
    let job = |line: &&str| line.starts_with("missing    /arango/Target/");
    let (jobs, others): (Vec<&str>, Vec<&str>) = said.stdout.lines().partition(job);
    assert_eq!(jobs.len(), 10, "{}", said.stdout);
    let factor = "/arango/Plan/Collections/_system/10011/replicationFactor";
    let expected = format!("different  {factor}: recorded \"satellite\", replayed 2");
    assert_eq!(others[0], expected);
    assert!(others[1].starts_with("11 differences: ") && others.len() == 2, "{}", said.stdout);
}
