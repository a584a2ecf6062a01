//! Values to Python's objects.

use agencysh::document::{Document, View};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use serde_json::Value;

use super::DEEPEST;

/// The object of a value of the agency.
///
/// # Errors
/// Python has no memory left.
pub(crate) fn from_json<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => PyInt::new(py, integer).into_any(),
            (None, Some(integer)) => PyInt::new(py, integer).into_any(),
            (None, None) => PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(from_json(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (key, value) in members {
                dict.set_item(key, from_json(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

/// The object of a script's value.
///
/// # Errors
/// There is none for functions, handles of agencies and the like.
pub(crate) fn from_dynamic<'py>(py: Python<'py>, value: &Dynamic) -> PyResult<Bound<'py, PyAny>> {
    within(py, value, DEEPEST)
}

fn within<'py>(py: Python<'py>, value: &Dynamic, levels: usize) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(number) = value.as_int() {
        return Ok(PyInt::new(py, number).into_any());
    }
    if value.is_unit() {
        return Ok(py.None().into_bound(py));
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(PyBool::new(py, flag).to_owned().into_any());
    }
    if let Ok(number) = value.as_float() {
        return Ok(PyFloat::new(py, number).into_any());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(PyString::new(py, &text).into_any());
    }
    if let Ok(letter) = value.as_char() {
        return Ok(PyString::new(py, letter.encode_utf8(&mut [0; 4])).into_any());
    }
    let Some(below) = levels.checked_sub(1) else {
        let problem = format!("the script's value nests deeper than {DEEPEST} levels");
        return Err(PyTypeError::new_err(problem));
    };
    if let Some(items) = value.read_lock::<Array>() {
        let list = PyList::empty(py);
        for item in items.iter() {
            list.append(within(py, item, below)?)?;
        }
        return Ok(list.into_any());
    }
    if let Some(members) = value.read_lock::<Map>() {
        let dict = PyDict::new(py);
        for (key, value) in members.iter() {
            dict.set_item(key.as_str(), within(py, value, below)?)?;
        }
        return Ok(dict.into_any());
    }
    if let Some(bytes) = value.read_lock::<Blob>() {
        return Ok(PyBytes::new(py, &bytes).into_any());
    }
    if let Some(document) = value.read_lock::<Document>() {
        return from_document(py, &document);
    }
    let problem =
        format!("a value of the script's type {} has no form in Python", value.type_name());
    Err(PyTypeError::new_err(problem))
}

/// The object of a large JSON value; those nest no deeper than the stack of any thread allows.
pub(crate) fn from_document<'py>(
    py: Python<'py>,
    document: &Document,
) -> PyResult<Bound<'py, PyAny>> {
    let parts = || (0..document.len().unwrap_or(0)).filter_map(|place| document.part_at(place));
    Ok(match document.view() {
        View::Null => py.None().into_bound(py),
        View::Bool(flag) => PyBool::new(py, flag).to_owned().into_any(),
        View::Integer(number) => PyInt::new(py, number).into_any(),
        View::Float(number) => PyFloat::new(py, number).into_any(),
        View::Text(text) => PyString::new(py, text).into_any(),
        View::Array => {
            let list = PyList::empty(py);
            for part in parts() {
                list.append(from_document(py, &part)?)?;
            }
            list.into_any()
        }
        View::Object => {
            let dict = PyDict::new(py);
            for (key, part) in document.keys().zip(parts()) {
                dict.set_item(key, from_document(py, &part)?)?;
            }
            dict.into_any()
        }
    })
}
