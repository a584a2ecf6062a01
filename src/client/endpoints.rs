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

    fn list(&self) -> MutexGuard<'_, Vec<Endpoint>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
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
}
