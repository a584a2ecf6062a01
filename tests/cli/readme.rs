//! What the README shows works as it stands there.

use crate::support::{Folder, agencysh};

/// The blocks of the README in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    let parts = include_str!("../../README.md").split(&*begin).skip(1);
    parts.map(|part| part.split("```").next().unwrap()).collect()
}

#[test]
fn the_first_script_prints_what_its_comments_say() {
    let folder = Folder::new();
    let said = agencysh(&["run", &folder.file("first.rhai", blocks("rhai")[0])]);
    assert_eq!((said.stdout.as_str(), said.code), ("s1\ntrue\n1\n", Some(0)), "{}", said.stderr);
}

#[test]
fn the_error_looks_as_shown() {
    let folder = Folder::new();
    let script = folder.file("first.rhai", blocks("rhai")[0]);
    let said = agencysh(&["run", "--endpoint", "tcp://127.0.0.1:1", &script]);
    let shown = blocks("text")[0].replace("127.0.0.1:8531", "127.0.0.1:1");
    assert_eq!(said.stderr.replace(&script, "first.rhai"), shown);
    assert_eq!(said.code, Some(3));
}

#[cfg(feature = "standin")]
#[test]
fn the_script_of_logs_prints_terms() {
    let folder = Folder::new();
    let script = folder.file("logs.rhai", blocks("rhai")[1]);
    let said = agencysh(&["run", "--embedded=3,4,1", &script]);
    let ends = ["has 3 servers and a leader in term 1", "led again in term 3"];
    let right = said.stdout.lines().zip(ends).all(|(line, end)| line.ends_with(end));
    assert!(right && said.stdout.lines().count() == 2, "{}{}", said.stdout, said.stderr);
}

#[cfg(feature = "standin")]
#[test]
fn the_test_passes() {
    let folder = Folder::new();
    let script = folder.file("failover_test.rhai", blocks("rhai")[2]);
    let out = folder.path().join("out");
    let said = agencysh(&["test", &script, "--output-directory", out.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}
