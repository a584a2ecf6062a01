//! Runs scripts.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agencysh::Host;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::agency::Agency;
use crate::callbacks::Callbacks;
use crate::clients::Clients;
use crate::cluster::{Cluster, Owner};
use crate::errors;
use crate::open::Open;
use crate::settings::Settings;
use crate::tests::{Teller, TestRun, Wanted};
use crate::values::{Misfit, dynamic};

#[doc = include_str!("../docs/shell.txt")]
#[pyclass(frozen, subclass, module = "agencysh")]
pub(crate) struct Shell {
    open: Mutex<Option<Arc<Open>>>,
    agency: PyOnceLock<Py<Agency>>,
    cluster: PyOnceLock<Py<Cluster>>,
}

impl Shell {
    fn open(&self, py: Python<'_>) -> PyResult<Arc<Open>> {
        self.lock().clone().ok_or_else(|| errors::closed(py, "shell"))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Shell {
    #[new]
    #[pyo3(signature = (
        *, embedded=None, launch=None, endpoints=None, coordinator=None, topology=None, cluster=None, deadline=None,
        timeout=None, connect_timeout=None, database=None, arguments=None, permissions=None, limits=None, seed=None,
        log_levels=None, modules=None, module_folders=None, jwt_secret=None, jwt_secret_file=None, jwt_token=None,
        username=None, password=None, ca_file=None, insecure=None, temp_dir=None, pretty=None, color=None,
        natives=None, output=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "the settings are keywords in Python")]
    fn new<'py>(
        py: Python<'py>,
        embedded: Option<Bound<'py, PyAny>>,
        launch: Option<Bound<'py, PyAny>>,
        endpoints: Option<Bound<'py, PyAny>>,
        coordinator: Option<Bound<'py, PyAny>>,
        topology: Option<Bound<'py, PyAny>>,
        cluster: Option<Bound<'py, Cluster>>,
        deadline: Option<Bound<'py, PyAny>>,
        timeout: Option<Bound<'py, PyAny>>,
        connect_timeout: Option<Bound<'py, PyAny>>,
        database: Option<Bound<'py, PyAny>>,
        arguments: Option<Bound<'py, PyAny>>,
        permissions: Option<Bound<'py, PyAny>>,
        limits: Option<Bound<'py, PyAny>>,
        seed: Option<Bound<'py, PyAny>>,
        log_levels: Option<Bound<'py, PyAny>>,
        modules: Option<Bound<'py, PyAny>>,
        module_folders: Option<Bound<'py, PyAny>>,
        jwt_secret: Option<Bound<'py, PyAny>>,
        jwt_secret_file: Option<Bound<'py, PyAny>>,
        jwt_token: Option<Bound<'py, PyAny>>,
        username: Option<Bound<'py, PyAny>>,
        password: Option<Bound<'py, PyAny>>,
        ca_file: Option<Bound<'py, PyAny>>,
        insecure: Option<Bound<'py, PyAny>>,
        temp_dir: Option<Bound<'py, PyAny>>,
        pretty: Option<Bound<'py, PyAny>>,
        color: Option<Bound<'py, PyAny>>,
        natives: Option<Bound<'py, PyAny>>,
        output: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let callbacks = Arc::new(Callbacks::new());
        let plain = vec![
            ("embedded", embedded),
            ("launch", launch),
            ("endpoints", endpoints),
            ("coordinator", coordinator),
            ("topology", topology),
            ("deadline", deadline),
            ("timeout", timeout),
            ("connect_timeout", connect_timeout),
            ("database", database),
            ("arguments", arguments),
            ("permissions", permissions),
            ("limits", limits),
            ("seed", seed),
            ("log_levels", log_levels),
            ("modules", modules),
            ("module_folders", module_folders),
            ("jwt_secret", jwt_secret),
            ("jwt_secret_file", jwt_secret_file),
            ("jwt_token", jwt_token),
            ("username", username),
            ("password", password),
            ("ca_file", ca_file),
            ("insecure", insecure),
            ("temp_dir", temp_dir),
            ("pretty", pretty),
            ("color", color),
        ];
        let settings = Settings { plain, cluster: cluster.as_ref(), natives, output };
        let builder = settings.builder(py, &callbacks)?;
        let host = py.detach(|| builder.build()).map_err(|error| errors::of_host(py, &error))?;
        let shell = Self {
            open: Mutex::new(Some(Arc::new(Open::new(host, callbacks)))),
            agency: PyOnceLock::new(),
            cluster: PyOnceLock::new(),
        };
        if let Some(cluster) = cluster {
            shell.cluster.get_or_init(py, || cluster.unbind());
        }
        Ok(shell)
    }

    /// Runs a text and gives the value of its last expression.
    ///
    /// `call` finds the functions that it defines. Errors: a `ScriptError` or another `AgencyshError`; `ScriptExit` when it calls ``exit`` with
    /// another number than 0; exceptions of own natives as they are; TypeError when the value has no form in Python::
    ///
    ///     assert shell.eval("[1, 2.5, #{ a: () }]") == [1, 2.5, {"a": None}]
    fn eval<'py>(&self, py: Python<'py>, code: &str) -> PyResult<Bound<'py, PyAny>> {
        self.open(py)?.run(py, |host| host.eval(code))
    }

    /// Runs a script file with words for ``env::args()`` (those of the shell if there are none); gives the value of its last expression.
    ///
    /// Errors: as `eval`::
    ///
    ///     report = shell.run("maintenance/report.rhai", "--all")
    #[pyo3(signature = (path, *arguments))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        arguments: Vec<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.open(py)?.run(py, |host| host.run_file(path, &arguments))
    }

    /// Runs the text of a script as `run` does; errors call it ``name``::
    ///
    ///     assert shell.run_text("env::args()[0]", "one") == "one"
    #[pyo3(signature = (text, *arguments, name="<text>"))]
    fn run_text<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        arguments: Vec<String>,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.open(py)?.run(py, |host| host.run_str(name, text, &arguments))
    }

    /// Calls a function of the script that ran last; gives what it returns.
    ///
    /// Modules that the script imports are at hand, its variables are not. Errors: as `eval`; TypeError for an argument that is no value::
    ///
    ///     shell.eval("fn twice(n) { 2 * n }")
    ///     assert shell.call("twice", 21) == 42
    #[pyo3(signature = (function, *arguments))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = arguments.iter().enumerate().map(|(index, argument)| {
            let name = |misfit: Misfit| misfit.into_error(&format!("argument {}", index + 1));
            dynamic(&argument).map_err(name)
        });
        let given = given.collect::<PyResult<Vec<_>>>()?;
        self.open(py)?.run(py, |host| host.call_function(function, given))
    }

    /// Runs the tests in script files and folders (``*_test.rhai``); tests that fail are results, no errors.
    ///
    /// A shell with ``embedded`` or ``launch`` gives each file such servers for itself; others use theirs for one file after the other.
    ///
    /// ``filter``: patterns with ``*`` and ``?`` for whole names, ``file::test`` or the test's name alone; a text or several. ``only``: exact names,
    /// ``file::test``. ``timeout``: seconds for each test and hook (900). ``jobs``: files at the same time (as many as processors). ``retries``: how
    /// often a test that failed is tried again. ``strict``: whether what a file leaves behind is a failure even in servers of its own. ``dumps``: the
    /// folder for dumps of the agency, one for each test that failed.
    ///
    /// ``on_event`` is called with a dict when something happens, from several threads: ``event`` is ``run_began`` (with ``files`` and ``tests``,
    /// numbers), ``file_began`` (``file``), ``test_began`` (``file``, ``test``), ``test_ended`` (``file``, and the members of a test of `TestRun`), or
    /// ``file_ended`` (the members of a file of `TestRun`). A test whose ``test_began`` is answered with False is skipped. What it raises ends the
    /// run and comes out here.
    ///
    /// Errors: an `AgencyshError` of the kind ``test.not_found`` for a path that leads nowhere::
    ///
    ///     run = shell.test("tests/", filter="test_leader*")
    #[pyo3(signature = (
        *paths, filter=None, only=None, timeout=None, jobs=None, retries=0, strict=false, dumps=None, on_event=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn test<'py>(
        &self,
        py: Python<'py>,
        paths: Vec<PathBuf>,
        filter: Option<Bound<'py, PyAny>>,
        only: Option<Bound<'py, PyAny>>,
        timeout: Option<f64>,
        jobs: Option<usize>,
        retries: u32,
        strict: bool,
        dumps: Option<PathBuf>,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<TestRun> {
        let open = self.open(py)?;
        let wanted = Wanted { filter, only, timeout, jobs, retries, strict, dumps };
        let (settings, mut selection) = wanted.settings()?;
        selection.named = paths.iter().filter(|path| path.is_file()).cloned().collect();
        let teller = Teller { function: on_event, callbacks: Arc::clone(&open.callbacks) };
        let ran = open.with_host(py, |host| host.tests(&paths, settings, &selection, &teller))?;
        if let Some(unseen) = open.callbacks.unseen() {
            return Err(unseen);
        }
        let run = ran.ok_or_else(|| errors::closed(py, "shell"))?;
        Ok(run.map_err(|error| errors::of_run(py, &error, &open.callbacks))?.into())
    }

    /// Ends what runs now, scripts, tests and operations of `agency`: they raise `Interrupted`. From any thread::
    ///
    ///     threading.Timer(5, shell.interrupt).start()
    fn interrupt(&self) {
        let open = self.lock().clone();
        if let Some(open) = open {
            open.interrupt();
        }
    }

    /// Ends what runs, and the servers that were started for this shell. A second time it does nothing::
    ///
    ///     shell.close()
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(open) = self.lock().clone() else { return Ok(()) };
        if open.is_busy_here() {
            return Err(errors::busy());
        }
        drop(self.lock().take());
        open.close(py)?;
        // the servers are to end with the host
        match self.cluster.get(py) {
            Some(cluster) => cluster.get().let_go_of_shell(py),
            None => Ok(()),
        }
    }

    /// The agency of this shell, to be used without a script. Its servers are started now, unless they run.
    ///
    /// Errors: an `AgencyshError` of the kind ``agency.no_target`` when the shell has none::
    ///
    ///     shell.agency.set("Target/Jobs/1", {"type": "moveShard"})
    #[getter]
    fn agency(&self, py: Python<'_>) -> PyResult<Py<Agency>> {
        let open = self.open(py)?;
        if let Some(agency) = self.agency.get(py) {
            return Ok(agency.clone_ref(py));
        }
        if open.callbacks.is_inside() {
            return Err(errors::busy());
        }
        let client = {
            let _turn = open.turn.take(py)?;
            let made = open.with_host(py, Host::agency)?;
            let made = made.ok_or_else(|| errors::closed(py, "shell"))?;
            made.map_err(|error| errors::of_run(py, &error, &open.callbacks))?
        };
        let clients = Arc::clone(open.clients.get_or_init(|| Arc::new(Clients::new(client))));
        let agency = Py::new(py, Agency::new(clients))?;
        Ok(self.agency.get_or_init(py, || agency).clone_ref(py))
    }

    /// The cluster of this shell. Its servers are started when something is first done with them.
    ///
    /// Errors: an `AgencyshError` of the kind ``cluster.not_ours`` when the shell has none::
    ///
    ///     shell.cluster.kill(shell.cluster.leader())
    #[getter]
    fn cluster(&self, py: Python<'_>) -> PyResult<Py<Cluster>> {
        let open = self.open(py)?;
        if let Some(cluster) = self.cluster.get(py) {
            return Ok(cluster.clone_ref(py));
        }
        let cluster = open.with_host(py, Host::cluster)?;
        let cluster = cluster.ok_or_else(|| errors::closed(py, "shell"))?;
        let cluster = cluster.map_err(|error| errors::of_host(py, &error))?;
        let cluster = Py::new(py, Cluster::of(cluster, Owner::Shell))?;
        Ok(self.cluster.get_or_init(py, || cluster).clone_ref(py))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind, error, trace, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<Py<PyAny>>,
        error: Option<Py<PyAny>>,
        trace: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        drop((kind, error, trace));
        self.close(py)
    }
}
