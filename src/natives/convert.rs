//! Rhai values to JSON and back.

use rhai::{Array, Dynamic, ImmutableString, Map};
use serde_json::{Number, Value};

use super::error::{NativeError, NativeResult};
use crate::document::Document;

/// How many levels of arrays and maps a value may nest on its way out.
const DEEPEST: usize = 256;

/// The script value of a JSON value; integers above `i64::MAX` become floats.
pub fn from_json(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => flag.into(),
        Value::Number(number) => from_number(&number),
        Value::String(text) => text.into(),
        Value::Array(items) => items.into_iter().map(from_json).collect::<Array>().into(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key.into(), from_json(value)))
            .collect::<Map>()
            .into(),
    }
}

fn from_number(number: &Number) -> Dynamic {
    number.as_i64().map_or_else(|| number.as_f64().unwrap_or_default().into(), Dynamic::from)
}

/// The JSON value of a script value; NaN and infinities become null, blobs arrays of numbers.
///
/// # Errors
/// Number 10 for functions and for custom types, naming the type.
pub fn to_json(value: &Dynamic) -> NativeResult<Value> {
    to_json_within(value, DEEPEST)
}

fn to_json_within(value: &Dynamic, levels: usize) -> NativeResult<Value> {
    let Some(below) = levels.checked_sub(1) else {
        return Err(NativeError::bad_parameter(format!(
            "a value nested deeper than {DEEPEST} levels has no JSON form"
        )));
    };
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
    }
    if let Ok(number) = value.as_int() {
        return Ok(number.into());
    }
    if let Ok(number) = value.as_float() {
        return Ok(Number::from_f64(number).map_or(Value::Null, Value::Number));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(|item| to_json_within(item, below)).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .map(|(key, value)| Ok((key.to_string(), to_json_within(value, below)?)))
            .collect();
    }
    if let Some(blob) = value.read_lock::<rhai::Blob>() {
        return Ok(blob.iter().map(|byte| Value::from(*byte)).collect());
    }
    if let Some(document) = value.read_lock::<Document>() {
        return Ok(document.to_value());
    }
    Err(NativeError::bad_parameter(format!(
        "a value of type {} has no JSON form",
        value.type_name()
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_values_round_trip() {
        let value = json!({"a": [1, -2.5, null, true], "new": {"op": "set"}, "big": i64::MAX});
        assert_eq!(to_json(&from_json(value.clone())).unwrap(), value);
    }

    #[test]
    fn integers_above_i64_become_floats() {
        assert!(from_json(json!(u64::MAX)).is_float());
    }

    #[test]
    fn functions_have_no_json_form() {
        let function = Dynamic::from(rhai::FnPtr::new("f").unwrap());
        assert_eq!(to_json(&function).unwrap_err().error_num(), Some(10));
    }
}
