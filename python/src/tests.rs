//! Tests in scripts, run from Python.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agencysh::host::HostError;
use agencysh::host::testing::{
    Event, Glob, Observer, Selection, TestRun as Run, TestSettings, Verdict,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};
use serde_json::{Value, json};

use crate::callbacks::Callbacks;
use crate::errors;
use crate::values::from_json;

/// What the tests of a run came to.
///
/// ``passed``, ``flaky`` (passed, but not at the first attempt), ``failed``, ``skipped``: numbers of tests. ``failures``: tests that failed, and
/// whatever else did. ``success``: whether nothing failed. ``duration``: in seconds. ``stopped``: ``"interrupted"`` or ``"deadline"`` when that
/// ended the run early, otherwise None.
///
/// ``files``: a list of dicts, one for each file, with ``file``, ``round``, ``success``, ``duration``, ``failures`` (those outside of tests),
/// ``skip_reason``, ``output``, ``notes`` and ``tests``: a list of dicts with ``test`` (the name of the function), ``verdict`` (``"passed"``,
/// ``"flaky"``, ``"failed"``, ``"skipped"``), ``attempts``, ``duration``, ``set_up``, ``tear_down``, ``failures``, ``skip_reason``, ``output``,
/// ``notes``. A failure is a dict with ``phase`` and with the members of an `AgencyshError`.
///
/// It is true when nothing failed::
///
///     run = shell.test("tests/")
///     assert run, [file["failures"] for file in run.files]
#[pyclass(frozen, module = "agencysh")]
pub(crate) struct TestRun(Run);

#[pymethods]
impl TestRun {
    /// The number of tests that passed at their first attempt.
    #[getter]
    fn passed(&self) -> usize {
        self.0.count(Verdict::Passed)
    }

    /// The number of tests that passed, but not at their first attempt.
    #[getter]
    fn flaky(&self) -> usize {
        self.0.count(Verdict::Flaky)
    }

    /// The number of tests that failed.
    #[getter]
    fn failed(&self) -> usize {
        self.0.count(Verdict::Failed)
    }

    /// The number of tests that were not run, or said that they cannot be.
    #[getter]
    fn skipped(&self) -> usize {
        self.0.count(Verdict::Skipped)
    }

    /// The number of failures: tests that failed, and whatever else did.
    #[getter]
    fn failures(&self) -> usize {
        self.0.failures()
    }

    /// Whether nothing failed and nothing was left out for lack of time.
    #[getter]
    fn success(&self) -> bool {
        self.0.succeeded()
    }

    /// From the beginning to the end, in seconds.
    #[getter]
    fn duration(&self) -> f64 {
        self.0.duration.as_secs_f64()
    }

    /// What ended the run early: ``"interrupted"``, ``"deadline"``, or None.
    #[getter]
    fn stopped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.0.to_json()["stopped"])
    }

    /// What each file came to: a list of dicts.
    #[getter]
    fn files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.0.to_json()["files"])
    }

    /// All of it as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.0.to_json())
    }

    fn __bool__(&self) -> bool {
        self.success()
    }

    fn __repr__(&self) -> String {
        let (passed, flaky) = (self.passed(), self.flaky());
        let (failed, skipped) = (self.failed(), self.skipped());
        format!("<TestRun: {passed} passed, {flaky} flaky, {failed} failed, {skipped} skipped>")
    }
}

impl From<Run> for TestRun {
    fn from(run: Run) -> Self {
        Self(run)
    }
}

/// The tests that a script file defines: a list of tuples of their names and the lines where they begin. Nothing of the file runs.
#[pyfunction]
pub(crate) fn tests_of(py: Python<'_>, path: PathBuf) -> PyResult<Vec<(String, usize)>> {
    let found = py.detach(|| agencysh::host::testing::tests_of(&path));
    found.map_err(|error| errors::of_host(py, &HostError::Script(error)))
}

/// How tests are run, as Python says it.
pub(crate) struct Wanted<'py> {
    pub(crate) filter: Option<Bound<'py, PyAny>>,
    pub(crate) only: Option<Bound<'py, PyAny>>,
    pub(crate) timeout: Option<f64>,
    pub(crate) jobs: Option<usize>,
    pub(crate) retries: u32,
    pub(crate) strict: bool,
    pub(crate) dumps: Option<PathBuf>,
}

impl Wanted<'_> {
    /// The same as agencysh says it.
    ///
    /// # Errors
    /// A value that cannot be.
    pub(crate) fn settings(self) -> PyResult<(TestSettings, Selection)> {
        let mut settings = TestSettings {
            retries: self.retries,
            strict: self.strict,
            dumps: self.dumps,
            ..TestSettings::default()
        };
        if let Some(timeout) = self.timeout {
            settings.timeout = seconds("timeout", timeout)?;
        }
        match self.jobs {
            Some(0) => return Err(PyValueError::new_err("jobs: at least one")),
            Some(jobs) => settings.jobs = jobs,
            None => {}
        }
        let filters = texts(self.filter.as_ref())?.unwrap_or_default();
        let selection = Selection {
            filters: filters.iter().map(|text| Glob::parse(text)).collect(),
            only: texts(self.only.as_ref())?.map(|texts| texts.into_iter().collect()),
            ..Selection::default()
        };
        Ok((settings, selection))
    }
}

/// One text, or several.
fn texts(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    match given.cast::<PyString>() {
        Ok(one) => Ok(Some(vec![one.extract()?])),
        Err(_) => given.try_iter()?.map(|text| text?.extract()).collect::<PyResult<_>>().map(Some),
    }
}

/// A number of seconds.
///
/// # Errors
/// It is none above 0.
pub(crate) fn seconds(name: &str, number: f64) -> PyResult<Duration> {
    match Duration::try_from_secs_f64(number) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => {
            let problem = format!("{name}: {number} is no number of seconds above 0");
            Err(PyValueError::new_err(problem))
        }
    }
}

/// Tells a function of Python what happens while tests run.
pub(crate) struct Teller {
    pub(crate) function: Option<Py<PyAny>>,
    pub(crate) callbacks: Arc<Callbacks>,
}

impl Teller {
    /// Tells of an event; false when the answer is False.
    fn tell(&self, event: &Value) -> bool {
        let Some(function) = &self.function else { return true };
        let mut admitted = true;
        self.callbacks.tell(|py| {
            let answer = function.bind(py).call1((from_json(py, event)?,))?;
            admitted = answer.cast::<PyBool>().map_or(true, |answer| answer.is_true());
            Ok(())
        });
        admitted
    }
}

impl Observer for Teller {
    fn admits(&self, file: &str, test: &str) -> bool {
        self.tell(&json!({"event": "test_began", "file": file, "test": test}))
    }

    fn see(&self, event: Event<'_>) {
        let told = match event {
            Event::RunBegan { files, tests } => {
                json!({"event": "run_began", "files": files, "tests": tests})
            }
            Event::FileBegan { file } => json!({"event": "file_began", "file": file}),
            Event::TestEnded { file, result } => {
                with(json!({"event": "test_ended", "file": file}), result.to_json())
            }
            Event::FileEnded { result } => {
                let mut told = result.to_json();
                told["tests"] = result.tests.len().into();
                with(json!({"event": "file_ended"}), told)
            }
            // that a test begins is told when it is asked for
            _ => return,
        };
        self.tell(&told);
    }
}

/// The members of both objects.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
