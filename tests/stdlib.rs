//! The tests of the standard library and the scenarios, run by the project's own runner.
#![cfg(feature = "standin")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use agencysh::cluster::World as Place;
use agencysh::host::testing::{
    Failure, Launched, Selection, TestRunner, TestSettings, Verdict, World, find_files,
};
use agencysh::host::{Host, Permissions};

/// Runs the test files below these folders, on servers in processes or where each file wants them; fails with what failed.
fn run(folders: &[&str], place: Option<Place>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let had_output = root.join("out").exists();
    let folders: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let folders: Vec<PathBuf> = folders.into_iter().filter(|folder| folder.is_dir()).collect();
    let files = find_files(&folders).unwrap();
    let program = Some(env!("CARGO_BIN_EXE_agencysh").into());
    let launched = Launched { place, program, ..Launched::default() };
    let settings = TestSettings { jobs: 2, ..TestSettings::default() };
    let mut options = serde_json::Map::new();
    // scripts that start scripts cannot take this test for the program
    options.insert("program".to_owned(), env!("CARGO_BIN_EXE_agencysh").into());
    let builder = Host::builder().permissions(Permissions::all()).options(options);
    let runner = TestRunner::new(builder, World::Launched(launched), settings);
    let outcome = runner.run(&files, &Selection::default(), &());
    let mut told = String::new();
    for file in &outcome.files {
        for test in file.tests.iter().filter(|test| test.verdict == Verdict::Failed) {
            let _ = writeln!(told, "{}::{}", file.name(), test.name);
            test.failures.iter().for_each(|failure| told += &text(failure));
        }
        for failure in file.own_failures() {
            let _ = writeln!(told, "{}", file.name());
            told += &text(failure);
        }
    }
    assert!(outcome.succeeded(), "{} failures:\n{told}", outcome.failures());
    assert_eq!(outcome.files.len(), files.len(), "a file has no test");
    assert!(
        had_output || !root.join("out").exists(),
        "a test has left a dump in the working folder"
    );
}

fn text(failure: &Failure) -> String {
    let error = &failure.error;
    let mut text = format!("    in {}: {}: {error}\n", failure.phase, error.kind);
    for (key, value) in &error.context {
        let _ = writeln!(text, "        {key}: {value}");
    }
    text
}

#[test]
fn modules_of_the_standard_library() {
    run(&["tests/stdlib"], None);
}

#[test]
fn scenarios() {
    run(&["scripts/scenarios"], None);
}

#[test]
fn m84_scenarios_on_processes() {
    run(&["scripts/scenarios"], Some(Place::Processes));
}
