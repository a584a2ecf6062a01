//! Who may lead: the list of endpoints and the present guess.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::http::Endpoint;

/// How many endpoints are remembered that only redirects named.
const MOST_LEARNT: usize = 16;

/// The endpoints of one agency, the likely leader first.
#[derive(Debug)]
pub(super) struct Endpoints {
    list: Mutex<Vec<Endpoint>>,
    given: Vec<Endpoint>,
}

impl Endpoints {
    pub(super) fn new(list: Vec<Endpoint>) -> Self {
        let mut unique: Vec<Endpoint> = Vec::new();
        for endpoint in list {
            if !unique.contains(&endpoint) {
                unique.push(endpoint);
            }
        }
        Self { list: Mutex::new(unique.clone()), given: unique }
    }

    /// The likely leader.
    pub(super) fn current(&self) -> Option<Endpoint> {
        self.list().first().cloned()
    }

    /// All of them, the likely leader first.
    pub(super) fn all(&self) -> Vec<Endpoint> {
        self.list().clone()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list().len()
    }

    /// Puts `failed` last, if it is still the guess: several threads may report the same failure.
    pub(super) fn rotate(&self, failed: &Endpoint) {
        let mut list = self.list();
        if list.first() == Some(failed) {
            list.rotate_left(1);
        }
    }

    /// Makes `leader` the guess; learns it when it is new, in place of the oldest one learnt if there are many.
    pub(super) fn promote(&self, leader: Endpoint) {
        let mut list = self.list();
        list.retain(|known| *known != leader);
        if !self.given.contains(&leader) && list.len() >= self.given.len() + MOST_LEARNT {
            let oldest = list.iter().rposition(|known| !self.given.contains(known));
            oldest.map(|at| list.remove(at));
        }
        list.insert(0, leader);
    }

    /// The known endpoint that `location` means: the same scheme, host and port. The names of this machine
    /// stand for each other where one endpoint alone has that port.
    pub(super) fn known(&self, location: &Endpoint) -> Option<Endpoint> {
        let list = self.list();
        if list.contains(location) {
            return Some(location.clone());
        }
        if !is_loopback(location) {
            return None;
        }
        let mut same_port = list.iter().filter(|known| port(known) == port(location));
        match (same_port.next(), same_port.next()) {
            (Some(known), None) if is_loopback(known) && same_scheme(known, location) => {
                Some(known.clone())
            }
            _ => None,
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Endpoint>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn port(endpoint: &Endpoint) -> Option<u16> {
    match endpoint {
        Endpoint::Tcp { port, .. } | Endpoint::Tls { port, .. } => Some(*port),
        Endpoint::Unix { .. } => None,
    }
}

fn same_scheme(one: &Endpoint, other: &Endpoint) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn is_loopback(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Tcp { host, .. } | Endpoint::Tls { host, .. } => {
            ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str())
        }
        Endpoint::Unix { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(port: u16) -> Endpoint {
        Endpoint::parse(&format!("tcp://h:{port}")).unwrap()
    }

    #[test]
    fn a_failure_rotates_once_however_often_it_is_reported() {
        let endpoints = Endpoints::new(vec![endpoint(1), endpoint(2), endpoint(1)]);
        assert_eq!(endpoints.len(), 2);
        endpoints.rotate(&endpoint(1));
        endpoints.rotate(&endpoint(1));
        assert_eq!(endpoints.current(), Some(endpoint(2)));
    }

    #[test]
    fn a_leader_that_was_unknown_is_learnt() {
        let endpoints = Endpoints::new(vec![endpoint(1)]);
        endpoints.promote(endpoint(9));
        assert_eq!(endpoints.all(), [endpoint(9), endpoint(1)]);
    }

    #[test]
    fn endpoints_given_are_never_forgotten_however_many_are_learnt() {
        let endpoints = Endpoints::new(vec![endpoint(1), endpoint(2)]);
        for port in 3..1000 {
            endpoints.promote(endpoint(port));
        }
        let all = endpoints.all();
        assert_eq!(all.len(), 2 + MOST_LEARNT);
        assert!(all.contains(&endpoint(1)) && all.contains(&endpoint(2)));
        assert_eq!(all[0], endpoint(999));
    }

    #[test]
    fn m21_locations_are_told_apart_by_scheme_host_and_port() {
        let known = |list: &[&str], location: &str| {
            let list = list.iter().map(|text| Endpoint::parse(text).unwrap()).collect();
            Endpoints::new(list).known(&Endpoint::parse(location).unwrap()).map(|one| one.url())
        };
        assert_eq!(known(&["tcp://h:40010"], "http://h:4001"), None);
        assert_eq!(known(&["tcp://h:4001"], "http://h:40010"), None);
        assert_eq!(known(&["tcp://h:4001"], "https://h:4001"), None);
        assert_eq!(known(&["tcp://a.b:1"], "http://axb:1"), None);
        assert_eq!(known(&["tcp://[2001:db8::1]:1"], "http://[2001:db8::2]:1"), None);
        assert_eq!(known(&["tcp://h:4001"], "http://h:4001").unwrap(), "http://h:4001");
        for name in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
            assert_eq!(known(&["tcp://127.0.0.1:1"], name).unwrap(), "http://127.0.0.1:1");
            assert_eq!(known(&["tcp://h:1"], name), None, "{name}");
        }
        assert_eq!(known(&["tcp://127.0.0.1:1", "tcp://h:1"], "http://localhost:1"), None);
        assert_eq!(known(&["ssl://127.0.0.1:1"], "http://localhost:1"), None);
    }
}
