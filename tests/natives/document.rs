//! Documents: large JSON that scripts read in place.

use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use agencysh::host::{Host, Target};

use crate::support::Run;

/// What the scripts below have as `doc`.
const TEXT: &str = r#"{
    "Plan": { "Version": 7, "Collections": { "_system": { "100": { "name": "a\nb", "shards": { "s1": ["P1", "P2"] } } } } },
    "list": [1, 2.5, null, true, "x", { "deep": [[]] }],
    "len": "a member",
    "empty": {}
}"#;

fn run() -> Run {
    Run::new()
}

fn with_doc(script: &str) -> String {
    format!("let doc = json::parse_doc(`{TEXT}`); {script}")
}

fn all_true(conditions: &[&str]) {
    let run = run();
    for condition in conditions {
        run.is_true(&with_doc(condition));
    }
}

#[test]
fn members_are_read_as_of_maps() {
    all_true(&[
        "doc.Plan.Version == 7 && doc[\"Plan\"][\"Version\"] == 7",
        "doc.Plan.Collections._system[\"100\"].name == \"a\\nb\"",
        "doc.Plan.Collections._system[\"100\"].shards.s1[1] == \"P2\"",
        "doc.none == () && doc[\"none\"] == () && doc?.none?.deeper == ()",
        "doc.len == \"a member\" && doc.len() == 4",
        "let key = \"Plan\"; doc[key].Version + 1 == 8",
    ]);
}

#[test]
fn elements_are_read_as_of_arrays_from_the_end_too() {
    all_true(&[
        "doc.list[0] == 1 && doc.list[-1].deep[0].is_empty() && doc.list[-6] == 1",
        "doc.list[1] == 2.5 && doc.list[2] == () && doc.list[3] == true && doc.list[4] == \"x\"",
        "let found = []; for item in doc.list { found.push(type_of(item)) } found == [\"i64\", \"f64\", \"()\", \"bool\", \"string\", \"Document\"]",
        "let last = 0; for (item, place) in doc.list { last = place } last == 5",
    ]);
    let error = run().try_eval(&with_doc("doc.list[6]")).unwrap_err();
    assert!(error.to_string().contains("only 6 elements"), "{error}");
    assert!(run().try_eval(&with_doc("doc.list[-7]")).is_err());
    let extreme = with_doc("doc.list[-9223372036854775807 - 1]");
    assert!(run().try_eval(&extreme).is_err());
}

#[test]
fn what_has_no_parts_is_an_ordinary_value() {
    all_true(&[
        "type_of(doc) == \"Document\" && type_of(doc.Plan) == \"Document\"",
        "type_of(doc.Plan.Version) == \"i64\" && type_of(doc.len) == \"string\"",
        "json::parse_doc(\"3\") == 3 && json::parse_doc(\"null\") == () && json::parse_doc(\"\\\"x\\\"\") == \"x\"",
        "type_of(json::parse_doc(\"18446744073709551615\")) == \"f64\"",
    ]);
}

#[test]
fn a_wrong_access_says_what_the_document_is() {
    let run = run();
    for (script, message) in [
        ("doc.list.name", "an array has no member 'name'; its 6 elements have numbers"),
        ("doc[0]", "the members of an object have keys, not numbers: [\"0\"]"),
        ("for x in doc { print(x) }", "an object cannot be walked through"),
        ("doc.list.keys()", "the document is an array, not an object"),
        ("doc.to_array()", "the document is an object, not an array"),
        ("doc.get(7)", "path must be a string or an array, not an integer"),
        ("doc.list.filter(|x| 1)", "the function must return a boolean, not i64"),
        ("json::parse_doc(7)", "argument 1 of json::parse_doc must be a string"),
    ] {
        let error = run.error(&with_doc(script));
        assert_eq!(error["error_num"].as_int().unwrap(), 10, "{script}");
        assert_eq!(error["kind"].to_string(), "argument.type", "{script}");
        assert!(
            error["message"].to_string().starts_with(message),
            "{script}: {}",
            error["message"]
        );
    }
}

#[test]
fn assigning_says_that_a_document_is_read_only_and_what_to_do() {
    let run = run();
    for script in [
        "doc.a = 1",
        "doc.Plan.Version = 8",
        "doc.Plan.Version += 1",
        "doc[\"Plan\"] = ()",
        "doc.list[0] = 5",
        "doc.Plan = doc.list",
    ] {
        let error = run.error(&with_doc(script));
        assert_eq!(error["kind"].to_string(), "document.read_only", "{script}");
        assert!(error["message"].to_string().contains("its .value() can be changed"), "{script}");
    }
    all_true(&[
        "let map = doc.Plan.value(); map.Version = 8; map.Version == 8 && doc.Plan.Version == 7",
        "fn version() { this.Version } doc.Plan.version() == 7",
    ]);
}

#[test]
fn methods_give_keys_values_and_parts_by_path() {
    all_true(&[
        "doc.keys() == [\"Plan\", \"empty\", \"len\", \"list\"] && doc.Plan.keys().len() == 2",
        "doc.values()[2] == \"a member\" && doc.list.values().len() == 6",
        "doc.get(\"Plan/Version\") == 7 && doc.get(\"/list/5/deep/0\").len() == 0",
        "doc.get([\"list\", 4]) == \"x\" && doc.get(\"list/9\") == () && doc.get(\"\") == doc",
        "\"Plan\" in doc && !(\"x\" in doc) && \"x\" in doc.list && 2.5 in doc.list && 1.0 in doc.list && !(9 in doc.list)",
        "doc.empty.is_empty() && !doc.is_empty()",
        "type_of(doc.Plan.to_map()) == \"map\" && type_of(doc.list.to_array()[5]) == \"map\"",
    ]);
}

#[test]
fn functions_are_called_with_elements_or_with_key_and_value() {
    all_true(&[
        "doc.list.map(|x| type_of(x))[0] == \"i64\"",
        "doc.map(|key, value| key).len() == 4",
        "doc.list.filter(|x| type_of(x) == \"i64\") == [1]",
        "doc.filter(|key, value| key == \"Plan\").Plan.Version == 7",
        "let keys = \"\"; doc.for_each(|key, value| { keys += key }); keys == \"Planemptylenlist\"",
    ]);
    let error = run().try_eval(&with_doc("doc.list.map(|x| throw \"mine\")")).unwrap_err();
    assert!(error.to_string().contains("mine"), "{error}");
}

#[test]
fn documents_compare_with_each_other_and_with_ordinary_values() {
    all_true(&[
        "doc == doc && !(doc != doc) && doc.Plan != doc.list",
        "doc == json::parse_doc(json::stringify(doc))",
        "doc.Plan.Collections == #{ _system: #{ \"100\": #{ name: \"a\\nb\", shards: #{ s1: [\"P1\", \"P2\"] } } } }",
        "doc.list == [1.0, 2.5, (), true, \"x\", #{ deep: [[]] }] && [1] != doc.list",
        "#{} == doc.empty && doc.empty != #{ a: 1 } && doc.list != #{}",
        "json::equal(doc, doc.value()) && json::equal(doc.value(), doc) && json::equal(doc, doc)",
        "#{ a: doc.list } == #{ a: doc.list.value() }",
    ]);
}

#[test]
fn other_natives_take_documents() {
    let run = run();
    all_true(&[
        "json::parse(json::stringify(doc)) == doc.value()",
        "json::stringify(doc.list) == `[1,2.5,null,true,\"x\",{\"deep\":[[]]}]`",
        "json::stringify(doc.list[5], 1) == \"{\\n \\\"deep\\\": [\\n  []\\n ]\\n}\"",
        "json::get(doc, \"Plan/Version\") == 7 && json::get(#{ a: doc }, \"a/list/0\") == 1",
        "term::compact(doc.Plan.Collections) == term::compact(doc.Plan.Collections.value())",
        "term::pretty(doc) == term::pretty(doc.value())",
        "doc.list.to_string() == json::stringify(doc.list) && `${doc.empty}` == \"{}\"",
        "vpack::decode(vpack::encode(doc)) == doc.value()",
    ]);
    run.exec(&with_doc("print(doc.list)"));
    assert!(run.printed.lock().unwrap().contains("[ 1, 2.5, null, true, \"x\", { \"deep\" :"));
}

#[test]
fn a_document_is_read_from_a_file() {
    run().is_true(
        "fs::write(dir + \"/a.json\", `{\"a\": [1]}`); json::read_doc(dir + \"/a.json\").a[0] == 1",
    );
    let error = run().error("json::read_doc(dir + \"/none.json\")");
    assert_eq!(error["kind"].to_string(), "fs.not_found");
}

#[test]
fn text_that_is_no_json_is_an_error_with_line_and_column() {
    let run = run();
    for script in [
        "json::parse_doc(\"{\\n\\\"a\\\": }\")",
        "json::parse_doc(\"\")",
        "json::parse_doc(\"[1] 2\")",
        "let deep = \"\"; deep.pad(100000, '['); json::parse_doc(deep)",
        "fs::write(dir + \"/b\", blob(3, 255)); json::read_doc(dir + \"/b\")",
    ] {
        let error = run.error(script);
        assert_eq!(error["error_num"].as_int().unwrap(), 37, "{script}");
        assert_eq!(error["kind"].to_string(), "json.malformed", "{script}");
    }
    let message = run.error("json::parse_doc(\"{\\n\\\"a\\\": }\")")["message"].to_string();
    assert!(message.contains("at line 2 column 6"), "{message}");
}

/// How long a script goes on after its run's deadline.
fn overtime(prepare: &str, script: &str) -> Duration {
    let deadline = Deadline::default();
    let shared = deadline.clone();
    let run = Run::with(|builder| builder.deadline(shared));
    let mut scope = rhai::Scope::new();
    run.engine.eval_with_scope::<()>(&mut scope, prepare).unwrap();
    let limit = Duration::from_millis(5);
    let begin = Instant::now();
    deadline.set_run(Some(limit));
    // a script whose last call was ended without an error is done
    drop(run.engine.eval_with_scope::<rhai::Dynamic>(&mut scope, script));
    begin.elapsed().saturating_sub(limit)
}

/// Long enough to be read for much longer than a test waits in any build.
const LONG: &str = "let text = \"1,\"; text.pad(800000, text); text = \"[\" + text + \"1]\";";

#[test]
fn reading_and_converting_end_with_the_run() {
    let doc = format!("{LONG} let doc = json::parse_doc(text); let other = json::parse_doc(text);");
    for (prepare, script) in [
        (LONG, "json::parse_doc(text)"),
        (doc.as_str(), "doc.value()"),
        (&doc, "json::stringify(doc)"),
        (&doc, "json::equal(doc, other)"),
        (&doc, "doc == other"),
        (&doc, "7 in doc"),
        (&doc, "doc.values()"),
        (&doc, "print(doc)"),
    ] {
        let late = overtime(prepare, script);
        assert!(late < Duration::from_millis(300), "{script}: {late:?} late");
    }
}

#[test]
fn large_answers_of_an_agency_are_documents_and_small_ones_values() {
    let host = Host::builder().target(Target::embedded(1)).build().unwrap();
    let outcome = host.eval(
        r#"let a = agency::current();
           let text = ""; text.pad(600000, 'x'); let state = type_of(a.state());
           a.set("Test/one", text);
           let small = [type_of(a.get("Test")), type_of(a.read("Test")), state];
           a.set("Test/two", text);
           let large = [type_of(a.get("Test")), type_of(a.read("Test")), type_of(a.state())];
           let always = [type_of(a.get_doc("Test")), type_of(a.read_doc("Test/one")), type_of(a.get_doc("Test/one"))];
           let absent = [a.get_doc("Test/one/x"), a.get("Nothing"), a.get_doc("Nothing")];
           [small, large, always, absent == [(), (), ()], a.get("Test").one == text, a.read("Test").arango.Test.two == text]"#,
    );
    let found = outcome.unwrap().value.to_string();
    assert_eq!(
        found,
        r#"[["map", "map", "map"], ["Document", "Document", "Document"], ["Document", "Document", "string"], true, true, true]"#
    );
}

#[test]
fn queries_give_ordinary_values() {
    all_true(&[
        "doc.query(\".Plan.Version, .list[1:3], .none\") == [7, [2.5, ()], ()]",
        "type_of(doc.query(\".Plan\")[0]) == \"map\" && type_of(doc.query(\"[.list]\")[0][0]) == \"array\"",
        "doc.Plan.Collections.query(`.[][] | .shards | to_entries[] | .key + \":\" + .value[0]`) == [\"s1:P1\"]",
        "doc.query(\"empty\") == [] && doc.query(\"halt\") == []",
        "json::query([1, #{ a: 2 }], \".[1].a + .[0]\") == [3] && json::query(doc, \".len\") == [\"a member\"]",
        "json::query(3, \". + 1\") == [4] && json::query((), \".\") == [()]",
        "doc.query(\"18446744073709551615\")[0] == 18446744073709551615.0",
    ]);
}

#[test]
fn queries_that_fail_have_number_10_and_a_kind() {
    let run = run();
    for (script, kind, message) in [
        ("doc.query(\".[\")", "query.syntax", "expected"),
        ("doc.query(\"nosuch\")", "query.syntax", "there is no filter nosuch at line 1 column 1"),
        ("doc.query(\".list.a\")", "query.failed", "cannot index [1,2.5,null,true,"),
        ("doc.query(\"def f: 1 + f; f\")", "query.failed", "the program calls itself too deep"),
        ("json::query(|x| x, \".\")", "argument.invalid", "a value of type"),
        ("doc.query(7)", "argument.type", "argument 1 of document::query must be a string"),
    ] {
        let error = run.error(&with_doc(script));
        assert_eq!(error["error_num"].as_int().unwrap(), 10, "{script}");
        assert_eq!(error["kind"].to_string(), kind, "{script}");
        assert!(
            error["message"].to_string().starts_with(message),
            "{script}: {}",
            error["message"]
        );
    }
}

#[test]
fn queries_end_with_the_run_even_inside_try() {
    let doc = format!("{LONG} let doc = json::parse_doc(text);");
    for script in [
        "try { doc.query(\"last(repeat(1))\") } catch {} 1",
        "doc.query(\"map(. + 1) | length\")",
        "doc.query(\".\")",
        "doc.query(\".[]\")",
        "doc.query(\"tojson\")",
        "json::query(1, \"def f: f; f\")",
    ] {
        let late = overtime(&doc, script);
        assert!(late < Duration::from_millis(300), "{script}: {late:?} late");
    }
}
