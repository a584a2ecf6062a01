//! What stands for nothing.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The class of `ABSENT`, which stands for nothing at a path, where None could be null. It is false.
#[pyclass(frozen, module = "agencysh")]
pub(crate) struct Absent;

#[pymethods]
impl Absent {
    fn __bool__(&self) -> bool {
        false
    }

    fn __repr__(&self) -> &'static str {
        "ABSENT"
    }

    fn __reduce__(&self) -> &'static str {
        "ABSENT"
    }
}

/// The only one.
///
/// # Errors
/// Python has no memory left.
pub(crate) fn absent(py: Python<'_>) -> PyResult<Py<Absent>> {
    static ABSENT: PyOnceLock<Py<Absent>> = PyOnceLock::new();
    Ok(ABSENT.get_or_try_init(py, || Py::new(py, Absent))?.clone_ref(py))
}
