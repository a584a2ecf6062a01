use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::agency::json;
use crate::agency::value::{Object, Value};

fn parsed(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], kind: &str) {
    match decode(bytes) {
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}: {:02x?}", &bytes[..bytes.len().min(99)])
        }
        Ok(value) => panic!("{} is accepted", json::to_string(&value)),
    }
}

/// Bytes by hand, and what they mean; the writer makes exactly them.
fn written() -> Vec<(&'static [u8], &'static str)> {
    vec![
        (b"\x18", "null"),
        (b"\x19", "false"),
        (b"\x1a", "true"),
        (b"\x30", "0"),
        (b"\x39", "9"),
        (b"\x3f", "-1"),
        (b"\x3a", "-6"),
        (b"\x20\xf9", "-7"),
        (b"\x20\x80", "-128"),
        (b"\x21\x7f\xff", "-129"),
        (b"\x21\x00\x80", "-32768"),
        (b"\x22\xff\x7f\xff", "-32769"),
        (b"\x23\x00\x00\x00\x80", "-2147483648"),
        (b"\x27\x00\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775808"),
        (b"\x28\x0a", "10"),
        (b"\x28\xff", "255"),
        (b"\x29\x00\x01", "256"),
        (b"\x2a\x00\x00\x01", "65536"),
        (b"\x2f\xff\xff\xff\xff\xff\xff\xff\x7f", "9223372036854775807"),
        (b"\x2f\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\x1b\x00\x00\x00\x00\x00\x00\xf0\x3f", "1.0"),
        (b"\x1b\x00\x00\x00\x00\x00\x00\x00\x80", "-0.0"),
        (b"\x1b\x9a\x99\x99\x99\x99\x99\xb9\x3f", "0.1"),
        (b"\x40", r#""""#),
        (b"\x43foo", r#""foo""#),
        (b"\x42\xc3\xbc", r#""\u00fc""#),
        (b"\x01", "[]"),
        (b"\x02\x03\x31", "[1]"),
        (b"\x02\x05\x31\x32\x33", "[1,2,3]"),
        (b"\x02\x08\x28\x0a\x41a\x20\xf9", r#"[10,"a",-7]"#),
        (b"\x06\x0b\x03\x31\x42ab\x18\x03\x04\x07", r#"[1,"ab",null]"#),
        (b"\x0a", "{}"),
        (b"\x14\x06\x41a\x31\x01", r#"{"a":1}"#),
        (b"\x0b\x0b\x02\x41a\x31\x41b\x32\x03\x06", r#"{"a":1,"b":2}"#),
        (
            b"\x0b\x10\x02\x40\x02\x03\x01\x41x\x14\x05\x40\x0a\x01\x03\x07",
            r#"{"":[[]],"x":{"":{}}}"#,
        ),
        (b"\x0b\x0e\x02\x44_key\x31\x41b\x32\x03\x09", r#"{"_key":1,"b":2}"#),
    ]
}

#[test]
fn every_type_is_written_as_by_hand_and_read_back() {
    for (bytes, text) in written() {
        let value = parsed(text);
        assert_eq!(encode(&value), bytes, "{text}");
        assert_eq!(decode(bytes), Ok(value), "{text}");
    }
    let Ok(Value::Double(zero)) = decode(b"\x1b\0\0\0\0\0\0\0\x80") else { panic!("no double") };
    assert!(zero.is_sign_negative());
}

#[test]
fn layouts_that_the_writer_does_not_choose_are_read() {
    for (bytes, text) in [
        // Integers wider than they need be, with and without sign.
        (&b"\x20\x01"[..], "1"),
        (b"\x22\xff\xff\xff", "-1"),
        (b"\x2b\x05\x00\x00\x00", "5"),
        (b"\x2f\x05\x00\x00\x00\x00\x00\x00\x00", "5"),
        // A date.
        (b"\x1c\xe8\x03\x00\x00\x00\x00\x00\x00", "1000"),
        (b"\x1c\xff\xff\xff\xff\xff\xff\xff\xff", "-1"),
        // Doubles without a JSON form.
        (b"\x1b\x00\x00\x00\x00\x00\x00\xf0\x7f", "null"),
        (b"\x1b\x00\x00\x00\x00\x00\x00\xf8\x7f", "null"),
        // A long string that is short.
        (b"\xbf\x02\x00\x00\x00\x00\x00\x00\x00hi", r#""hi""#),
        // Arrays without index table, each width, packed and padded.
        (b"\x02\x04\x31\x32", "[1,2]"),
        (b"\x02\x0b\x00\x00\x00\x00\x00\x00\x00\x31\x32", "[1,2]"),
        (b"\x02\x05\x00\x31\x32", "[1,2]"),
        (b"\x03\x05\x00\x31\x32", "[1,2]"),
        (b"\x03\x0b\x00\x00\x00\x00\x00\x00\x00\x31\x32", "[1,2]"),
        (b"\x04\x07\x00\x00\x00\x31\x32", "[1,2]"),
        (b"\x04\x0b\x00\x00\x00\x00\x00\x00\x00\x31\x32", "[1,2]"),
        (b"\x05\x0b\x00\x00\x00\x00\x00\x00\x00\x31\x32", "[1,2]"),
        // Arrays with index table.
        (b"\x06\x0d\x02\x00\x00\x00\x00\x00\x00\x31\x32\x09\x0a", "[1,2]"),
        (b"\x07\x0c\x00\x02\x00\x31\x41a\x05\x00\x06\x00", r#"[1,"a"]"#),
        (b"\x08\x13\x00\x00\x00\x02\x00\x00\x00\x31\x32\x09\x00\x00\x00\x0a\x00\x00\x00", "[1,2]"),
        (
            b"\x09\x23\0\0\0\0\0\0\0\x31\x32\x09\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
            "[1,2]",
        ),
        // A single member, with and without its index table.
        (b"\x06\x05\x01\x31\x03", "[1]"),
        (b"\x06\x04\x01\x31", "[1]"),
        (b"\x09\x12\0\0\0\0\0\0\0\x31\x01\0\0\0\0\0\0\0", "[1]"),
        (b"\x0b\x07\x01\x41a\x31\x03", r#"{"a":1}"#),
        (b"\x0b\x06\x01\x41a\x31", r#"{"a":1}"#),
        // Compact ones; the count is written backwards.
        (b"\x13\x05\x31\x32\x02", "[1,2]"),
        (b"\x13\x06\x31\x41a\x02", r#"[1,"a"]"#),
        (b"\x13\x86\x00\x31\x32\x02", "[1,2]"),
        (b"\x13\x06\x31\x32\x00\x82", "[1,2]"),
        (b"\x14\x09\x41b\x31\x41a\x32\x02", r#"{"b":1,"a":2}"#),
        // Objects: sorted, not sorted, with members in another order.
        (b"\x0b\x0b\x02\x41b\x31\x41a\x32\x06\x03", r#"{"b":1,"a":2}"#),
        (b"\x0f\x0b\x02\x41b\x31\x41a\x32\x03\x06", r#"{"b":1,"a":2}"#),
        (b"\x0c\x0f\x00\x02\x00\x41a\x31\x41b\x32\x05\x00\x08\x00", r#"{"a":1,"b":2}"#),
        (b"\x10\x0f\x00\x02\x00\x41a\x31\x41b\x32\x08\x00\x05\x00", r#"{"a":1,"b":2}"#),
        (
            b"\x0d\x17\0\0\0\x02\0\0\0\x41a\x31\x41b\x32\x09\0\0\0\x0c\0\0\0",
            r#"{"a":1,"b":2}"#,
        ),
        (
            b"\x11\x17\0\0\0\x02\0\0\0\x41a\x31\x41b\x32\x0c\0\0\0\x09\0\0\0",
            r#"{"a":1,"b":2}"#,
        ),
        (
            b"\x0e\x27\0\0\0\0\0\0\0\x41a\x31\x41b\x32\x09\0\0\0\0\0\0\0\x0c\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
            r#"{"a":1,"b":2}"#,
        ),
        (
            b"\x12\x27\0\0\0\0\0\0\0\x41a\x31\x41b\x32\x0c\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
            r#"{"a":1,"b":2}"#,
        ),
        // Names as numbers.
        (
            b"\x14\x0d\x31\x18\x32\x18\x33\x18\x34\x18\x35\x18\x05",
            r#"{"_key":null,"_rev":null,"_id":null,"_from":null,"_to":null}"#,
        ),
        (b"\x14\x06\x28\x03\x1a\x01", r#"{"_id":true}"#),
    ] {
        assert_eq!(decode(bytes), Ok(parsed(text)), "{bytes:02x?}");
    }
}

#[test]
fn long_compact_arrays_have_long_numbers() {
    let mut bytes = vec![0x13, 0x87, 0x04];
    bytes.extend([0x18; 0x207 - 5]);
    // 514 = 4 * 128 + 2
    bytes.extend([0x04, 0x82]);
    assert_eq!(bytes.len(), 0x207);
    let Ok(Value::Array(elements)) = decode(&bytes) else { panic!("no array") };
    assert_eq!(elements.len(), 514);
}

#[test]
fn widths_grow_with_the_content() {
    for (length, first) in [(10, 0x06), (300, 0x07), (70_000, 0x08)] {
        let text = "x".repeat(length);
        let array = Value::from(vec![Value::Null, text.as_str().into()]);
        let object: Object = [("a", Value::Null), ("b", text.as_str().into())]
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        for (value, first) in [(array, first), (Value::Object(object), first + 5)] {
            let bytes = encode(&value);
            assert_eq!(bytes[0], first);
            assert_eq!(decode(&bytes), Ok(value));
        }
        let plain = Value::from(vec![text.as_str().into(); 2]);
        let bytes = encode(&plain);
        assert_eq!(bytes[0], first - 4);
        assert_eq!(decode(&bytes), Ok(plain));
        let single = Value::Object([("a".into(), text.as_str().into())].into_iter().collect());
        let bytes = encode(&single);
        assert_eq!(bytes[0], 0x14);
        assert_eq!(decode(&bytes), Ok(single));
    }
}

#[test]
fn the_borders_between_widths_are_exact() {
    for length in (90..140).chain(230..270).chain(16_360..16_400).chain(65_500..65_560) {
        let text: Value = "x".repeat(length).as_str().into();
        for value in [
            Value::from(vec![text.clone()]),
            Value::from(vec![text.clone(), Value::Null]),
            Value::Object([("".into(), text.clone())].into_iter().collect()),
            Value::Object([("".into(), text), ("a".into(), Value::Null)].into_iter().collect()),
        ] {
            assert_eq!(decode(&encode(&value)), Ok(value), "{length}");
        }
    }
}

#[test]
fn types_without_a_json_form_are_refused_by_name_and_place() {
    let refused_heads = [0x00, 0x15, 0x16, 0x17, 0x1d, 0x1e, 0x1f].into_iter().chain(0xc0..=0xff);
    for head in refused_heads {
        refused(&[head, 1, 0x31, 0, 0, 0, 0, 0, 0, 0], "vpack.no_json_form");
    }
    for (head, name) in [
        (0x17, "an illegal value"),
        (0x1d, "an external value"),
        (0x1e, "the smallest key"),
        (0xc0, "binary data"),
        (0xc8, "a packed decimal"),
        (0xee, "a tagged value"),
        (0xf4, "a custom type"),
        (0xd8, "a reserved type"),
    ] {
        let error = decode(&[0x13, 0x04, head, 0x01]).unwrap_err();
        let text = format!("{name} (type 0x{head:02x}) at offset 2 has no JSON form");
        assert_eq!(error.to_string(), text);
    }
    refused(b"\x02\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x31", "vpack.no_json_form");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (bytes, kind) in [
        (&b""[..], "vpack.truncated"),
        (b"\x31\x31", "vpack.trailing"),
        (b"\x28", "vpack.truncated"),
        (b"\x42a", "vpack.truncated"),
        (b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff", "vpack.truncated"),
        (b"\x1b\x00", "vpack.truncated"),
        (b"\x02", "vpack.truncated"),
        (b"\x02\x00", "vpack.wrong_length"),
        (b"\x02\x02", "vpack.wrong_length"),
        (b"\x02\x04\x31", "vpack.truncated"),
        (b"\x05\xff\xff\xff\xff\xff\xff\xff\xff\x31", "vpack.truncated"),
        // Members of different sizes without index table.
        (b"\x02\x05\x31\x28\x0a", "vpack.wrong_length"),
        (b"\x02\x05\x28\x0a\x31", "vpack.wrong_length"),
        // A member longer than what it is in.
        (b"\x02\x04\x41\x28\x0a", "vpack.trailing"),
        (b"\x02\x03\x41a", "vpack.truncated"),
        // Counts.
        (b"\x06\x02", "vpack.wrong_length"),
        (b"\x06\x03\x00", "vpack.wrong_count"),
        (b"\x06\x05\x00\x31\x03", "vpack.wrong_count"),
        (b"\x06\x06\x03\x31\x32\x03", "vpack.wrong_count"),
        (b"\x06\x06\xff\x31\x32\x03", "vpack.wrong_count"),
        (b"\x06\x08\x02\x31\x32\x33\x03\x04", "vpack.wrong_count"),
        (b"\x06\x06\x01\x31\x32\x03", "vpack.wrong_count"),
        (b"\x09\x13\0\0\0\0\0\0\0\x31\x31\xff\xff\xff\xff\xff\xff\xff\xff", "vpack.wrong_count"),
        (b"\x09\x11\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", "vpack.wrong_count"),
        (b"\x09\x0a\0\0\0\0\0\0\0\x01", "vpack.wrong_length"),
        (b"\x13\x03\x00", "vpack.wrong_length"),
        (b"\x13\x04\x31\x00", "vpack.wrong_count"),
        (b"\x13\x04\x31\x02", "vpack.wrong_count"),
        (b"\x13\x05\x31\x31\x01", "vpack.wrong_count"),
        (b"\x13\x04\x31\x81", "vpack.wrong_length"),
        (b"\x13\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "vpack.truncated"),
        (b"\x13\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "vpack.truncated"),
        // Index tables.
        (b"\x06\x07\x02\x31\x32\x04\x03", "vpack.wrong_index"),
        (b"\x06\x07\x02\x31\x32\x03\x03", "vpack.wrong_index"),
        (b"\x06\x05\x01\x31\x04", "vpack.wrong_index"),
        (b"\x0b\x0b\x02\x41a\x31\x41b\x32\x03\x03", "vpack.wrong_index"),
        (b"\x0b\x0b\x02\x41a\x31\x41b\x32\x03\x07", "vpack.wrong_index"),
        // Names.
        (b"\x14\x05\x30\x31\x01", "vpack.wrong_name"),
        (b"\x14\x05\x36\x31\x01", "vpack.wrong_name"),
        (b"\x14\x05\x3f\x31\x01", "vpack.wrong_name"),
        (b"\x14\x05\x18\x31\x01", "vpack.wrong_name"),
        (b"\x14\x04\x40\x01", "vpack.truncated"),
        (b"\x14\x09\x41a\x31\x41a\x32\x02", "vpack.duplicate_name"),
        (b"\x14\x0b\x44_key\x31\x31\x32\x02", "vpack.duplicate_name"),
        (b"\x0b\x0b\x02\x41a\x31\x41a\x32\x03\x06", "vpack.duplicate_name"),
        // Texts.
        (b"\x41\xff", "vpack.not_utf8"),
        (b"\xbf\x01\0\0\0\0\0\0\0\xc3", "vpack.not_utf8"),
        (b"\x14\x06\x41\x80\x31\x01", "vpack.not_utf8"),
    ] {
        refused(bytes, kind);
    }
}

#[test]
fn nesting_ends_at_200_levels_on_a_small_stack() {
    let nested = |depth: usize| {
        let mut value = Value::from(Vec::new());
        for level in 1..depth {
            value = match level % 2 {
                0 => Value::from(vec![value]),
                _ => Value::Object([("a".into(), value)].into_iter().collect()),
            };
        }
        value
    };
    let check = move || {
        assert_eq!(decode(&encode(&nested(200))), Ok(nested(200)));
        refused(&encode(&nested(201)), "vpack.too_deep");
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap().join().unwrap();
}

/// Every level states as many members as there are bytes, and begins with the
/// next level. Room for all of them would take 38 GB.
#[test]
fn stated_numbers_are_no_reason_to_allocate() {
    let (levels, size) = (199, 8 << 20);
    let mut bytes = vec![0x18; size];
    let groups = |number: usize| {
        let group = |n: u32| (number >> (7 * n)) as u8 & 0x7f | if n < 3 { 0x80 } else { 0 };
        [group(0), group(1), group(2), group(3)]
    };
    for level in 0..levels {
        let (begin, end) = (level * 5, size - level * 4);
        bytes[begin] = 0x13;
        bytes[begin + 1..begin + 5].copy_from_slice(&groups(end - begin));
        bytes[end - 4..end].copy_from_slice(&groups(end - begin - 9));
        bytes[end - 4..end].reverse();
    }
    refused(&bytes[..], "vpack.wrong_count");
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z_]{1,8}",
        any::<String>(),
        ".{120,135}",
        Just("x".repeat(300)),
    ]
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-70_000_i64..70_000).prop_map(Value::Int),
        any::<i64>().prop_map(Value::Int),
        (0..64_u32, any::<i64>()).prop_map(|(bits, number)| Value::Int(number >> bits)),
        any::<u64>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(|number| Value::Double(number as f64)),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Double),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool)],
        4 => any_number(),
        3 => any_text().prop_map(|text| text.as_str().into()),
    ];
    leaf.prop_recursive(4, 100, 8, |inner| {
        let name = any_text().prop_map(std::sync::Arc::from);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            (inner.clone(), 1..200_usize).prop_map(|(value, n)| vec![value; n].into()),
            prop::collection::vec((name, inner.clone()), 0..12)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            (inner, 60..70_usize).prop_map(|(value, n)| Value::Object(
                (0..n).map(|key| (key.to_string().into(), value.clone())).collect()
            )),
        ]
    })
}

/// A change to some bytes.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len() + 1;
        match self {
            Self::Replace(at, byte) => {
                if let Some(old) = bytes.get_mut(at.index(length)) {
                    *old = *byte;
                }
            }
            Self::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Self::Remove(at) => {
                let at = at.index(length);
                if at < bytes.len() {
                    bytes.remove(at);
                }
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                bytes.extend_from_within(from.min(to)..from.max(to));
            }
        }
    }
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    // Small numbers and the ends of the range break lengths in the best ways.
    let byte = || prop_oneof![any::<u8>(), 0..20_u8, Just(0x7f), Just(0x80), Just(0xff)];
    prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        at().prop_map(Mutation::Remove),
        at().prop_map(Mutation::Cut),
        (at(), at()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn values_round_trip(value in any_value()) {
        let bytes = encode(&value);
        prop_assert_eq!(decode(&bytes), Ok(value));
    }

    #[test]
    fn a_part_of_a_value_is_none(value in any_value(), cut in any::<Index>()) {
        let bytes = encode(&value);
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn damaged_values_are_refused_or_sound(
        value in any_value(),
        mutations in prop::collection::vec(any_mutation(), 1..6),
    ) {
        let mut bytes = encode(&value);
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&value)), Ok(value));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_sound(bytes in prop::collection::vec(
        prop_oneof![any::<u8>(), 0..0x40_u8], 0..64,
    )) {
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&value)), Ok(value));
        }
    }
}
