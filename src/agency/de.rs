//! Reads typed structures out of values.

use serde::Deserializer;
use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::value::Value;

/// Why a value is not of the type that is wanted; the text names the key.
pub type ReadError = Error;

/// Reads a value as a type.
///
/// # Errors
/// The value does not have the form of the type.
pub fn from_value<'de, T: serde::Deserialize<'de>>(value: &'de Value) -> Result<T, ReadError> {
    T::deserialize(value)
}

impl<'de> IntoDeserializer<'de, Error> for &'de Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The unsigned number that a value is; scripts write whole numbers with a fraction, too.
fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Int(int) => u64::try_from(*int).ok(),
        Value::UInt(uint) => Some(*uint),
        // exact up to 2^53, like every number of JavaScript
        Value::Double(double) if double.fract() == 0.0 && (0.0..9e15).contains(double) => {
            Some(*double as u64)
        }
        _ => None,
    }
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Int(int) => visitor.visit_i64(*int),
            Value::UInt(uint) => visitor.visit_u64(*uint),
            Value::Double(double) => visitor.visit_f64(*double),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(elements) => {
                let mut elements = SeqDeserializer::new(elements.iter());
                let read = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(read)
            }
            Value::Object(object) => {
                let members = object.iter().map(|(key, value)| (&**key, value));
                let mut members = MapDeserializer::new(members);
                let read = visitor.visit_map(&mut members)?;
                members.end()?;
                Ok(read)
            }
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match whole(self) {
            Some(number) => visitor.visit_u64(number),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Value::String(text) => visitor.visit_enum((&**text).into_deserializer()),
            Value::Object(object) if object.len() == 1 => {
                let members = object.iter().map(|(key, value)| (&**key, value));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(members)))
            }
            _ => Err(Error::custom(format!("expected a {name}, one of {variants:?}"))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        One,
        Two,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Point,
        Circle(u64),
        Box { sides: Vec<u64> },
    }

    #[test]
    fn variants_with_content_are_objects_with_one_key() {
        let read = |json: serde_json::Value| from_value::<Shape>(&Value::from(json)).ok();
        assert_eq!(read(json!("Point")), Some(Shape::Point));
        assert_eq!(read(json!({"Circle": 2})), Some(Shape::Circle(2)));
        assert_eq!(read(json!({"Box": {"sides": [1, 2]}})), Some(Shape::Box { sides: vec![1, 2] }));
        for wrong in [json!({}), json!({"Circle": "x"}), json!({"Circle": 1, "Point": 1}), json!(1)]
        {
            assert_eq!(read(wrong), None);
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        id: u64,
        kind: Kind,
        name: Option<Arc<str>>,
        #[serde(default)]
        members: BTreeMap<Arc<str>, Vec<bool>>,
        other: Value,
    }

    fn read(json: serde_json::Value) -> Result<Thing, ReadError> {
        from_value(&Value::from(json))
    }

    #[test]
    fn structures_are_read_and_numbers_with_an_empty_fraction_are_whole() {
        let thing = read(json!({
            "id": 3.0, "kind": "Two", "name": null, "members": {"a": [true]}, "other": {"x": [1]}
        }));
        let members = BTreeMap::from([(Arc::from("a"), vec![true])]);
        let other = Value::from(json!({"x": [1]}));
        assert_eq!(thing, Ok(Thing { id: 3, kind: Kind::Two, name: None, members, other }));
    }

    #[test]
    fn what_has_another_form_is_refused_by_name() {
        for (wrong, what) in [
            (json!({"id": 1.5, "kind": "One", "other": 1}), "1.5"),
            (json!({"id": -1, "kind": "One", "other": 1}), "-1"),
            (json!({"id": 1, "kind": "Three", "other": 1}), "Three"),
            (json!({"id": 1, "kind": 1, "other": 1}), "Kind"),
            (json!({"id": 1, "kind": "One", "other": 1, "surplus": 1}), "surplus"),
            (json!({"id": 1, "kind": "One"}), "other"),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
