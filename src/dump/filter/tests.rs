//! What passes the filter, in pieces of all sizes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn run(text: &[u8], secrets: &[&str], pick: Option<&'static str>, piece: usize) -> (Vec<u8>, Seen) {
    let secrets = secrets.iter().map(|secret| secret.as_bytes().to_vec());
    let mut filter = Filter::new(Vec::new(), Arc::new(KnownSecrets::new(secrets)));
    if let Some(member) = pick {
        filter = filter.picking(member);
    }
    for part in text.chunks(piece.max(1)) {
        filter.write_all(part).unwrap();
    }
    filter.finish().unwrap()
}

fn masked(text: &str, secrets: &[&str]) -> String {
    let whole = run(text.as_bytes(), secrets, None, usize::MAX);
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(run(text.as_bytes(), secrets, None, piece), whole, "pieces of {piece}");
    }
    String::from_utf8(whole.0).unwrap()
}

fn is_json(text: &str) -> bool {
    run(text.as_bytes(), &[], None, 5).1.json
}

#[test]
fn m13_values_of_secret_members_are_masked_whatever_they_are() {
    for (before, after) in [
        (r#"{"password":"x","a":"y"}"#, r#"{"password":"***","a":"y"}"#),
        (r#"{"JWT": 17, "n": 17}"#, r#"{"JWT": "***", "n": 17}"#),
        (
            r#"{"jwtFiles":["a",{"b":["c",1.5,null,true]}],"z":["c"]}"#,
            r#"{"jwtFiles":["***",{"b":["***","***",null,true]}],"z":["c"]}"#,
        ),
        (r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"***"}"#),
        (r#"[{"a":{"secret":{}}},{"b":"c"}]"#, r#"[{"a":{"secret":{}}},{"b":"c"}]"#),
        (r#"{"secret":null,"b":"c"}"#, r#"{"secret":null,"b":"c"}"#),
    ] {
        assert_eq!(masked(before, &[]), after);
    }
}

#[test]
fn m13_in_a_log_the_operation_stays_and_its_values_are_masked() {
    let before = r#"{"request":{"/arango/x/password":{"op":"set","new":"hidden"},"/a":{"op":"set","new":"seen"}}}"#;
    let after = r#"{"request":{"/arango/x/password":{"op":"set","new":"***"},"/a":{"op":"set","new":"seen"}}}"#;
    assert_eq!(masked(before, &[]), after);
    assert_eq!(masked(r#"{"secret":{"op":"hidden"}}"#, &[]), r#"{"secret":{"op":"***"}}"#);
}

#[test]
fn m13_private_keys_are_masked_under_any_name() {
    let before = r#"{"key":"-----BEGIN EC PRIVATE KEY-----\nMIH\n-----END EC PRIVATE KEY-----\n","cert":"-----BEGIN CERTIFICATE-----"}"#;
    let after = r#"{"key":"***","cert":"-----BEGIN CERTIFICATE-----"}"#;
    assert_eq!(masked(before, &[]), after);
}

#[test]
fn m13_known_secrets_are_masked_wherever_they_occur() {
    let secrets = ["hunter2!", "12345", "a\"b\\c", "zürich", "x/yz"];
    for (before, after) in [
        (r#"{"say":"is hunter2! it"}"#, r#"{"say":"is *** it"}"#),
        (r#"{"hunter2!":["hunter2!hunter2!"]}"#, r#"{"***":["******"]}"#),
        (r#"{"n":9123459,"m":1234}"#, r#"{"n":"***","m":1234}"#),
        (
            r#"["a\"b\\c","z\u00fcrich","zürich","z\u00FCrich","x\/yz","x/yz"]"#,
            r#"["***","***","***","***","***","***"]"#,
        ),
        ("no JSON: hunter2! and a\"b\\c", "no JSON: *** and ***"),
    ] {
        assert_eq!(masked(before, &secrets), after);
    }
}

#[test]
fn a_secret_is_not_found_within_an_escape() {
    assert_eq!(
        masked(r#"["\nabc","\u00e9abc","nabc"]"#, &["nabc", "e9abc"]),
        r#"["\nabc","\u00e9abc","***"]"#
    );
}

#[test]
fn long_strings_pass_in_parts_and_keep_no_secret() {
    let filling = "é\\n".repeat(300_000);
    for around in [0, 5] {
        let text =
            format!("{{\"a\":\"{}{filling}topsecret{filling}\",\"b\":[1]}}", "x".repeat(around));
        let expected = text.replace("topsecret", "***");
        for piece in [262_144, usize::MAX] {
            let (found, seen) = run(text.as_bytes(), &["topsecret"], None, piece);
            assert!(found == expected.as_bytes(), "pieces of {piece}");
            assert!(seen.json);
        }
    }
    let text = format!("{{\"password\":\"{filling}\",\"b\":\"c\"}}");
    let (found, seen) = run(text.as_bytes(), &[], None, 100_000);
    assert_eq!(String::from_utf8(found).unwrap(), r#"{"password":"***","b":"c"}"#);
    assert!(seen.json);
}

#[test]
fn a_member_is_picked_with_its_secrets_masked() {
    let text = r#"{"spearhead": [{"read_db": 1}], "read_db": [{"a": {"password": "x"}, "read_db": 7}] , "transient": []}"#;
    for piece in [1, 2, 10, 1000] {
        let (found, seen) = run(text.as_bytes(), &[], Some("read_db"), piece);
        assert_eq!(
            String::from_utf8(found).unwrap(),
            r#"[{"a": {"password": "***"}, "read_db": 7}]"#
        );
        assert!(seen.picked && seen.json);
    }
    for scalar in ["7", "\"x\"", "null", "{}"] {
        let text = format!("{{\"a\": 1, \"read_db\": {scalar}}}");
        assert_eq!(run(text.as_bytes(), &[], Some("read_db"), 3).0, scalar.as_bytes());
    }
    let (found, seen) = run(b"{\"a\": 1}", &[], Some("read_db"), 3);
    assert!(found.is_empty() && !seen.picked && seen.json);
    let (found, seen) = run(b"<html>", &[], Some("read_db"), 3);
    assert_eq!(found, b"<html>");
    assert!(!seen.json);
}

#[test]
fn what_is_no_json_is_known_as_such_and_passes_unchanged() {
    for text in [
        "",
        " ",
        "{",
        "{\"a\":1",
        "[1,]",
        "{\"a\" 1}",
        "{a:1}",
        "[1] x",
        "01",
        "1.",
        "nul",
        "\"a",
        "\"\\x\"",
        "[\"a\nb\"]",
        "{\"a\":1,}",
        "]",
        "[1}",
        "--1",
        "1e",
        "<html>",
        "tru\u{e9}",
    ] {
        assert!(!is_json(text), "{text:?}");
        assert_eq!(masked(text, &[]), text);
    }
    let (found, seen) = run(b"[\"\xff\"]", &[], None, 2);
    assert!(!seen.json);
    assert_eq!(found, b"[\"\xff\"]");
    assert!(!run(&b"[".repeat(20_000), &[], None, 100).1.json);
    for text in ["1", " [ ] ", "{}", "-0.5e+10", "\"\\u00e9\\\"\"", "true", "{\"a\":{\"b\":[]}}\n"]
    {
        assert!(is_json(text), "{text:?}");
    }
}

#[test]
fn short_secrets_are_not_looked_for() {
    assert_eq!(masked("{\"abc\":\"abc\"}", &["abc", ""]), "{\"abc\":\"abc\"}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof!["[a-z]{0,3}", "\\PC{0,8}", any::<String>(), Just("opensesame".to_owned())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let key = prop_oneof![text, Just("password".to_owned())];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

fn has_secret(value: &Value, hidden: bool) -> bool {
    match value {
        Value::String(text) => hidden && text != "***" || text.contains("opensesame"),
        Value::Number(_) => hidden,
        Value::Array(items) => items.iter().any(|item| has_secret(item, hidden)),
        Value::Object(members) => members.iter().any(|(key, item)| {
            key.contains("opensesame") || has_secret(item, hidden || names::is_secret(key))
        }),
        _ => false,
    }
}

proptest! {
    #[test]
    fn m13_json_stays_json_and_keeps_no_secret(value in any_json(), pretty: bool, piece in 1_usize..40) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let (found, seen) = run(text.as_bytes(), &["opensesame"], None, piece);
        prop_assert!(seen.json);
        let found: Value = serde_json::from_slice(&found).unwrap();
        prop_assert!(!has_secret(&found, false), "{}", found);
        if !has_secret(&value, false) {
            prop_assert_eq!(found, value);
        }
    }

    #[test]
    fn it_knows_json_as_the_parser_does(text in "[\\[\\]{}\",:0-9eE.+\\-a-f\\\\ u]{0,24}", piece in 1_usize..8) {
        let (found, seen) = run(text.as_bytes(), &[], None, piece);
        prop_assert_eq!(seen.json, serde_json::from_str::<Value>(&text).is_ok());
        prop_assert_eq!(String::from_utf8(found).unwrap(), text);
    }
}

#[test]
fn a_plain_value_is_json() {
    assert_eq!(json!({"a": 1}).to_string(), masked("{\"a\":1}", &[]));
}
