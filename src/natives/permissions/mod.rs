//! What scripts may do besides computing and talking to their target.
//!
//! Each native asks through [`NativeContext`]: [`NativeContext::readable`], `writable`, `may_connect` and
//! so on. A refusal is number 11 and says how it can be permitted.

mod names;
mod roots;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use names::Names;
pub use roots::Last;
use roots::Roots;

use super::{NativeContext, NativeError, NativeResult};
use crate::http::{HostPattern, Hosts};

/// Something a script may be forbidden to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// Reading and writing files.
    Files,
    /// Opening connections.
    Network,
    /// Testing whether ports are free.
    Ports,
    /// Reading and changing environment variables.
    Environment,
    /// Starting, watching and signalling programs.
    Processes,
    /// Changing what an agency holds.
    AgencyWrites,
}

impl Gate {
    /// What it is about, the kind of its refusal, and how it is permitted.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Files => ("file access", "permission.files", "name its folder with --fs-root"),
            Self::Network => (
                "network access",
                "permission.network",
                "name the server with --net, or leave --no-net out",
            ),
            Self::Ports => {
                ("testing ports", "permission.ports", "leave --no-net and --no-port-test out")
            }
            Self::Environment => (
                "access to the environment",
                "permission.environment",
                "name the variable with --env",
            ),
            Self::Processes => {
                ("control of processes", "permission.processes", "leave --no-exec out")
            }
            Self::AgencyWrites => {
                ("writing to the agency", "permission.agency_writes", "leave --read-only out")
            }
        }
    }

    /// Number 11: the run may not do this to `what`.
    fn refusal(self, what: Option<&str>) -> NativeError {
        let (about, kind, remedy) = self.words();
        let about = what.map_or_else(|| about.to_owned(), |what| format!("{about} ('{what}')"));
        let message = format!(
            "{about} is not allowed in this run; {remedy}, or permit it where the host is built"
        );
        NativeError::arango(kind, 11, message)
    }
}

/// How much of something is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Allowed<T> {
    #[default]
    Nothing,
    Only(Arc<T>),
    Everything,
}

impl<T: Clone + Default> Allowed<T> {
    fn is_anything(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Allows what is named so far and what `add` adds to it.
    fn only<R>(&mut self, add: impl FnOnce(&mut T) -> R) -> R {
        let mut named = match std::mem::take(self) {
            Self::Only(named) => named,
            Self::Nothing | Self::Everything => Arc::default(),
        };
        let added = add(Arc::make_mut(&mut named));
        *self = Self::Only(named);
        added
    }
}

/// What scripts may do besides computing and talking to their target.
///
/// ```
/// use agencysh::host::Permissions;
/// let folder = std::env::temp_dir();
/// let permissions = Permissions::none().files_below(&folder)?.host("127.0.0.1:8529")?.read_only();
/// # Ok::<(), agencysh::natives::PermissionError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    files: Allowed<Roots>,
    network: Allowed<Hosts>,
    environment: Allowed<Names>,
    ports: bool,
    processes: bool,
    read_only: bool,
}

/// A permission that cannot be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// The folder cannot be used.
    #[error("'{}' is no folder that can be used", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text names no server.
    #[error(transparent)]
    Host(#[from] crate::http::HostPatternError),
    /// The text names no environment variable.
    #[error("'{name}' names no variable: write NAME, or BEGINNING*")]
    Variable {
        /// The text.
        name: String,
    },
}

/// `Err` unless [`Permissions::variable`] can do something with the name.
pub(crate) fn check_variable(name: &str) -> Result<(), PermissionError> {
    let literal = name.strip_suffix('*').unwrap_or(name);
    if name.is_empty() || literal.contains(['*', '=']) {
        return Err(PermissionError::Variable { name: name.to_owned() });
    }
    Ok(())
}

impl Permissions {
    /// Everything, as on the command line.
    pub fn all() -> Self {
        Self {
            files: Allowed::Everything,
            network: Allowed::Everything,
            environment: Allowed::Everything,
            ports: true,
            processes: true,
            read_only: false,
        }
    }

    /// Nothing but the target, which may be written to; what a host of the library starts with.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with the whole of something more.
    #[must_use]
    pub fn allow(mut self, gate: Gate) -> Self {
        match gate {
            Gate::Files => self.files = Allowed::Everything,
            Gate::Network => self.network = Allowed::Everything,
            Gate::Environment => self.environment = Allowed::Everything,
            Gate::Ports => self.ports = true,
            Gate::Processes => self.processes = true,
            Gate::AgencyWrites => self.read_only = false,
        }
        self
    }

    /// The same without something.
    #[must_use]
    pub fn deny(mut self, gate: Gate) -> Self {
        match gate {
            Gate::Files => self.files = Allowed::Nothing,
            Gate::Network => self.network = Allowed::Nothing,
            Gate::Environment => self.environment = Allowed::Nothing,
            Gate::Ports => self.ports = false,
            Gate::Processes => self.processes = false,
            Gate::AgencyWrites => self.read_only = true,
        }
        self
    }

    /// Files in this folder and below only; call it again for more folders. The run's own
    /// temporary folder can be used, too.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn files_below(mut self, folder: &Path) -> Result<Self, PermissionError> {
        let added = self.files.only(|roots| roots.add(folder));
        added.map_err(|source| PermissionError::Folder { folder: folder.to_owned(), source })?;
        Ok(self)
    }

    /// These servers only (`HOST`, `HOST:PORT`, `*.DOMAIN`, `[IPV6]:PORT`, `unix:PATH`); call it again for more.
    ///
    /// # Errors
    /// The text names no server.
    pub fn host(mut self, pattern: &str) -> Result<Self, PermissionError> {
        let pattern = HostPattern::parse(pattern)?;
        self.network.only(|hosts| hosts.add(pattern));
        Ok(self)
    }

    /// This environment variable only, or with a `*` at the end all that begin so; call it again for more.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.environment.only(|names| names.add(name.into()));
        self
    }

    /// No writes to the agency.
    #[must_use]
    pub fn read_only(self) -> Self {
        self.deny(Gate::AgencyWrites)
    }

    fn takes(&self, gate: Gate) -> bool {
        match gate {
            Gate::Files => self.files.is_anything(),
            Gate::Network => self.network.is_anything(),
            Gate::Environment => self.environment.is_anything(),
            Gate::Ports => self.ports,
            Gate::Processes => self.processes,
            Gate::AgencyWrites => !self.read_only,
        }
    }
}

impl NativeContext {
    /// `Err` with number 11 when the run may not do anything of this sort.
    pub fn require(&self, gate: Gate) -> NativeResult<()> {
        if self.permissions.takes(gate) { Ok(()) } else { Err(gate.refusal(None)) }
    }

    /// The path to use for `path`, when the run may use files there.
    ///
    /// # Errors
    /// Number 11.
    pub fn usable_path(&self, path: &Path, last: Last) -> NativeResult<PathBuf> {
        let roots = match &self.permissions.files {
            Allowed::Everything => return Ok(path.to_owned()),
            Allowed::Nothing => return Err(Gate::Files.refusal(None)),
            // it leads nowhere, as everybody will say who tries it
            Allowed::Only(_) if path.as_os_str().is_empty() => return Ok(path.to_owned()),
            Allowed::Only(roots) => roots,
        };
        let temporary = self.extension::<super::fs::TempDirectory>().place();
        let found = roots.inside(path, last, temporary.as_deref());
        let found = found.map_err(|error| {
            let message = format!("{error}: while following {}", path.display());
            NativeError::arango("fs.failed", 2, message)
                .with("path", path.to_string_lossy().into_owned())
        })?;
        found.ok_or_else(|| {
            let path = path.to_string_lossy();
            Gate::Files.refusal(Some(&path)).with("path", path.into_owned())
        })
    }

    /// The servers that the run may ask; `None` means all.
    ///
    /// # Errors
    /// Number 11 when there are none.
    pub fn hosts(&self) -> NativeResult<Option<Arc<Hosts>>> {
        match &self.permissions.network {
            Allowed::Everything => Ok(None),
            Allowed::Only(hosts) => Ok(Some(Arc::clone(hosts))),
            Allowed::Nothing => Err(Gate::Network.refusal(None)),
        }
    }

    /// `Err` with number 11 when the run may not connect to `host` at `port`.
    pub fn may_connect(&self, host: &str, port: u16) -> NativeResult<()> {
        match self.hosts()? {
            Some(hosts) if !hosts.contain(host, port) => {
                Err(Gate::Network.refusal(Some(&format!("{host}:{port}"))))
            }
            _ => Ok(()),
        }
    }

    /// `Err` with number 11 when the run only reads and this request would write to an agency.
    pub fn may_send(&self, method: &str, url: &str) -> NativeResult<()> {
        match self.permissions.read_only && writes_to_an_agency(method, url) {
            true => Err(Gate::AgencyWrites.refusal(Some(url))),
            false => Ok(()),
        }
    }

    /// Whether a redirect may be followed: one of a request that does not only read may lead to a write.
    pub fn may_follow(&self, method: &str) -> bool {
        !self.permissions.read_only || reads(method)
    }

    /// `Err` with number 11 when the run may not see or set this environment variable.
    pub fn may_use_variable(&self, name: &str) -> NativeResult<()> {
        match self.sees_variable(name) {
            true => Ok(()),
            false => Err(Gate::Environment.refusal(Some(name))),
        }
    }

    /// Whether the run may see this environment variable.
    pub fn sees_variable(&self, name: &str) -> bool {
        match &self.permissions.environment {
            Allowed::Everything => true,
            Allowed::Nothing => false,
            Allowed::Only(names) => names.contain(name),
        }
    }
}

/// Whether a method only reads.
fn reads(method: &str) -> bool {
    matches!(method.to_ascii_uppercase().as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// Whether a request is one that agents take writes with, or that carries other requests.
///
/// Servers and proxies differ in what they make of dots, slashes and prefixes: what one of them may take
/// for a write is one.
fn writes_to_an_agency(method: &str, url: &str) -> bool {
    if reads(method) {
        return false;
    }
    let whole = url.split(['?', '#']).next().unwrap_or_default();
    // white space and control characters are dropped on the way
    let bare: String = whole.chars().filter(|letter| *letter > ' ').collect();
    let path = percent_encoding::percent_decode_str(&bare).decode_utf8_lossy();
    let parts = path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "."));
    let raw: Vec<&str> = parts.collect();
    let mut resolved = Vec::new();
    for part in &raw {
        match *part {
            ".." => drop(resolved.pop()),
            part => resolved.push(part),
        }
    }
    lead_to_writes(&raw) || lead_to_writes(&resolved)
}

fn lead_to_writes(parts: &[&str]) -> bool {
    (0..parts.len()).any(|at| match &parts[at..] {
        ["_api", "agency", what, ..] => {
            matches!(*what, "write" | "transact" | "transient" | "config")
        }
        ["_api", "agency_priv" | "batch", ..] | ["_admin", "execute", ..] => true,
        _ => false,
    })
}

/// Where `path` leads now, without links and `..`.
///
/// # Errors
/// What the system says.
pub(super) fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    roots::real(path, Last::Followed)
}

/// The refusal of a connection that the HTTP layer did not make.
pub(super) fn host_refused(endpoint: &str) -> NativeError {
    Gate::Network.refusal(Some(endpoint))
}

/// The refusal of a write that the agency's client did not send.
pub(super) fn write_refused() -> NativeError {
    Gate::AgencyWrites.refusal(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_told_from_reads() {
        let writes =
            |method: &str, path: &str| writes_to_an_agency(method, &format!("http://h:1{path}"));
        for path in [
            "/_api/agency/write",
            "//_api//agency/write?x=1",
            "/_db/a/_api/agency/transact",
            "/_api/agency/%77rite",
            "/_api/agency/write?x=://",
            "/x/../_api/agency/write",
            "/_api/./agency/x/../write",
            "/_api/agency\\write?a b",
            "/_api/agency/wr\tite",
            "/_db/a%2Fb/_api/agency/write",
            "/x/_api/agency/write",
            "/_api/batch",
        ] {
            assert!(writes("post", path), "{path}");
        }
        for path in [
            "/_api/agency/read",
            "/_api/agency/inquire",
            "/_api/collection",
            "",
            "/x/_api/agency/../write",
        ] {
            assert!(!writes("POST", path), "{path}");
        }
        assert!(!writes("GET", "/_api/agency/config"));
        assert!(writes_to_an_agency("POST", "_api/agency/write"), "a path alone");
    }
}
