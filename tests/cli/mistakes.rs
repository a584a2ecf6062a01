//! Mistakes that authors of scripts make, and the whole text that each gets.
//!
//! Each script in `tests/cli/mistakes` has its texts beside it: what `run` says, and `check`.
//! `AGENCYSH_EXPECT=write` writes them anew, to be read before they are committed.

use std::path::{Path, PathBuf};

use crate::support::{program, said};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/mistakes")
}

fn scripts() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut scripts: Vec<String> = files
        .filter_map(|name| name.to_string_lossy().strip_suffix(".rhai").map(str::to_owned))
        .collect();
    scripts.sort();
    scripts
}

/// What the program says about a script, run and checked.
fn told(script: &str) -> String {
    let file = format!("{script}.rhai");
    let run = said(program().current_dir(folder()).args(["--embedded=1", "run", &file]));
    assert_eq!(run.code, Some(1), "{script} is no mistake: {}", run.stdout);
    let check = said(program().current_dir(folder()).args(["check", &file]));
    let expected = if check.stderr.is_empty() { 0 } else { 1 };
    assert_eq!(check.code, Some(expected), "{script}: {}", check.stderr);
    let checked = match &check.stderr {
        same if *same == run.stderr => "the same\n",
        none if none.is_empty() => "nothing\n",
        other => other,
    };
    format!("== run\n{}== check\n{checked}", run.stderr)
}

#[test]
fn mistakes_are_explained_word_for_word() {
    let write = std::env::var("AGENCYSH_EXPECT").is_ok_and(|what| what == "write");
    let mut wrong = Vec::new();
    for script in scripts() {
        let told = told(&script);
        let file = folder().join(format!("{script}.txt"));
        if write {
            std::fs::write(&file, &told).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{script}: expected\n{expected}\nbut it is\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(scripts().len() >= 40);
}
