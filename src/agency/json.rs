//! JSON text as the agency reads and writes it.

use std::fmt;
use std::io;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::ser::Formatter;

use super::value::{Key, Object, Value};

/// Deepest nesting of arrays and objects in a text.
const MAX_DEPTH: usize = 200;

/// Whole doubles below this magnitude are written without fraction: 2^53.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Why a text is no JSON value for the agency; the message tells the place.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ParseError(#[from] serde_json::Error);

/// Parses one JSON value; a byte order mark may stand before it.
///
/// Integers beyond 64 bits become doubles.
///
/// # Errors
/// No JSON, not UTF-8, more after the value, an object with the same key twice,
/// nesting deeper than 200 levels, a number beyond the range of doubles.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    // Checked's own limit is what protects the stack.
    deserializer.disable_recursion_limit();
    let value = Checked { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The text of a value as [`write()`] makes it.
pub fn to_string(value: &Value) -> String {
    let mut text = Vec::new();
    write(value, &mut text);
    // The writer emits ASCII only.
    String::from_utf8_lossy(&text).into_owned()
}

/// Appends the text of a value: compact, keys in byte order, characters beyond
/// ASCII as `\uXXXX`, whole doubles below 2^53 without fraction, other doubles
/// with as few digits as identify them.
pub fn write(value: &Value, text: &mut Vec<u8>) {
    let mut serializer = serde_json::Serializer::with_formatter(text, AgencyFormatter);
    // Writing to memory does not fail, and every key is a string.
    let _ = value.serialize(&mut serializer);
}

/// The agency's way to write numbers and strings.
struct AgencyFormatter;

impl Formatter for AgencyFormatter {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < WHOLE {
            write!(writer, "{value:.0}")
        } else {
            serde_json::to_writer(writer, &value).map_err(io::Error::from)
        }
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for character in fragment.chars() {
            if character.is_ascii() {
                writer.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04X}")?;
            }
        }
        Ok(())
    }
}

/// Reads values within the limits of the agency.
#[derive(Clone, Copy)]
struct Checked {
    depth: usize,
}

impl Checked {
    fn inside<E: Error>(self, container: &str) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("Too deep nesting in {container}")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E>(self, int: i64) -> Result<Value, E> {
        Ok(Value::Int(int))
    }

    fn visit_u64<E>(self, uint: u64) -> Result<Value, E> {
        Ok(uint.into())
    }

    fn visit_f64<E>(self, double: f64) -> Result<Value, E> {
        Ok(Value::Double(double))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inside = self.inside("Array")?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inside)? {
            array.push(element);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside("Object")?;
        let mut children = Vec::new();
        while let Some(Key(key)) = members.next_key()? {
            children.push((key, members.next_value_seed(inside)?));
        }
        Object::from_unique(children)
            .map(Value::Object)
            .map_err(|key| A::Error::custom(format_args!("Duplicate attribute name \"{key}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Value {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn w31_numbers_keep_type_and_value() {
        for (text, value, written) in [
            ("1", Value::Int(1), "1"),
            ("1.0", Value::Double(1.0), "1"),
            ("-0.0", Value::Double(-0.0), "-0"),
            ("9223372036854775807", Value::Int(i64::MAX), "9223372036854775807"),
            ("18446744073709551615", Value::UInt(u64::MAX), "18446744073709551615"),
            ("-9223372036854775808", Value::Int(i64::MIN), "-9223372036854775808"),
            ("0.1", Value::Double(0.1), "0.1"),
            ("1e300", Value::Double(1e300), "1e+300"),
            ("9007199254740991.0", Value::Double(9_007_199_254_740_991.0), "9007199254740991"),
        ] {
            assert_eq!(parsed(text), value, "{text}");
            let actual = to_string(&value);
            assert_eq!(actual, written, "{text}");
        }
    }

    #[test]
    fn w31_integers_beyond_64_bits_become_doubles() {
        assert_eq!(parsed("18446744073709551616"), Value::Double(18_446_744_073_709_551_616.0));
        assert_eq!(parsed("-9223372036854775809"), Value::Double(-9_223_372_036_854_775_808.0));
    }

    #[test]
    fn doubles_read_back_identical() {
        for double in [0.1, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e15, 1e16, -2.5e-7] {
            assert_eq!(parse(to_string(&Value::Double(double)).as_bytes()).unwrap(), {
                if double.fract() == 0.0 && double.abs() < WHOLE {
                    Value::Int(double as i64)
                } else {
                    Value::Double(double)
                }
            });
        }
    }

    #[test]
    fn strings_are_written_in_ascii() {
        assert_eq!(to_string(&"é😀\n\"\\/\u{1}".into()), r#""\u00E9\uD83D\uDE00\n\"\\/\u0001""#);
        assert_eq!(parsed(r#""\u00e9\ud83d\ude00""#), "é😀".into());
    }

    #[test]
    fn v4_the_same_key_twice_is_refused() {
        for text in [r#"{"a":1,"a":2}"#, r#"[{"x":{"a":1,"b":0,"a":2}}]"#, r#"{"a":1,"\u0061":2}"#]
        {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("Duplicate attribute name"), "{error}");
        }
    }

    #[test]
    fn nesting_ends_at_200_levels() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(200).as_bytes()).is_ok());
        let error = parse(nested(201).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("Too deep nesting in Array"), "{error}");
        assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_rubbish_is_not() {
        assert_eq!(parse(b"\xef\xbb\xbf[]").unwrap(), Value::from(vec![]));
        for text in [&b""[..], b" ", b"{", b"[1,]", b"[1] 2", b"\"\xff\"", b"nul", b"1e999", b"'a'"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
