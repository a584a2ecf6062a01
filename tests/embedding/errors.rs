//! Errors as data.

use std::error::Error;

use agencysh::host::{ErrorName, HostError, Permissions};
use agencysh::{Host, Target};
use serde_json::json;

/// The texts of what an error gives as its sources.
fn texts(error: &dyn Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push(cause.to_string());
        source = cause.source();
    }
    texts
}

fn host() -> Host {
    Host::builder().permissions(Permissions::all()).build().unwrap()
}

#[test]
fn an_error_tells_all_without_a_match() {
    let script = "fn load(name) {\n    fs::read(name)\n}\nload(\"/no/such\")";
    let error = host().run_str("main.rhai", script, &[] as &[&str]).unwrap_err();
    assert_eq!(
        (error.kind(), error.file(), error.line()),
        ("fs.not_found", Some("main.rhai"), Some(2))
    );
    assert!(error.message().contains("/no/such") && !error.message().contains("main.rhai"));
    assert_eq!(error.trace()[0].function, "load");
    assert_eq!(error.trace()[0].location.as_ref().map(|place| place.line), Some(4));
    assert_eq!((error.stop(), error.is_deadline(), error.is_interrupted()), (None, false, false));
    assert_eq!(error.script().unwrap().name, ErrorName::ArangoError);
}

#[test]
fn an_error_as_an_object_has_all_members() {
    let script = "fn load(name) {\n    fs::read(name)\n}\nload(\"/no/such\")";
    let error = host().run_str("main.rhai", script, &[] as &[&str]).unwrap_err();
    let object = error.to_json();
    assert_eq!(object["kind"], "fs.not_found");
    assert_eq!(object["name"], "ArangoError");
    assert_eq!((&object["error_num"], &object["code"]), (&json!(14), &json!(null)));
    assert_eq!(object["context"], json!({"func": "fs::read", "path": "/no/such", "errno": 2}));
    assert_eq!(
        (&object["file"], &object["line"], &object["column"]),
        (&json!("main.rhai"), &json!(2), &json!(9))
    );
    assert_eq!(object["source_line"], "    fs::read(name)");
    let frame = json!({"function": "load", "file": "main.rhai", "line": 4, "column": 1});
    assert_eq!(object["trace"], json!([frame]));
    assert_eq!((&object["stop"], &object["causes"]), (&json!(null), &json!([])));
    let members = object.as_object().unwrap();
    assert!(members.contains_key("hint") && members.len() == 14, "{object}");
}

#[test]
fn causes_are_a_chain_of_sources_and_not_part_of_the_message() {
    let code = "agency::connect(#{ endpoints: [\"tcp://127.0.0.1:1\"], timeout: 0.2, connect_timeout: 0.1 }).get(\"x\")";
    let error = host().eval(code).unwrap_err();
    let sources = texts(&error);
    assert!(!sources.is_empty(), "{error:?}");
    assert_eq!(error.to_json()["causes"], json!(sources));
    assert!(!error.message().contains(&sources[0]), "{error}");
    assert!(error.report().contains(&format!("caused by: {}", sources[0])), "{}", error.report());

    // the same from outside of a script
    let endpoint = agencysh::http::Endpoint::parse("tcp://127.0.0.1:1").unwrap();
    let options = agencysh::client::ClientOptions {
        endpoints: vec![endpoint],
        connect_timeout: std::time::Duration::from_millis(100),
        ..Default::default()
    };
    let client = agencysh::AgencyClient::new(options, Default::default()).unwrap();
    let error = client.get("x").unwrap_err();
    let error = HostError::from(agencysh::natives::NativeError::from(error));
    let sources = texts(&error);
    assert!(!sources.is_empty(), "{error:?}");
    assert_eq!(error.to_json()["causes"], json!(sources));
    assert!(!error.message().contains(&sources[0]), "{error}");

    // and where nobody is asked
    let endpoint = agencysh::http::Endpoint::parse("tcp://127.0.0.1:1").unwrap();
    let target = Target::agency(vec![endpoint], Default::default());
    assert!(Host::builder().target(target).build().unwrap().agency().is_ok(), "nobody is asked");
    let error = host().run_file("/no/such.rhai", &[] as &[&str]).unwrap_err();
    let object = error.to_json();
    assert_eq!(object["causes"], json!(texts(&error)));
    assert_eq!(object["name"], "Error");
    assert!(object["message"].as_str().unwrap().contains("/no/such.rhai"), "{object}");
}

#[test]
fn what_scripts_throw_is_told_as_it_was_thrown() {
    for (code, kind, message, name) in [
        ("throw \"no\"", "script.thrown", "no", "Error"),
        ("throw #{ kind: \"my.kind\", message: \"m\" }", "my.kind", "m", "Error"),
        (
            "throw #{ kind: \"my.kind\", name: \"TypeError\", message: \"m\" }",
            "my.kind",
            "m",
            "TypeError",
        ),
        ("throw errors::make(1203, \"gone\")", "", "gone", "ArangoError"),
    ] {
        let object = host().eval(code).unwrap_err().to_json();
        assert!(kind.is_empty() || object["kind"] == kind, "{code}: {object}");
        assert_eq!(
            (&object["message"], &object["name"]),
            (&json!(message), &json!(name)),
            "{code}"
        );
    }
}

#[test]
fn errors_can_be_sent_to_other_threads_and_kept() {
    fn keep<T: Error + Send + Sync + 'static>(error: T) -> Box<dyn Error + Send + Sync> {
        error.into()
    }
    let error = keep(host().eval("nothing").unwrap_err());
    let error = error.downcast::<HostError>().unwrap();
    assert_eq!(error.kind(), "script.unknown_variable");
    assert!(error.to_string().starts_with("<eval>:1:1: "), "{error}");
}

#[test]
fn a_failed_assertion_shows_the_line_of_the_script() {
    let script = "import \"assert\" as assert;\nlet a = 1;\nassert::equal(a, 2);";
    let error = host().run_str("main.rhai", script, &[] as &[&str]).unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("main.rhai"), Some(3)));
    let report = error.report();
    assert!(
        report.contains("\n  --> main.rhai:3:") && report.contains("\n  | assert::equal(a, 2);\n"),
        "{report}"
    );
}
