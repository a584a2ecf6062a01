//! What the README shows works as it stands there.

use crate::support::{Folder, agencysh};

/// The first block of the README in this language.
fn block(language: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let begin = format!("```{language}\n");
    let start = readme.find(&begin).unwrap() + begin.len();
    let end = readme[start..].find("```").unwrap();
    &readme[start..start + end]
}

#[test]
fn the_first_script_prints_what_its_comments_say() {
    let folder = Folder::new();
    let said = agencysh(&["run", &folder.file("first.rhai", block("rhai"))]);
    assert_eq!((said.stdout.as_str(), said.code), ("s1\ntrue\n1\n", Some(0)), "{}", said.stderr);
}

#[test]
fn the_error_looks_as_shown() {
    let folder = Folder::new();
    let script = folder.file("first.rhai", block("rhai"));
    let said = agencysh(&["run", "--endpoint", "tcp://127.0.0.1:1", &script]);
    let shown = block("text").replace("127.0.0.1:8531", "127.0.0.1:1");
    assert_eq!(said.stderr.replace(&script, "first.rhai"), shown);
    assert_eq!(said.code, Some(3));
}
