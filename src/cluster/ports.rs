//! The ports of a cluster: agents that keep their data keep their addresses, too.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
        range: Option<(u16, u16)>,
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
        let numbers = ports_from(range, agents).map_err(ClusterError::Port)?;
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

/// Ports of a range that this process has given to servers and not taken back.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

fn given() -> MutexGuard<'static, BTreeSet<u16>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes ports back that were given to servers which are gone.
pub(super) fn take_back(ports: &[u16]) {
    given().retain(|port| !ports.contains(port));
}

/// Ports that nobody listens on at the moment, from a range if there is one: from its first number
/// on, without its last. Those of a range are given to nobody else until they are taken back.
pub(super) fn ports_from(range: Option<(u16, u16)>, count: usize) -> std::io::Result<Vec<u16>> {
    let Some((from, to)) = range else { return free_ports(count) };
    let mut given = given();
    let mut found = Vec::new();
    // whoever else looks for ports begins at another one
    let width = usize::from(to.saturating_sub(from)).max(1);
    let begin = rand::random_range(0..width);
    for step in 0..width {
        if found.len() == count {
            break;
        }
        let place = u16::try_from((begin + step) % width).unwrap_or_default();
        let port = from.saturating_add(place);
        if !given.contains(&port) && TcpListener::bind(("0.0.0.0", port)).is_ok() {
            found.push(port);
        }
    }
    if found.len() < count {
        let message = format!("no {count} free ports from {from} to {}", to.saturating_sub(1));
        return Err(std::io::Error::new(std::io::ErrorKind::AddrNotAvailable, message));
    }
    given.extend(&found);
    Ok(found)
}

/// Ports that nobody listens on at the moment.
fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let listeners: Result<Vec<TcpListener>, _> =
        (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect();
    listeners?.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e15_ports_of_a_range_are_given_once_until_they_are_taken_back() {
        // somewhere in the range that others of this machine use rarely
        let range = (21_000, 21_400);
        let first = ports_from(Some(range), 3).unwrap();
        let second = ports_from(Some(range), 3).unwrap();
        assert!(first.iter().chain(&second).all(|port| (range.0..range.1).contains(port)));
        assert!(first.iter().all(|port| !second.contains(port)), "{first:?} {second:?}");
        let narrow = (first[0], first[0] + 1);
        assert!(ports_from(Some(narrow), 1).is_err(), "it is given already");
        take_back(&first);
        assert_eq!(ports_from(Some(narrow), 1).unwrap(), [first[0]]);
        take_back(&first);
        take_back(&second);
    }
}
