//! Documents against serde_json's own values.

use std::cell::Cell;
use std::ops::ControlFlow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn read(text: &str) -> Document {
    Document::parse(text.to_owned(), &go_on).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-e]{0,3}", "\\PC{0,8}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 120, 14, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..14).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..14)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_has_the_value_of_its_text(value in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let document = read(&text.unwrap());
        prop_assert_eq!(document.to_value(), value.clone());
        let again: Value = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
        prop_assert_eq!(again, value);
    }

    #[test]
    fn every_member_and_element_is_found(value in any_json()) {
        let document = read(&value.to_string());
        if let Some(members) = value.as_object() {
            for (key, part) in members {
                prop_assert_eq!(document.member(key).map(|part| part.to_value()), Some(part.clone()));
            }
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            prop_assert!(document.keys().eq(keys));
        }
        for (place, part) in value.as_array().into_iter().flatten().enumerate() {
            prop_assert_eq!(document.item(place).map(|part| part.to_value()), Some(part.clone()));
        }
    }

    #[test]
    fn documents_are_equal_when_their_values_are(a in any_json(), b in any_json()) {
        let (x, y) = (read(&a.to_string()), read(&b.to_string()));
        prop_assert!(x.equals(&read(&a.to_string()), &go_on).unwrap());
        // 1 and 1.0 differ for serde_json
        prop_assert!(a != b || x.equals(&y, &go_on).unwrap());
    }

    #[test]
    fn rubbish_is_an_error_exactly_where_the_parser_says_so(text in "[\\[\\]{}\",:0-9eE.+\\-a-f\\\\ u]{0,24}") {
        let parsed = serde_json::from_str::<Value>(&text);
        let document = Document::parse(text, &go_on);
        prop_assert_eq!(parsed.is_ok(), document.is_ok());
        if let (Ok(value), Ok(document)) = (parsed, document) {
            prop_assert_eq!(document.to_value(), value);
        }
    }
}

#[test]
fn of_equal_keys_the_last_counts_escaped_or_not() {
    let found = read(r#"{"a": 1, "b": 2, "\u0061": 3}"#).to_value();
    assert_eq!(found, json!({"a": 3, "b": 2}));
    let many: Vec<String> =
        (0..40).map(|number| format!("\"k{}\": {number}", number % 20)).collect();
    let found = read(&format!("{{{}}}", many.join(",")));
    assert_eq!(found.len(), Some(20));
    assert_eq!(found.member("k7").unwrap().view(), View::Integer(27));
}

#[test]
fn integers_above_i64_become_floats() {
    assert_eq!(read("9223372036854775807").view(), View::Integer(i64::MAX));
    assert_eq!(read("18446744073709551615").view(), View::Float(18446744073709551615.0));
    assert_eq!(read("-9223372036854775808").view(), View::Integer(i64::MIN));
    assert_eq!(read("1.0").view(), View::Float(1.0));
}

#[test]
fn strings_with_escapes_are_decoded() {
    let found = read(r#"["a\nb", "\u00fc\ud83d\ude00", "plain ü", {"k\"": "v\\"}]"#);
    assert_eq!(found.to_value(), json!(["a\nb", "ü😀", "plain ü", {"k\"": "v\\"}]));
}

#[test]
fn paths_lead_through_objects_and_arrays() {
    let found = read(r#"{"a": [{"b": 7}], "0": 1}"#);
    assert_eq!(found.at(["a", "0", "b"]).unwrap().view(), View::Integer(7));
    assert_eq!(found.at(["0"]).unwrap().view(), View::Integer(1));
    assert!(found.at(["a", "-1"]).is_none() && found.at(["a", "0", "b", "c"]).is_none());
    assert!(found.at([]).unwrap().is_same(&found));
}

#[test]
fn nesting_has_an_end() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Document::parse(nested(DEEPEST), &go_on).is_ok());
    for levels in [DEEPEST + 1, 1_000_000] {
        let error = Document::parse(nested(levels), &go_on).unwrap_err().to_string();
        assert!(error.starts_with("more than 500 levels of nesting"), "{error}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named() {
    let error = Document::from_bytes(b"[\"a\xff\"]".to_vec(), &go_on).unwrap_err();
    assert_eq!(error, DocumentError::NotUtf8 { at: 3 });
}

#[test]
fn reading_and_comparing_stop_when_told() {
    let text = format!("[{}1]", "1,".repeat(20_000));
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        ControlFlow::Break(())
    };
    assert_eq!(Document::parse(text.clone(), &stop).unwrap_err(), DocumentError::Stopped);
    let (a, b) = (read(&text), read(&text));
    assert_eq!(a.equals(&b, &stop).unwrap_err(), DocumentError::Stopped);
    assert_eq!(asked.get(), 2);
}

#[test]
fn a_node_takes_sixteen_bytes_and_a_part_is_a_pointer() {
    assert_eq!(size_of::<Node>(), 16);
    assert_eq!(size_of::<tape::Member>(), 24);
    assert!(size_of::<Document>() <= 24);
}
