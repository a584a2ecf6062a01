//! What an uncaught error says.

use crate::support::{Folder, agencysh};

fn stderr(code: &str) -> String {
    let said = agencysh(&["eval", code]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    said.stderr
}

#[test]
fn e5_an_uncaught_error_shows_number_text_file_and_line_with_a_caret() {
    let folder = Folder::new();
    let script = folder.file("a.rhai", "let x = 1;\n  fs::read(\"/no/such/file\");\n");
    let said = agencysh(&[&script]);
    assert_eq!(said.code, Some(1));
    let expected = [
        "error[fs.not_found]: ",
        "(error 14)",
        "a.rhai:2:7\n",
        "2 |   fs::read(\"/no/such/file\");\n",
        "  |       ^\n",
    ];
    for part in expected {
        assert!(said.stderr.contains(part), "{part:?} is missing:\n{}", said.stderr);
    }
}

#[test]
fn an_error_in_a_module_is_shown_there_with_the_calls_that_led_to_it() {
    let folder = Folder::new();
    folder.file("m.rhai", "fn outer() { inner() }\nfn inner() {\n    throw \"broken\";\n}");
    let script = folder.file("a.rhai", "import \"m\" as m;\nm::outer();");
    let stderr = agencysh(&[&script]).stderr;
    assert!(stderr.contains("error[script.thrown]: broken"), "{stderr}");
    assert!(stderr.contains("m.rhai:3:5\n"), "{stderr}");
    assert!(stderr.contains("in inner, called at") && stderr.contains("m.rhai:1:14"), "{stderr}");
    assert!(stderr.contains("in outer, called at") && stderr.contains("a.rhai:2:4"), "{stderr}");
}

#[test]
fn an_error_in_a_closure_is_shown_in_the_script_that_wrote_it() {
    let folder = Folder::new();
    folder.file("m.rhai", "fn twice(f) { f.call(); }");
    let script =
        folder.file("a.rhai", "import \"m\" as m;\n\n\n\nm::twice(|| {\n    throw 1;\n});");
    let stderr = agencysh(&[&script]).stderr;
    assert!(stderr.contains("a.rhai:6:5\n") && stderr.contains("throw 1;"), "{stderr}");
}

#[test]
fn a_failed_assertion_shows_both_values_at_the_scripts_own_line() {
    let folder = Folder::new();
    let script =
        folder.file("a.rhai", "import \"assert\" as assert;\n\nassert::equal([1], [2], \"list\");");
    let stderr = agencysh(&[&script]).stderr;
    assert!(stderr.contains("list: [ 1 ] is not [ 2 ]"), "{stderr}");
    assert!(stderr.contains("a.rhai:3:"), "{stderr}");
}

#[test]
fn causes_and_a_hint_are_shown() {
    let code =
        "agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\", connect_timeout: 0.1 }).get(\"x\")";
    let said = agencysh(&["eval", code]);
    assert_eq!(said.code, Some(3));
    assert!(said.stderr.contains("note: caused by: "), "{}", said.stderr);
    assert!(said.stderr.contains("Connection refused"), "{}", said.stderr);
    assert!(said.stderr.contains("help: "), "{}", said.stderr);
}

#[test]
fn near_misses_are_named() {
    assert!(stderr("fs::raed(\"x\")").contains("did you mean 'fs::read'?"));
    assert!(
        stderr("http::get(\"http://127.0.0.1:1/\", #{ timout: 1 })")
            .contains("did you mean 'timeout'?")
    );
    assert!(stderr("fs::read(1)").contains("must be a string"));
}

#[test]
fn syntax_errors_point_to_the_place() {
    let stderr = stderr("let x = (1 + ;");
    assert!(stderr.contains("error[script.syntax]"), "{stderr}");
    assert!(stderr.contains("<eval>:1:"), "{stderr}");
}

#[test]
fn a_closure_that_reaches_the_variable_it_is_called_on_is_explained() {
    let stderr = stderr("let a = 1; let f = |x| { a += x }; a.call(f)");
    assert!(stderr.contains("script.data_race") && stderr.contains("help: "), "{stderr}");
}

#[test]
fn a_missing_script_and_one_that_is_no_text_are_named() {
    let folder = Folder::new();
    for (path, kind) in [
        (folder.path().join("none.rhai").to_string_lossy().into_owned(), "script.missing"),
        (folder.path().to_string_lossy().into_owned(), "script.unreadable"),
        (folder.file("binary.rhai", b"print(1);\xff"), "script.not_utf8"),
    ] {
        let said = agencysh(&["run", &path]);
        assert_eq!(said.code, Some(1), "{kind}");
        assert!(said.stderr.contains(kind) && said.stderr.contains(&path), "{}", said.stderr);
    }
}

#[test]
fn a_missing_module_tells_where_it_was_looked_for() {
    let folder = Folder::new();
    let said = agencysh(&[&folder.file("a.rhai", "\nimport \"asert\" as a;")]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("import.not_found"), "{}", said.stderr);
    assert!(
        said.stderr.contains("a.rhai:2:") && said.stderr.contains("asert.rhai"),
        "{}",
        said.stderr
    );
    let said = agencysh(&[&folder.file("b.rhai", "import \"bad\" as b;")]);
    folder.file("bad.rhai", b"\xff\xfe");
    let bad = agencysh(&[&folder.file("b.rhai", "import \"bad\" as b;")]);
    assert!(said.stderr.contains("import.not_found"), "{}", said.stderr);
    assert!(
        bad.stderr.contains("script.not_utf8") && bad.stderr.contains("bad.rhai"),
        "{}",
        bad.stderr
    );
}

#[test]
fn an_import_cycle_is_an_error_that_names_the_circle() {
    let folder = Folder::new();
    folder.file("b.rhai", "import \"c\" as c;");
    folder.file("c.rhai", "import \"./b\" as b;");
    let script = folder.file("a.rhai", "import \"b\" as b;");
    let said = agencysh(&[&script]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("import.cycle"), "{}", said.stderr);
    assert!(
        said.stderr.contains("b.rhai -> ") && said.stderr.contains("c.rhai -> "),
        "{}",
        said.stderr
    );
    let own = folder.file("self.rhai", "import \"self\" as me;");
    assert!(agencysh(&[&own]).stderr.contains("import.cycle"));
}

#[test]
fn every_assertion_that_fails_shows_its_values_at_the_scripts_own_line() {
    for (assertion, kind, text) in [
        ("is_true(1)", "assert.is_true", "1 is not true"),
        ("is_true(false, \"ready\")", "assert.is_true", "ready: false is not true"),
        ("is_false(())", "assert.is_false", "null is not false"),
        ("equal(#{ a: 1 }, [\"x\"])", "assert.equal", "{ \"a\" : 1 } is not [ \"x\" ]"),
        ("equal(1, 1.5, \"sum\")", "assert.equal", "sum: 1 is not 1.5"),
        ("not_equal([1], [1.0])", "assert.not_equal", "[ 1 ] is what it should not be"),
        ("throws(|| 1)", "assert.throws", "nothing was thrown"),
        ("throws(|| 1, \"fs.failed\")", "assert.throws", "nothing was thrown, not fs.failed"),
        ("throws(5)", "assert.throws", "5 is no function"),
        (
            "throws(|| fs::read(\"/none\"), \"fs.failed\")",
            "assert.throws",
            "fs.not_found was thrown, not fs.failed: No such file",
        ),
    ] {
        let said =
            agencysh(&["eval", &format!("import \"assert\" as assert;\n\nassert::{assertion}")]);
        assert_eq!(said.code, Some(1), "{assertion}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("error[{kind}]: {text}")), "{}", said.stderr);
        assert!(said.stderr.contains("<eval>:3:"), "{}", said.stderr);
    }
    let fine = "import \"assert\" as assert; fn f() { throw 1; }
        assert::equal(1, 1.0); assert::equal(#{ a: [1, ()] }, #{ a: [1.0, ()] }); assert::not_equal(1, \"1\");
        assert::is_true(true); assert::is_false(false); assert::throws(|| f()); assert::throws(Fn(\"f\"));
        assert::equal(assert::throws(|| { throw () }).context.value, ());";
    assert_eq!(agencysh(&["eval", fine]).stderr, "");
}

#[test]
fn values_beyond_all_memory_are_errors_of_the_script() {
    for code in ["blob(9223372036854775807)", "let a = []; a.pad(4611686018427387904, 1)"] {
        assert!(stderr(code).contains("error[argument.invalid]: the length must be at most"));
    }
}
