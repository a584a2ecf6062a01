//! Options that take something away from scripts.

use crate::support::{Folder, agencysh, program, said};

#[test]
fn everything_is_allowed_unless_said() {
    let said = agencysh(&["--endpoint", "none", "-e", "env::has(\"PATH\") && fs::exists(\"/\")"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn each_refusal_has_a_code_and_names_the_option_that_permits_it() {
    for (words, code, kind, option) in [
        (&["--no-net"][..], "http::get(\"http://127.0.0.1:1/\")", "permission.network", "--net"),
        (
            &["--net", "*.example.org"],
            "http::get(\"http://127.0.0.1:1/\")",
            "permission.network",
            "--net",
        ),
        (&["--no-port-test"], "net::port_free(1)", "permission.ports", "--no-port-test"),
        (&["--env", "HOME"], "env::get(\"PATH\")", "permission.environment", "--env"),
    ] {
        let said = agencysh(&[words, &["--endpoint", "none", "-e", code]].concat());
        assert_eq!(said.code, Some(1), "{code}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("error[{kind}]")), "{}", said.stderr);
        assert!(said.stderr.contains(option), "{}", said.stderr);
    }
}

#[cfg(feature = "standin")]
#[test]
fn a_read_only_run_writes_nothing() {
    let write = "agency::current().set(\"Test/x\", 1)";
    let said = agencysh(&["--embedded=1", "--read-only", "-e", write]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("error[permission.agency_writes]"), "{}", said.stderr);
}

#[test]
fn values_that_name_nothing_are_usage_errors() {
    for (words, text) in [
        (["--net", "http://a/"], "names no server"),
        (["--fs-root", "/no/such/folder"], "/no/such/folder"),
        (["--max-operations", "0"], "--max-operations"),
        (["--max-call-depth", "1000"], "--max-call-depth"),
    ] {
        let said = agencysh(&[&words[..], &["--endpoint", "none", "-e", "1"]].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(text), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn the_environment_can_take_away_as_well() {
    let mut command = program();
    command.env("AGENCYSH_ENV", "HOME,LANG").args([
        "--endpoint",
        "none",
        "-e",
        "env::get(\"PATH\")",
    ]);
    let said = said(&mut command);
    assert!(said.stderr.contains("error[permission.environment]"), "{}", said.stderr);
}

#[test]
fn limits_end_a_run_with_exit_code_1() {
    for (words, code, kind) in [
        (["--max-operations", "1000"], "loop {}", "limit.operations"),
        (["--max-output", "1000"], "loop { print(1) }", "limit.output"),
        // with nothing after it, and before an end that would be a good one
        (["--max-output", "2"], "print(\"abc\")", "limit.output"),
        (["--max-output", "2"], "log::warn(\"abc\"); exit(0)", "limit.output"),
        (["--max-string", "1000"], "let s = \"x\"; loop { s += s }", "limit.size"),
        (["--max-call-depth", "5"], "fn f() { f() } f()", "script.stack_overflow"),
    ] {
        let said = agencysh(&[&words[..], &["--endpoint", "none", "-e", code]].concat());
        assert_eq!(said.code, Some(1), "{code}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("error[{kind}]")), "{}", said.stderr);
    }
}

#[test]
fn modules_come_from_the_scripts_folder_or_where_files_may_be_used() {
    let (folder, other) = (Folder::new(), Folder::new());
    folder.file("beside.rhai", "export const X = 1;");
    let outside = other.file("outside.rhai", "export const X = 2;");
    let script = folder.file("main.rhai", "import \"beside\" as b; print(b::X);");
    let far = folder.file("far.rhai", format!("import {outside:?} as o; print(o::X);"));
    let root = Folder::new();
    let root = root.path().to_str().unwrap();
    let run =
        |root: &str, script: &str| agencysh(&["--endpoint", "none", "--fs-root", root, script]);
    assert_eq!(run(root, &script).stdout, "1\n");
    let refused = run(root, &far);
    assert!(refused.stderr.contains("error[permission.files]"), "{}", refused.stderr);
    assert_eq!(run(other.path().to_str().unwrap(), &far).stdout, "2\n");
}
