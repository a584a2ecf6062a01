//! An agency without scripts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use agencysh::AgencyClient;
use agencysh::agency::path::{absolute, segments};
use agencysh::client::{Agent, ClientError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde_json::{Map, Value, json};

use crate::absent::Absent;
use crate::changes::Changes;
use crate::clients::Clients;
use crate::errors::{self, Failure};
use crate::tests;
use crate::transactions;
use crate::values::{self, from_document, from_json};
use crate::waiting::waiting;

/// How long a wait without end takes at most.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

#[doc = include_str!("../docs/agency.txt")]
#[pyclass(frozen, module = "agencysh")]
pub(crate) struct Agency {
    clients: Arc<Clients>,
    /// The path that all others are below, absolute; empty for the whole agency.
    below: String,
    /// When all operations have to have ended.
    ends: Option<Instant>,
}

impl Agency {
    pub(crate) fn new(clients: Arc<Clients>) -> Self {
        Self { clients, below: String::new(), ends: None }
    }

    /// The same agency, whose operations have to have ended by then.
    pub(crate) fn ending(self, ends: Option<Instant>) -> Self {
        Self { ends, ..self }
    }

    /// The absolute path of one that the user gave.
    fn path(&self, path: &str) -> String {
        match self.below.as_str() {
            "" => absolute(path),
            below => segments(path).fold(below.to_owned(), |path, step| path + "/" + step),
        }
    }

    /// Does something without the GIL, with a client that nobody else uses meanwhile.
    ///
    /// # Errors
    /// The exception of the operation.
    fn operate<T: Send, E: Into<Failure> + Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&AgencyClient) -> Result<T, E> + Send,
    ) -> PyResult<T> {
        let lease = self.clients.lease().ok_or_else(|| errors::closed(py, "agency"))?;
        let (client, deadline) = (&lease.client, lease.client.deadline().clone());
        if self.ends.is_some() {
            deadline.set_run(left(self.ends));
        }
        let ends = deadline.clone();
        let result = waiting(py, move || ends.interrupt(), || work(client));
        if self.ends.is_some() {
            deadline.set_run(None);
        }
        let result = result?;
        result.map_err(|error| match error.into() {
            Failure::Client(ClientError::Stopped(_)) if self.clients.is_closed() => {
                errors::closed(py, "agency")
            }
            failure => failure.into_exception(py),
        })
    }
}

#[pymethods]
impl Agency {
    /// The value at a path; ``default`` when nothing is there.
    ///
    /// Give `ABSENT` as ``default`` to tell nothing from null::
    ///
    ///     agency.get("Plan/Version", 0)
    #[pyo3(signature = (path, default=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let path = self.path(path);
        match self.operate(py, |client| client.get(&path))? {
            Some(value) => from_json(py, &value),
            None => Ok(default.unwrap_or_else(|| py.None().into_bound(py))),
        }
    }

    /// Whether anything is at a path; null, ``{}`` and ``[]`` count::
    ///
    ///     agency.exists("Plan/Version")
    fn exists(&self, py: Python<'_>, path: &str) -> PyResult<bool> {
        let path = self.path(path);
        self.operate(py, |client| client.exists(&path))
    }

    /// Replaces the value at a path; gives the log index.
    ///
    /// Errors: TypeError for what is no value; ``agency.operation_failed`` for keys with ``/``::
    ///
    ///     agency.set("Target/Jobs/1", {"type": "moveShard", "shard": "s1"})
    fn set(&self, py: Python<'_>, path: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let (path, value) = (self.path(path), given("value", value)?);
        self.operate(py, |client| client.set(&path, value))
    }

    /// Removes what is at a path, if anything; gives the log index::
    ///
    ///     agency.remove("Target/Jobs/1")
    fn remove(&self, py: Python<'_>, path: &str) -> PyResult<u64> {
        let path = self.path(path);
        self.operate(py, |client| client.remove(&path))
    }

    /// Sets ``new`` if the value at a path equals ``old``, where None and `ABSENT` stand for nothing there.
    ///
    /// False when something else was there::
    ///
    ///     if agency.cas("Target/Leader", None, "A"):
    ///         ...
    fn cas(
        &self,
        py: Python<'_>,
        path: &str,
        old: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let nothing = old.is_none() || old.is_instance_of::<Absent>();
        let old = if nothing { None } else { Some(given("old", old)?) };
        let (path, new) = (self.path(path), given("new", new)?);
        self.operate(py, |client| client.cas(&path, old, new))
    }

    /// Reads, lets ``fn`` compute a new value, and sets it if nobody else was faster; else again. Gives the value that is there afterwards.
    ///
    /// ``fn`` gets None when nothing is there; when it returns None, nothing is written. What it raises comes out here. Errors:
    /// `PreconditionFailed` when others were faster too often::
    ///
    ///     agency.update("Target/Counter", lambda n: (n or 0) + 1)
    #[pyo3(signature = (path, r#fn))]
    fn update<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        r#fn: Py<PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let path = self.path(path);
        let change = |old: Option<&Value>| {
            Python::attach(|py| -> Result<_, Failure> {
                let new = r#fn.bind(py).call1((object(py, old)?,))?;
                Ok(if new.is_none() { None } else { Some(given("the new value", &new)?) })
            })
        };
        let value = self.operate(py, |client| client.update(&path, change))?;
        object(py, value.as_ref())
    }

    /// Adds ``step`` to the number at a path, 0 when nothing is there; gives the log index::
    ///
    ///     agency.increment("Plan/Version")
    #[pyo3(signature = (path, step=1))]
    fn increment(&self, py: Python<'_>, path: &str, step: i64) -> PyResult<u64> {
        let path = self.path(path);
        self.operate(py, |client| client.increment(&path, step))
    }

    /// Appends to the array at a path; gives the log index::
    ///
    ///     agency.push("Target/Todo", "s1")
    fn push(&self, py: Python<'_>, path: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let (path, value) = (self.path(path), given("value", value)?);
        self.operate(py, |client| client.push(&path, value))
    }

    /// Reads several paths at once, or one: a tree with all that was found, at the paths from the root of the agency (or from the path of
    /// `prefix`) on::
    ///
    ///     agency.read(["Plan/Version", "Current/Version"])["arango"]["Plan"]["Version"]
    fn read<'py>(&self, py: Python<'py>, paths: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let paths: Vec<String> = match paths.cast::<PyString>() {
            Ok(path) => vec![self.path(&path.to_cow()?)],
            Err(_) => paths
                .try_iter()?
                .map(|path| Ok(self.path(&path?.extract::<String>()?)))
                .collect::<PyResult<_>>()?,
        };
        if paths.is_empty() {
            return Err(PyValueError::new_err("paths: at least one"));
        }
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let tree = self.operate(py, |client| client.read(&paths))?;
        let below = segments(&self.below).try_fold(&tree, |tree, step| tree.get(step));
        from_json(py, below.unwrap_or(&Value::Object(Map::new())))
    }

    /// Runs transactions in order; gives one result for each.
    ///
    /// A transaction is ``[operations, preconditions, client id]``, of which the last two may be left out: ``operations`` is a dict from paths to
    /// values or to operators such as ``{"op": "increment", "step": 2}``; ``preconditions`` one from paths to conditions such as ``{"old": 1}``,
    /// ``{"oldEmpty": True}``. Its result is its log index. A list of paths reads; its result is a tree, as `read` gives it.
    ///
    /// Errors: `PreconditionFailed` when one is refused, whose ``outcomes`` are the results, 0 for what did not happen; `PermissionDenied` and
    /// ``agency.operation_failed`` in the same way; `ConnectionFailed` of the kind ``agency.unknown_outcome`` when nobody could tell in time::
    ///
    ///     agency.transact([[{"Plan/Version": {"op": "increment"}}, {"Target/Leader": {"old": "A"}}], ["Plan/Version"]])
    fn transact<'py>(
        &self,
        py: Python<'py>,
        transactions: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let items = given("transactions", transactions)?;
        let items = transactions::items(&items, |path| self.path(path))
            .map_err(|error| errors::of_client(py, error))?;
        let answer = self.operate(py, |client| transactions::run(client, &items))?;
        let results = answer.results.iter().zip(&items).map(|(result, item)| {
            let tree = if transactions::is_read(item) { self.below.as_str() } else { "" };
            let below = segments(tree).try_fold(result, |tree, step| tree.get(step));
            from_json(py, below.unwrap_or(&Value::Object(Map::new())))
        });
        let results = results.collect::<PyResult<Vec<_>>>()?;
        match answer.refused(&items) {
            None => Ok(results),
            Some(refused) => Err(refused.into_exception(py, results)),
        }
    }

    /// Gives the value at a path now and then each change of it, as an iterator of `Change` that ends after ``timeout`` seconds (None: never).
    ///
    /// Changes that follow each other quickly may be seen as one. Close it, or use it in a ``with`` block, to end it early. Errors come out of
    /// the iterator::
    ///
    ///     for change in agency.watch("Current/Version", timeout=5):
    ///         print(change.value)
    #[pyo3(signature = (path, timeout=None))]
    fn watch(&self, py: Python<'_>, path: &str, timeout: Option<f64>) -> PyResult<Changes> {
        let limit = limit(timeout)?.min(left(self.ends).unwrap_or(FOREVER));
        let lease = self.clients.lease().ok_or_else(|| errors::closed(py, "agency"))?;
        let client = lease.client.with_deadline(Default::default());
        Changes::follow(Arc::clone(&self.clients), client, self.path(path), limit)
    }

    /// Waits until a condition holds for the value at a path; gives that value.
    ///
    /// ``predicate`` is a function of the value (None when nothing is there), or a value to be equal to; `ABSENT` waits until nothing is there.
    /// What the function raises comes out here. Errors: `DeadlineExceeded` after ``timeout`` seconds (None: never)::
    ///
    ///     agency.wait_until("Current/Version", lambda version: version is not None and version >= 3, timeout=10)
    #[pyo3(signature = (path, predicate, timeout=30.0))]
    fn wait_until<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        predicate: Py<PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (path, limit) = (self.path(path), limit(timeout)?);
        let is_function = predicate.bind(py).is_callable();
        let holds = |value: Option<&Value>| {
            Python::attach(|py| -> Result<bool, Failure> {
                let wanted = predicate.bind(py);
                if wanted.is_instance_of::<Absent>() {
                    return Ok(value.is_none());
                }
                let value = object(py, value)?;
                Ok(match is_function {
                    true => wanted.call1((value,))?.is_truthy()?,
                    false => wanted.eq(value)?,
                })
            })
        };
        let value = self.operate(py, |client| client.wait_until(&path, limit, holds))?;
        object(py, value.as_ref())
    }

    /// The id of the leader, such as ``AGNT-…``; waits for one to be elected.
    ///
    /// Errors: `ConnectionFailed`::
    ///
    ///     agency.leader()
    fn leader(&self, py: Python<'_>) -> PyResult<String> {
        self.operate(py, |client| client.leader().map(|agent| agent.id))
    }

    /// The members of the agency, by id: a list of dicts with ``id``, ``endpoint`` and ``leading``::
    ///
    ///     [agent["endpoint"] for agent in agency.agents()]
    fn agents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let agents = self.operate(py, AgencyClient::agents)?;
        from_json(py, &agents.iter().map(described).collect())
    }

    /// Asks all agents how they are: a dict with ``healthy`` (all answer and name the same leader), ``leader_id`` (of the leader that a majority
    /// names) and ``agents``: a list of dicts with ``id``, ``endpoint``, ``leading``, ``reachable``, ``leader_id``, ``term``, ``commit_index``,
    /// ``error``::
    ///
    ///     agency.health()["healthy"]
    fn health<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let health = self.operate(py, AgencyClient::health)?;
        let agents = health.agents.iter().map(|member| {
            let mut agent = described(&member.agent);
            agent["reachable"] = member.reachable.into();
            agent["leader_id"] = member.leader_id.clone().into();
            agent["term"] = member.term.into();
            agent["commit_index"] = member.commit_index.into();
            agent["error"] = member.error.clone().into();
            agent
        });
        let agents: Value = agents.collect();
        let (healthy, leader_id) = (health.healthy, health.leader_id);
        from_json(py, &json!({"healthy": healthy, "leader_id": leader_id, "agents": agents}))
    }

    /// The configuration as the agent with this id tells it, or the likely leader: a dict as ``/_api/agency/config`` gives it::
    ///
    ///     agency.config()["configuration"]["pool"]
    #[pyo3(signature = (agent=None))]
    fn config<'py>(&self, py: Python<'py>, agent: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let config = self.operate(py, |client| client.config(agent))?;
        from_json(py, &config)
    }

    /// Tree and log as the agent with this id has them, or the leader: as ``/_api/agency/state`` gives it; it can be very large::
    ///
    ///     agency.state(agency.leader())
    #[pyo3(signature = (agent=None))]
    fn state<'py>(&self, py: Python<'py>, agent: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let state = self.operate(py, |client| client.state_document(agent))?;
        from_document(py, &state)
    }

    /// The part of the agency below a path: all paths given to the result are below it, those that begin with ``/``, too::
    ///
    ///     own = agency.prefix("Tests/mine")
    ///     own.set("x", 1)              # at /arango/Tests/mine/x
    fn prefix(&self, path: &str) -> Self {
        Self { clients: Arc::clone(&self.clients), below: self.path(path), ends: self.ends }
    }

    /// The same agency for a while: each operation of the result that has not ended ``seconds`` from now raises `DeadlineExceeded`, and each
    /// later one does so at once; `watch` ends then::
    ///
    ///     agency.within(10).wait_until("Current/Version", 3, timeout=None)
    fn within(&self, seconds: f64) -> PyResult<Self> {
        let ends = ends_within(self.ends, seconds)?;
        let (clients, below) = (Arc::clone(&self.clients), self.below.clone());
        Ok(Self { clients, below, ends })
    }

    fn __repr__(&self) -> String {
        match self.below.as_str() {
            "" => "<Agency>".to_owned(),
            below => format!("<Agency below {below}>"),
        }
    }
}

/// The value of an argument.
fn given(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    values::json(value).map_err(|misfit| misfit.into_error(name))
}

/// The object of a value that may be absent.
fn object<'py>(py: Python<'py>, value: Option<&Value>) -> PyResult<Bound<'py, PyAny>> {
    from_json(py, value.unwrap_or(&Value::Null))
}

/// How long something may take.
fn limit(timeout: Option<f64>) -> PyResult<Duration> {
    let Some(timeout) = timeout else { return Ok(FOREVER) };
    let time = Duration::try_from_secs_f64(timeout).map(|time| time.min(FOREVER));
    time.map_err(|_| PyValueError::new_err(format!("timeout: {timeout} is no number of seconds")))
}

/// When something ends that has so many seconds from now on, and ends at a given time anyway.
///
/// # Errors
/// It is no number of seconds above 0.
pub(crate) fn ends_within(ends: Option<Instant>, seconds: f64) -> PyResult<Option<Instant>> {
    let own = Instant::now().checked_add(tests::seconds("seconds", seconds)?);
    Ok(own.into_iter().chain(ends).min())
}

/// How much time is left until then.
pub(crate) fn left(ends: Option<Instant>) -> Option<Duration> {
    ends.map(|ends| ends.saturating_duration_since(Instant::now()))
}

fn described(agent: &Agent) -> Value {
    json!({"id": agent.id, "endpoint": agent.endpoint, "leading": agent.leading})
}
