//! Errors of agencysh to exceptions of Python; `_errors.py` has their classes and says which is which.

use agencysh::client::ClientError;
use agencysh::host::HostError;
use agencysh::natives::{ErrorName, NativeError};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::callbacks::Callbacks;
use crate::values::from_json;

const MODULE: &str = "agencysh._errors";

/// Why an operation on the agency that asks Python in between has no result.
pub(crate) enum Failure {
    Client(ClientError),
    Python(PyErr),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl Failure {
    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Client(error) => of_client(py, error),
            Self::Python(error) => error,
        }
    }
}

/// The exception of an error outside of scripts.
pub(crate) fn of_native(py: Python<'_>, error: NativeError) -> PyErr {
    of_host(py, &HostError::from(error))
}

/// The exception of an operation on the agency that has no result.
pub(crate) fn of_client(py: Python<'_>, error: ClientError) -> PyErr {
    of_native(py, error.into())
}

/// The exception of a run that has no result.
pub(crate) fn of_host(py: Python<'_>, error: &HostError) -> PyErr {
    made(py, error).unwrap_or_else(|error| error)
}

fn made(py: Python<'_>, error: &HostError) -> PyResult<PyErr> {
    static FROM_MEMBERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = FROM_MEMBERS.import(py, MODULE, "from_members")?;
    let members = from_json(py, &error.to_json())?;
    Ok(PyErr::from_value(make.call1((members, error.script().is_some()))?))
}

/// The exception of a run: the one of the Python function behind it, if there is one.
pub(crate) fn of_run(py: Python<'_>, error: &HostError, callbacks: &Callbacks) -> PyErr {
    if let Some(unseen) = callbacks.unseen() {
        return unseen;
    }
    let told = of_host(py, error);
    let Some(script) = error.script() else { return told };
    match callbacks.exception_of(&script.context) {
        None => told,
        Some(original) => {
            // where in the script it was raised
            if original.cause(py).is_none() {
                original.set_cause(py, Some(told));
            }
            original
        }
    }
}

/// The error that a script sees when a function of Python raises.
pub(crate) fn describe(py: Python<'_>, error: &PyErr) -> NativeError {
    let value = error.value(py);
    let name = error.get_type(py).name().map(|name| name.to_string()).unwrap_or_default();
    let text = |name| value.getattr(name).ok().and_then(|text| text.extract::<String>().ok());
    let own = base(py).is_ok_and(|base| error.is_instance(py, base));
    let (kind, message) = match own {
        true => (text("kind"), text("message")),
        false => (None, value.str().ok().map(|text| text.to_string())),
    };
    let message = message.filter(|text| !text.is_empty()).unwrap_or_else(|| name.clone());
    let kind = kind.unwrap_or_else(|| format!("python.{name}"));
    NativeError::plain(kind, ErrorName::Error, message).with("exception", name)
}

fn base<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyAny>> {
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    Ok(BASE.import(py, MODULE, "AgencyshError")?.as_any())
}

/// An exception that `_errors.py` has by name, with one attribute.
pub(crate) fn named<'py>(
    py: Python<'py>,
    class: &str,
    message: String,
    attribute: &str,
    value: impl IntoPyObject<'py>,
) -> PyErr {
    let make = || {
        let error = py.import(MODULE)?.getattr(class)?.call1((message,))?;
        error.setattr(attribute, value)?;
        Ok::<_, PyErr>(PyErr::from_value(error))
    };
    make().unwrap_or_else(|error| error)
}

/// The exception of a thing that has been closed.
pub(crate) fn closed(py: Python<'_>, what: &str) -> PyErr {
    let message = format!("the {what} has been closed");
    of_native(py, NativeError::plain("host.closed", ErrorName::Error, message))
}

/// The exception of a shell that waits for itself.
pub(crate) fn busy() -> PyErr {
    PyRuntimeError::new_err(
        "this shell runs a script that waits for this very call: use another shell here, or its agency",
    )
}
