//! The ports of a cluster: agents that keep their data keep their addresses, too.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::ClusterError;

/// The ports of the agents, and whether they must be these.
pub(super) struct Ports {
    pub(super) numbers: Vec<u16>,
    pub(super) fixed: bool,
}

fn path_of(data: &Path) -> PathBuf {
    data.join("ports.json")
}

impl Ports {
    /// Those of the last time; the first time from `base` on if it is given, or free ones.
    pub(super) fn choose(
        base: Option<u16>,
        agents: usize,
        data: &Path,
    ) -> Result<Self, ClusterError> {
        let wanted: Option<Vec<u16>> =
            base.map(|base| (0..agents).map(|at| base.saturating_add(at as u16)).collect());
        let path = path_of(data);
        let failed = |source| ClusterError::File { path: path.clone(), source };
        match std::fs::read(&path) {
            Ok(text) => {
                let had: Vec<u16> =
                    serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
                let others = wanted.is_some_and(|wanted| wanted != had);
                if had.len() != agents || others {
                    return Err(ClusterError::OtherAgents { data: data.to_owned(), ports: had });
                }
                return Ok(Self { numbers: had, fixed: true });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        if let Some(numbers) = wanted {
            return Ok(Self { numbers, fixed: true });
        }
        let numbers = free_ports(agents).map_err(ClusterError::Port)?;
        Ok(Self { numbers, fixed: false })
    }

    /// Whether agents have run here before.
    pub(super) fn are_kept(data: &Path) -> bool {
        path_of(data).exists()
    }

    /// Notes them for the next time, once the agents know each other by them.
    pub(super) fn keep(&self, data: &Path) -> Result<(), ClusterError> {
        let path = path_of(data);
        let written = serde_json::to_vec(&self.numbers)
            .map_err(std::io::Error::from)
            .and_then(|text| std::fs::write(&path, text));
        written.map_err(|source| ClusterError::File { path, source })
    }
}

/// Ports that nobody listens on at the moment.
pub(super) fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let listeners: Result<Vec<TcpListener>, _> =
        (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect();
    listeners?.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
