//! Command lines made for arangosh.

use crate::support::{Folder, agencysh};

#[test]
fn s2_what_cannot_be_run_has_an_exit_code_of_its_own() {
    let folder = Folder::new();
    let broken = folder.file("broken.rhai", "let x = ;\n");
    for (words, code, text) in [
        (&["/no/such/file.rhai"][..], 1, "/no/such/file.rhai"),
        (&[broken.as_str()], 1, "broken.rhai:1:9"),
        (&["--bogus", "x.rhai"], 2, "--bogus"),
        (&["--deadline", "soon", "x.rhai"], 2, "soon"),
        (&["--javascript.execute"], 2, "--javascript.execute"),
        (&["-c", "/no/such.conf", "x.rhai"], 2, "-c"),
    ] {
        let said = agencysh(words);
        assert_eq!(said.code, Some(code), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(text), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn s3_scripts_run_in_order_until_one_fails() {
    let folder = Folder::new();
    let first = folder.file("first.rhai", "print(`first ${env::args()}`);");
    let failing = folder.file("failing.rhai", "print(\"failing\"); throw \"no\";");
    let last = folder.file("last.rhai", "print(\"last\");");
    let run = |files: &[&str]| {
        let mut words = vec!["--server.endpoint", "none", "--quiet", "true"];
        words.extend(files.iter().flat_map(|file| ["--javascript.execute", file]));
        words.extend(["word", "--", "--x"]);
        agencysh(&words)
    };
    let said = run(&[&first, &last]);
    let output = "first [\"word\", \"--x\"]\nlast\n";
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), output), "{}", said.stderr);
    let said = run(&[&first, &failing, &last]);
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.ends_with("failing\n"), "the last one did not run: {}", said.stdout);
}

#[test]
fn texts_give_an_exit_code_and_print_no_value() {
    for (text, code) in [("7", 7), ("true", 0), ("false", 1), ("\"x\"", 0)] {
        let said = agencysh(&["--server.endpoint", "none", "--javascript.execute-string", text]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(code), ""), "{text}: {}", said.stderr);
    }
}

#[test]
fn syntax_is_checked_without_running() {
    let folder = Folder::new();
    let script = folder.file("a.rhai", "print(1); fs::raed(\"x\");");
    let said = agencysh(&["--javascript.check-syntax", &script]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("fs::raed"), "{}", said.stderr);
}

#[test]
fn what_was_switched_off_stays_off() {
    let said = agencysh(&[
        "--javascript.allow-port-testing",
        "false",
        "--server.endpoint",
        "none",
        "--javascript.execute-string",
        "net::port_free(1)",
    ]);
    assert!(said.stderr.contains("permission.ports"), "{}", said.stderr);
}

#[test]
fn temporary_files_go_where_they_are_told_to() {
    let folder = Folder::new();
    let place = folder.path().join("temporary");
    let place = place.to_str().unwrap();
    let said = agencysh(&["--temp.path", place, "--endpoint", "none", "-e", "fs::temp_dir()"]);
    assert_eq!(said.stdout.trim(), std::fs::canonicalize(place).unwrap().to_str().unwrap());
}
