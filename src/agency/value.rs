//! The JSON values that the agency stores and sends.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::intern::intern;

pub use super::object::Object;

/// A JSON value. A clone costs O(1) and shares everything with the original,
/// so that a copy of a whole tree is free.
///
/// `==` is strict: values of different types differ, `1` and `1.0` too.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer in the range of 64 bits with sign.
    Int(i64),
    /// An integer above `i64::MAX`; smaller ones are [`Value::Int`].
    UInt(u64),
    /// A number that was written with fraction or exponent, or has more than 64 bits.
    Double(f64),
    /// A string.
    String(Arc<str>),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The object, if this is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object that this is, or that takes the place of what it was.
    pub fn make_object(&mut self) -> &mut Object {
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Object::new());
        }
        match self {
            Self::Object(object) => object,
            _ => unreachable!("anything else has been replaced"),
        }
    }

    /// Whether both share one object or array in memory, or are equal scalars. Costs O(1); two
    /// values that differ are never the same, equal ones need not be.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(a), Self::Object(b)) => a.is_same(b),
            (Self::Array(a), Self::Array(b)) => Arc::ptr_eq(a, b),
            (Self::Object(_) | Self::Array(_), _) | (_, Self::Object(_) | Self::Array(_)) => false,
            (a, b) => a == b,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<Vec<Value>> for Value {
    fn from(mut elements: Vec<Value>) -> Self {
        elements.shrink_to_fit();
        Self::Array(Arc::new(elements))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(intern(text))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::UInt(number), Self::Int)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(bool) => Self::Bool(bool),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Self::Int(int),
                (None, Some(uint)) => Self::UInt(uint),
                (None, None) => number.as_f64().map_or(Self::Null, Self::Double),
            },
            Json::String(text) => Self::String(text.into()),
            Json::Array(elements) => {
                elements.into_iter().map(Self::from).collect::<Vec<_>>().into()
            }
            Json::Object(members) => Self::Object(
                members.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
            ),
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Int(int) => (*int).into(),
            Value::UInt(uint) => (*uint).into(),
            Value::Double(double) => (*double).into(),
            Value::String(text) => Self::String(text.to_string()),
            Value::Array(elements) => elements.iter().map(Self::from).collect(),
            Value::Object(object) => {
                object.iter().map(|(key, value)| (key.to_string(), Self::from(value))).collect()
            }
        }
    }
}

impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::UInt(uint) => serializer.serialize_u64(*uint),
            Self::Double(double) => serializer.serialize_f64(*double),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements.iter()),
            Self::Object(object) => serializer.collect_map(object.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// The key of an object.
pub(super) struct Key(pub(super) Arc<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AnyKey)
    }
}

struct AnyKey;

impl Visitor<'_> for AnyKey {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(Key(intern(text)))
    }
}

/// Takes values as they come; [`super::json::parse`] is the one that checks.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
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
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut children: Vec<(Arc<str>, Value)> = Vec::new();
        while let Some(Key(key)) = members.next_key()? {
            children.push((key, members.next_value()?));
        }
        Ok(Value::Object(children.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_survive_the_way_through_serde() {
        let json = json!({"a": [1, -2, 1.0, u64::MAX, null, true, "é"], "b": {"c": {}}});
        let value = Value::from(json.clone());
        assert_eq!(serde_json::Value::from(&value), json);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_value_takes_three_words() {
        assert_eq!(size_of::<Value>(), 24);
    }
}
