//! Python's objects to values.

use std::fmt::Write;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple,
};
use rhai::Dynamic;
use serde_json::{Map, Number, Value};

use super::DEEPEST;

/// Why an object is no value.
pub(crate) enum Misfit {
    /// It, or something in it, is none.
    Unfit {
        /// What is wrong with it.
        problem: String,
        /// Where it is, from the inside out.
        place: Vec<Step>,
    },
    /// Python failed.
    Python(PyErr),
}

/// One step into an object.
pub(crate) enum Step {
    Index(usize),
    Key(String),
}

impl From<PyErr> for Misfit {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl Misfit {
    fn unfit(problem: impl Into<String>) -> Self {
        Self::Unfit { problem: problem.into(), place: Vec::new() }
    }

    fn at(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Self::Unfit { place, .. } = &mut self {
            place.push(step());
        }
        self
    }

    /// A TypeError that names the place in what is called `name`.
    pub(crate) fn into_error(self, name: &str) -> PyErr {
        match self {
            Self::Python(error) => error,
            Self::Unfit { problem, place } => {
                let mut text = name.to_owned();
                for step in place.iter().rev() {
                    // writing to a string cannot fail
                    let _ = match step {
                        Step::Index(index) => write!(text, "[{index}]"),
                        Step::Key(key) => write!(text, "[{key:?}]"),
                    };
                }
                PyTypeError::new_err(format!("{text}: {problem}"))
            }
        }
    }
}

/// What objects are made into.
trait Target: Sized {
    fn null() -> Self;
    fn flag(flag: bool) -> Self;
    fn integer(number: &Bound<'_, PyInt>) -> Result<Self, Misfit>;
    fn float(number: f64) -> Result<Self, Misfit>;
    fn text(text: &str) -> Self;
    fn bytes(bytes: &[u8]) -> Result<Self, Misfit>;
    fn array(items: Vec<Self>) -> Self;
    fn object(members: Vec<(String, Self)>) -> Self;
}

/// The value of a script that an object stands for.
///
/// # Errors
/// There is none.
pub(crate) fn dynamic(object: &Bound<'_, PyAny>) -> Result<Dynamic, Misfit> {
    convert(object, DEEPEST)
}

/// The value of the agency that an object stands for.
///
/// # Errors
/// There is none.
pub(crate) fn json(object: &Bound<'_, PyAny>) -> Result<Value, Misfit> {
    convert(object, DEEPEST)
}

fn convert<T: Target>(object: &Bound<'_, PyAny>, levels: usize) -> Result<T, Misfit> {
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(T::text(&text.to_cow()?));
    }
    if object.is_none() {
        return Ok(T::null());
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(T::flag(flag.is_true()));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return T::integer(number);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return T::float(number.value());
    }
    let Some(below) = levels.checked_sub(1) else {
        return Err(Misfit::unfit(format!("values nest at most {DEEPEST} levels deep")));
    };
    if let Ok(members) = object.cast::<PyDict>() {
        let mut object = Vec::with_capacity(members.len());
        for (key, value) in members {
            let Ok(key) = key.cast::<PyString>() else {
                let problem = format!("keys are of type str, not {}: {key}", type_name(&key));
                return Err(Misfit::unfit(problem));
            };
            let key = key.to_cow()?.into_owned();
            let value =
                convert(&value, below).map_err(|error| error.at(|| Step::Key(key.clone())))?;
            object.push((key, value));
        }
        return Ok(T::object(object));
    }
    if let Ok(items) = object.cast::<PyList>() {
        return elements(items.iter(), below);
    }
    if let Ok(items) = object.cast::<PyTuple>() {
        return elements(items.iter(), below);
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return T::bytes(bytes.as_bytes());
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return T::bytes(&bytes.to_vec());
    }
    Err(Misfit::unfit(format!(
        "{} is none of None, bool, int, float, str, bytes, list, tuple, dict",
        type_name(object)
    )))
}

fn elements<'py, T: Target>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    below: usize,
) -> Result<T, Misfit> {
    let element = |(index, item): (usize, Bound<'py, PyAny>)| {
        convert(&item, below).map_err(|error| error.at(|| Step::Index(index)))
    };
    Ok(T::array(items.enumerate().map(element).collect::<Result<_, _>>()?))
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string())
}

fn too_large(number: &Bound<'_, PyInt>) -> Misfit {
    Misfit::unfit(format!("{number} is beyond the integers of 64 bits"))
}

impl Target for Dynamic {
    fn null() -> Self {
        Self::UNIT
    }

    fn flag(flag: bool) -> Self {
        flag.into()
    }

    fn integer(number: &Bound<'_, PyInt>) -> Result<Self, Misfit> {
        number.extract::<i64>().map(Self::from).map_err(|_| too_large(number))
    }

    fn float(number: f64) -> Result<Self, Misfit> {
        Ok(number.into())
    }

    fn text(text: &str) -> Self {
        text.into()
    }

    fn bytes(bytes: &[u8]) -> Result<Self, Misfit> {
        Ok(Self::from_blob(bytes.to_vec()))
    }

    fn array(items: Vec<Self>) -> Self {
        Self::from_array(items)
    }

    fn object(members: Vec<(String, Self)>) -> Self {
        let members = members.into_iter().map(|(key, value)| (key.into(), value));
        Self::from_map(members.collect())
    }
}

impl Target for Value {
    fn null() -> Self {
        Self::Null
    }

    fn flag(flag: bool) -> Self {
        Self::Bool(flag)
    }

    fn integer(number: &Bound<'_, PyInt>) -> Result<Self, Misfit> {
        // what the agency holds may be that large, too
        let large = |_| number.extract::<u64>().map(Self::from);
        number.extract::<i64>().map(Self::from).or_else(large).map_err(|_| too_large(number))
    }

    fn float(number: f64) -> Result<Self, Misfit> {
        let unfit = || Misfit::unfit(format!("{number} is no number that JSON could hold"));
        Number::from_f64(number).map(Self::Number).ok_or_else(unfit)
    }

    fn text(text: &str) -> Self {
        Self::String(text.to_owned())
    }

    fn bytes(_: &[u8]) -> Result<Self, Misfit> {
        Err(Misfit::unfit("bytes have no form in JSON"))
    }

    fn array(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn object(members: Vec<(String, Self)>) -> Self {
        Self::Object(members.into_iter().collect::<Map<_, _>>())
    }
}
