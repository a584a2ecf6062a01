//! Options: what they choose, and what is wrong with them.

use crate::support::{Folder, agencysh, program, said};

#[test]
fn unknown_options_and_bad_values_are_usage_errors() {
    for (words, part) in [
        (&["--bogus", "eval", "1"][..], "--bogus"),
        (&["--embedded=2", "eval", "1"], "must be odd"),
        (&["--embedded=x", "eval", "1"], "invalid value 'x'"),
        (&["--deadline", "0", "eval", "1"], "--deadline"),
        (&["--deadline=-1", "eval", "1"], "--deadline"),
        (&["--timeout", "soon", "eval", "1"], "invalid value 'soon'"),
        (&["--endpoint", "ftp://x", "eval", "1"], "ftp://x"),
        (&["--endpoint", "tcp://0.0.0.0:1", "eval", "1"], "0.0.0.0"),
        // S7: an address to listen on is none to connect to
        (&["--endpoint", "http+tcp://0.0.0.0:1", "eval", "1"], "0.0.0.0"),
        (&["--endpoint", "tcp://a:1", "--embedded", "eval", "1"], "exclude each other"),
        (&["--endpoint", "tcp://a:1", "--jwt-secret-file", "/no/such", "eval", "1"], "/no/such"),
        (
            &["--endpoint", "tcp://a:1", "--username", "u", "--jwt-token", "t", "eval", "1"],
            "exclude",
        ),
        (&["--endpoint", "tcp://a:1", "--password-file", "p", "eval", "1"], "needs --username"),
        (&["--endpoint", "none", "--endpoint", "tcp://a:1", "eval", "1"], "stands alone"),
        (&["--env=", "eval", "1"], "names no variable"),
        (&["--env", "A*B", "eval", "1"], "'A*B' names no variable"),
        (&["--env", "A=B", "eval", "1"], "'A=B' names no variable"),
        (&["--topology", "/no/such", "eval", "1"], "/no/such"),
        (&["--module-path", "/no/such", "eval", "1"], "/no/such"),
        (&["--log-level", "loud", "eval", "1"], "loud"),
        (&["--log-level", "nothing=info", "eval", "1"], "nothing"),
        (&["--color", "blue", "eval", "1"], "blue"),
        (&["eval"], "<CODE>"),
        (&["check"], "<FILES>"),
    ] {
        let said = agencysh(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn help_and_version_are_data() {
    for words in [&["--help"][..], &["help"], &["help", "run"], &["run", "--help"], &["--version"]]
    {
        let said = agencysh(words);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{words:?}");
        assert!(said.stdout.contains("agencysh"), "{words:?}");
    }
}

#[test]
fn the_environment_says_what_the_command_line_leaves_open() {
    let code = "agency::current().get(\"x\")";
    let mut from_environment = program();
    from_environment
        .env("AGENCYSH_ENDPOINT", "tcp://127.0.0.1:1,tcp://127.0.0.1:2")
        .env("AGENCYSH_DEADLINE", "0.3")
        .args(["eval", code]);
    assert_eq!(said(&mut from_environment).code, Some(124));
    let mut overruled = program();
    overruled.env("AGENCYSH_ENDPOINT", "tcp://127.0.0.1:1").args(["--embedded=1", "eval", code]);
    assert_eq!(said(&mut overruled).code, Some(0));
}

#[test]
fn no_target_is_told_when_a_script_asks_for_one() {
    let said = agencysh(&["--server.endpoint", "none", "eval", "print(1); agency::current()"]);
    assert_eq!((said.stdout.as_str(), said.code), ("1\n", Some(1)));
    assert!(said.stderr.contains("agency.no_target"), "{}", said.stderr);
    let said = agencysh(&["--endpoint", "none", "eval", "cluster::agents()"]);
    assert!(said.stderr.contains("cluster.not_ours"), "{}", said.stderr);
}

#[test]
fn a8_without_a_server_the_script_starts_and_its_first_request_fails() {
    let said = agencysh(&["--endpoint", "none", "eval", "print(1); arango::get(\"/x\")"]);
    assert_eq!((said.stdout.as_str(), said.code), ("1\n", Some(1)));
    assert!(said.stderr.contains("arango.no_connection"), "{}", said.stderr);
    let said =
        agencysh(&["--endpoint", "tcp://127.0.0.1:1", "eval", "arango::get(\"/x\").error_num"]);
    assert_eq!((said.stdout.as_str(), said.code), ("2001\n", Some(2001 & 255)), "{}", said.stderr);
}

#[test]
fn options_say_where_and_how_arango_begins() {
    let code = "let sent = arango::get_raw(\"/_db/_system/_api/version\");
        print(arango::database(), arango::timeout(), arango::user(), arango::role(), type_of(sent.body))";
    let database = ["--server.database", "_system", "--timeout", "7.5", "--force-json"];
    let embedded = agencysh(&[&["--embedded=1"], &database[..], &["eval", code]].concat());
    assert_eq!(embedded.stdout, "_system 7.5  AGENT string\n", "{}", embedded.stderr);
    let words = ["--endpoint", "tcp://127.0.0.1:1", "--database", "shop", "--connect-timeout", "1"];
    let code = "print(arango::database(), arango::timeout(), arango::endpoint())";
    let said = agencysh(&[&words[..], &["eval", code]].concat());
    assert_eq!(said.stdout, "shop 1200.0 http+tcp://127.0.0.1:1\n", "{}", said.stderr);
    for bad in [["--database", ""], ["--connect-timeout", "0"]] {
        assert_eq!(agencysh(&[&bad[..], &["eval", "1"]].concat()).code, Some(2), "{bad:?}");
    }
}

#[test]
fn a12_a_missing_password_is_not_asked_for() {
    let code = "try { arango::reconnect(\"tcp://127.0.0.1:1\", #{ username: \"u\", warn: false }); } catch (e) { print(e.error_num); }
        print(arango::get_raw(\"/x\").error_num); print(term::read_line())";
    let words = ["--endpoint", "tcp://127.0.0.1:1", "--username", "u", "eval", code];
    let said = said(program().args(words).write_stdin("still there\n"));
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("10\n2001\nstill there\n", ""));
}

#[test]
fn a_topology_names_agents_and_a_bad_one_is_refused() {
    let folder = Folder::new();
    let unreachable = r#"{"version":1,"agents":[{"id":"AGNT-1","endpoint":"tcp://127.0.0.1:1"}],"jwt_secret_file":null}"#;
    let topology = folder.file("good.json", unreachable);
    let said = agencysh(&[
        "--topology",
        &topology,
        "--deadline",
        "0.3",
        "eval",
        "agency::current().get(\"x\")",
    ]);
    assert_eq!(said.code, Some(124), "{}", said.stderr);
    for (name, text) in [
        ("a.json", "{"),
        ("b.json", "[]"),
        ("c.json", r#"{"agents":[]}"#),
        ("d.json", r#"{"agents":[{"endpoint":"ftp://x"}]}"#),
    ] {
        let said = agencysh(&["--topology", &folder.file(name, text), "eval", "1"]);
        assert_eq!(said.code, Some(2), "{text}");
        assert!(said.stderr.contains(name), "{}", said.stderr);
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let folder = Folder::new();
    let secret = folder.file("secret", "hush-hush");
    let code = "print(env::options()); agency::current().get(\"x\")";
    let words = [
        "--endpoint",
        "tcp://127.0.0.1:1",
        "--jwt-secret-file",
        &secret,
        "--deadline",
        "0.5",
        "eval",
        code,
    ];
    let said = agencysh(&words);
    assert!(!format!("{said:?}").contains("hush-hush"));
    let token = [
        "--endpoint",
        "tcp://127.0.0.1:1",
        "--jwt-token",
        "hush-hush",
        "--deadline",
        "0.5",
        "eval",
        code,
    ];
    assert!(!format!("{:?}", agencysh(&token)).contains("hush-hush"));
}

#[test]
fn t4_colours_only_when_asked_for_or_on_a_terminal() {
    let escape = "\u{1b}[";
    assert!(!agencysh(&["eval", "nope"]).stderr.contains(escape));
    assert!(agencysh(&["--color", "always", "eval", "nope"]).stderr.contains(escape));
    assert_eq!(agencysh(&["eval", "term::color(\"red\")"]).stdout, "\n");
}
