//! Servers without scripts.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use agencysh::Cluster as Servers;
use agencysh::Target;
use agencysh::deadline::Deadline;
use agencysh::host::{Host, HostError};
use agencysh::natives::NativeError;
use agencysh::natives::cluster::InstanceFacts;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};

use crate::agency::{Agency, ends_within, left};
use crate::clients::Clients;
use crate::cluster_facts::{described, told};
use crate::cluster_options::launch_options;
use crate::values::from_json;
use crate::waiting::{aside, drop_detached, look, waiting};
use crate::{errors, program};

#[doc = include_str!("../docs/cluster.txt")]
#[pyclass(frozen, subclass, module = "agencysh")]
pub(crate) struct Cluster {
    servers: Mutex<Option<Servers>>,
    owner: Owner,
    /// When all operations have to have ended.
    ends: Option<Instant>,
    clients: OnceLock<Arc<Clients>>,
}

/// To whom servers belong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// To this object.
    This,
    /// To the shell that was made with them.
    Shell,
    /// To somebody else.
    Other,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let servers = self.servers.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(servers) = servers {
            drop_detached(servers);
        }
    }
}

impl Cluster {
    pub(crate) fn of(servers: Servers, owner: Owner) -> Self {
        Self { servers: Mutex::new(Some(servers)), owner, ends: None, clients: OnceLock::new() }
    }

    /// The same servers for somebody else.
    ///
    /// # Errors
    /// They have been ended.
    pub(crate) fn shared(&self, py: Python<'_>) -> PyResult<Servers> {
        self.lock().clone().ok_or_else(|| errors::closed(py, "cluster"))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Servers>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the servers without the GIL. Ctrl-C leaves it behind.
    ///
    /// # Errors
    /// The exception of it.
    fn operate<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Servers) -> Result<T, HostError> + Send + 'static,
    ) -> PyResult<T> {
        let servers = self.shared(py)?;
        let deadline = servers.deadline().sibling();
        deadline.while_waiting(Arc::new(look));
        deadline.set_run(left(self.ends));
        let ends = deadline.clone();
        let done = waiting(
            py,
            move || ends.interrupt(),
            || {
                let servers = servers.with_deadline(deadline.clone());
                deadline.aside(move || work(&servers))
            },
        )?;
        let done = done.map_err(|stop| errors::of_native(py, stop.into()))?;
        done.map_err(|error| errors::of_host(py, &error))
    }
}

#[pymethods]
impl Cluster {
    #[new]
    #[pyo3(signature = (
        agents=3, dbservers=0, coordinators=0, world="embedded", arangod=None, **launch
    ))]
    fn new(
        py: Python<'_>,
        agents: usize,
        dbservers: usize,
        coordinators: usize,
        world: &str,
        arangod: Option<PathBuf>,
        launch: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options = launch_options(py, agents, dbservers, coordinators, world, arangod, launch)?;
        // a host knows how to describe servers that are started under a deadline of one's own
        let mut host = Host::builder().target(Target::Launched(Box::new(options)));
        if let Some(program) = program::of_servers(py)? {
            host = host.server_program(program);
        }
        let described = py.detach(|| host.build()?.cluster());
        let servers = described.map_err(|error| errors::of_host(py, &error))?;
        let cluster = Self::of(servers.with_deadline(Deadline::default()), Owner::This);
        cluster.operate(py, |servers| servers.agency().map(drop))?;
        Ok(cluster)
    }

    /// Takes the cluster of a topology file (``agencysh cluster up`` writes one); nobody is asked before it is used.
    ///
    /// Errors: an `AgencyshError` of the kind ``cluster.topology``::
    ///
    ///     cluster = agencysh.Cluster.adopt("topology.json")
    #[staticmethod]
    fn adopt(py: Python<'_>, topology: PathBuf) -> PyResult<Self> {
        let adopted = py.detach(|| Servers::adopt(topology));
        Ok(Self::of(adopted.map_err(|error| errors::of_host(py, &error))?, Owner::Other))
    }

    /// ``"embedded"``, ``"processes"`` or ``"adopted"``.
    #[getter]
    fn world(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.shared(py)?.world())
    }

    /// The folder of everything that belongs to it (a Path), or None where there is none.
    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let servers = self.shared(py)?;
        let root = py.detach(move || servers.root());
        root.map(|root| path(py, root)).transpose()
    }

    /// Its agency, to be used without a script::
    ///
    ///     cluster.agency.set("Plan/Version", 1)
    #[getter]
    fn agency(&self, py: Python<'_>) -> PyResult<Agency> {
        self.shared(py)?;
        if self.clients.get().is_none() {
            let client = self.operate(py, Servers::agency)?;
            // operations have deadlines like this one's, which look for signals
            let deadline = Deadline::default();
            deadline.while_waiting(Arc::new(look));
            let client = client.with_deadline(deadline);
            self.clients.get_or_init(|| Arc::new(Clients::new(client)));
        }
        let clients = self.clients.get().ok_or_else(|| errors::closed(py, "cluster"))?;
        Ok(Agency::new(Arc::clone(clients)).ending(self.ends))
    }

    /// What is known of its servers, agents first, then DB-servers and coordinators, each in start order: a list of dicts with ``name`` (such as
    /// ``agent1``), ``role`` (``agent``, ``dbserver``, ``coordinator``), ``id``, ``pid``, ``url``, ``endpoint``, ``state`` (``running``,
    /// ``suspended``, ``stopped``, ``crashed``), ``exit`` (None, or a dict with ``code`` and ``signal``), ``data_dir``, ``log_file``,
    /// ``arguments``::
    ///
    ///     [one["name"] for one in cluster.instances() if one["state"] == "running"]
    fn instances<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let instances = self.operate(py, Servers::instances)?;
        from_json(py, &instances.iter().map(described).collect())
    }

    /// The name of the agent that leads, such as ``agent2``; waits for one to be elected::
    ///
    ///     cluster.kill(cluster.leader())
    fn leader(&self, py: Python<'_>) -> PyResult<String> {
        self.operate(py, |servers| {
            let id = servers
                .agency()?
                .leader()
                .map_err(|error| HostError::from(NativeError::from(error)))?
                .id;
            let instances = servers.instances()?;
            let leads = |one: &InstanceFacts| one.id.as_deref() == Some(id.as_str());
            Ok(instances.into_iter().find(leads).map_or(id, |leader| leader.name))
        })
    }

    /// Ends a server at once, as a crash would. Servers are called by name, id, URL or endpoint.
    ///
    /// Errors: an `AgencyshError` of the kind ``cluster.unknown_server``, ``cluster.wrong_state``, or ``cluster.unsupported``::
    ///
    ///     cluster.kill("agent1")
    fn kill(&self, py: Python<'_>, name: String) -> PyResult<()> {
        self.operate(py, move |servers| servers.kill(&name))
    }

    /// Suspends a server, as SIGSTOP does a process: it sends nothing, and requests wait. Errors: as `kill`::
    ///
    ///     cluster.pause("agent1")
    fn pause(&self, py: Python<'_>, name: String) -> PyResult<()> {
        self.operate(py, move |servers| servers.suspend(&name))
    }

    /// Lets a suspended server go on. Errors: as `kill`::
    ///
    ///     cluster.resume("agent1")
    fn resume(&self, py: Python<'_>, name: String) -> PyResult<()> {
        self.operate(py, move |servers| servers.resume(&name))
    }

    /// Ends a server in good order. Errors: as `kill`::
    ///
    ///     cluster.stop("dbserver1")
    fn stop(&self, py: Python<'_>, name: String) -> PyResult<()> {
        self.operate(py, move |servers| servers.stop(&name))
    }

    /// Starts a server again, with its id and at its place; one that runs is stopped first. Errors: as `kill`; ``cluster.start``::
    ///
    ///     cluster.restart("agent1")
    fn restart(&self, py: Python<'_>, name: String) -> PyResult<()> {
        self.operate(py, move |servers| servers.restart(&name))
    }

    /// Cuts the network: servers of different groups do not reach each other, those that are in no group form one together. It takes the place
    /// of an earlier cut. Clients reach all of them.
    ///
    /// Errors: an `AgencyshError` of the kind ``cluster.unsupported`` unless the servers are in this process; ``cluster.unknown_server``; and others
    /// when one is named twice::
    ///
    ///     cluster.partition([[cluster.leader()]])
    fn partition(&self, py: Python<'_>, groups: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut names = Vec::new();
        for group in groups.try_iter()? {
            let group = group?;
            if group.is_instance_of::<PyString>() {
                return Err(PyTypeError::new_err("groups: each is a list of names"));
            }
            let group = group.try_iter()?.map(|name| name?.extract::<String>());
            names.push(group.collect::<PyResult<Vec<_>>>()?);
        }
        self.operate(py, move |servers| servers.partition(&names))
    }

    /// Lets all servers reach each other again. Errors: ``cluster.unsupported`` as for `partition`::
    ///
    ///     cluster.heal()
    fn heal(&self, py: Python<'_>) -> PyResult<()> {
        self.operate(py, Servers::heal)
    }

    /// Starts one more DB-server; gives its name. Errors: as `kill`; ``cluster.start``::
    ///
    ///     assert cluster.add_dbserver() == "dbserver2"
    fn add_dbserver(&self, py: Python<'_>) -> PyResult<String> {
        self.operate(py, Servers::add_dbserver)
    }

    /// Takes a dump of all agents that answer: a zip archive in ``folder``, whose path it gives.
    ///
    /// Errors: an `AgencyshError` when it cannot be written::
    ///
    ///     print(cluster.dump("out"))
    fn dump<'py>(&self, py: Python<'py>, folder: PathBuf) -> PyResult<Bound<'py, PyAny>> {
        let archive = self.operate(py, move |servers| servers.dump(folder))?;
        path(py, archive)
    }

    /// Which servers ended unasked so far: a list of dicts with ``instance`` (the name), ``pid``, ``code``, ``signal``, ``end`` (in words), ``log``
    /// (its last lines), ``files`` (what it left behind)::
    ///
    ///     assert not cluster.crashes()
    fn crashes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let servers = self.shared(py)?;
        let crashes = py.detach(move || servers.crashes());
        from_json(py, &crashes.iter().map(told).collect())
    }

    /// A shell whose scripts use this cluster, with the settings of `Shell`::
    ///
    ///     with cluster.shell(deadline=60) as shell:
    ///         shell.eval("agency::current().leader()")
    #[pyo3(signature = (**settings))]
    fn shell<'py>(
        slf: Bound<'py, Self>,
        settings: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        static SHELL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let settings = settings.unwrap_or_else(|| PyDict::new(py));
        settings.set_item("cluster", slf)?;
        SHELL.import(py, "agencysh", "Shell")?.call((), Some(&settings))
    }

    /// The same cluster for a while: what is done with the result, and with its `agency`, raises `DeadlineExceeded` when it has not ended
    /// ``seconds`` from now. The servers stay this object's::
    ///
    ///     cluster.within(10).agency.wait_until("Current/Version", 3)
    fn within(&self, py: Python<'_>, seconds: f64) -> PyResult<Self> {
        let ends = ends_within(self.ends, seconds)?;
        let mut same = Self::of(self.shared(py)?, Owner::Other);
        same.ends = ends;
        Ok(same)
    }

    /// Ends all servers in good order, also when others use the cluster. A second time it does nothing.
    ///
    /// Errors: an `AgencyshError` when they belong to somebody else::
    ///
    ///     cluster.shutdown()
    fn shutdown(&self, py: Python<'_>) -> PyResult<()> {
        if self.lock().is_none() {
            return Ok(());
        }
        self.operate(py, Servers::shutdown)?;
        self.let_go(py)
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
        match self.owner {
            Owner::This => self.shutdown(py),
            Owner::Shell => Ok(()),
            Owner::Other => self.let_go(py),
        }
    }
}

impl Cluster {
    /// Forgets the servers of a shell that is closed.
    ///
    /// # Errors
    /// What the handler of a signal raised.
    pub(crate) fn let_go_of_shell(&self, py: Python<'_>) -> PyResult<()> {
        if self.owner == Owner::Shell { self.let_go(py) } else { Ok(()) }
    }

    /// Forgets the servers, which end if nobody else uses them.
    fn let_go(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(clients) = self.clients.get() {
            clients.close();
        }
        let servers = self.lock().take();
        aside(py, move || drop(servers)).map(drop)
    }
}

/// A `pathlib.Path`.
fn path(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    path.into_pyobject(py).map(Bound::into_any)
}
