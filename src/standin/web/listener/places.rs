//! Who may be connected: a place for each connection, and who has to leave when all are taken.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::super::limits::Limits;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Nobody knows, and all places of clients are busy.
    Unknown,
    Client,
    /// Another agent's.
    Peer,
}

#[derive(Debug)]
struct Seat {
    whose: Whose,
    /// Requests in progress, and those of them whose body is not there yet.
    running: usize,
    receiving: usize,
    /// When a request last began or ended.
    since: Instant,
    told_to_leave: bool,
    leave: Arc<Notify>,
}

impl Seat {
    fn dismiss(&mut self) {
        self.told_to_leave = true;
        self.leave.notify_one();
    }
}

#[derive(Debug, Default)]
struct Seats {
    last_id: u64,
    taken: BTreeMap<u64, Seat>,
}

impl Seats {
    fn count(&self, whose: Whose) -> usize {
        self.taken.values().filter(|s| s.whose == whose && !s.told_to_leave).count()
    }

    /// The seat of this kind that has been unchanged for longest, of those that match.
    fn oldest(&mut self, whose: Whose, matches: impl Fn(&Seat) -> bool) -> Option<&mut Seat> {
        let seats = self.taken.values_mut();
        let seats = seats.filter(|s| s.whose == whose && !s.told_to_leave && matches(s));
        seats.min_by_key(|s| s.since)
    }
}

/// All places of one agent.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    seats: Mutex<Seats>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, seats: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection. Others may be told to leave for it.
    pub(super) fn enter(self: &Arc<Self>) -> Place {
        let mut seats = self.lock();
        let whose = if self.has_room(&mut seats) { Whose::Client } else { Whose::Unknown };
        if whose == Whose::Unknown
            && seats.count(Whose::Unknown) >= self.limits.doorway.max(1)
            && let Some(oldest) = seats.oldest(Whose::Unknown, |_| true)
        {
            oldest.dismiss();
        }
        seats.last_id += 1;
        let (id, leave) = (seats.last_id, Arc::new(Notify::new()));
        let seat = Seat {
            whose,
            running: 0,
            receiving: 0,
            since: Instant::now(),
            told_to_leave: false,
            leave: leave.clone(),
        };
        seats.taken.insert(id, seat);
        Place { id, leave, requests: AtomicU64::new(0), places: self.clone() }
    }

    /// Whether one more client can be served, once those have left who are told to.
    fn has_room(&self, seats: &mut Seats) -> bool {
        if seats.count(Whose::Client) < self.limits.connections {
            return true;
        }
        self.dismiss_one(seats)
    }

    /// Whether one more connection of another agent can be served. The connections of an agent
    /// whose machine went down stay open, and idle.
    fn has_room_for_peer(&self, seats: &mut Seats) -> bool {
        if seats.count(Whose::Peer) < self.limits.peers {
            return true;
        }
        let idle = seats.oldest(Whose::Peer, |seat| seat.running == 0);
        idle.map(Seat::dismiss).is_some()
    }

    fn dismiss_one(&self, seats: &mut Seats) -> bool {
        let idle = |seat: &Seat| seat.running == 0;
        // A body may be as big as it likes, but not hold its place against others for ever.
        let stalls = |seat: &Seat| {
            seat.running == seat.receiving && seat.since.elapsed() > self.limits.patience
        };
        let whom = match seats.oldest(Whose::Client, idle) {
            None => seats.oldest(Whose::Client, stalls),
            idle => idle,
        };
        whom.map(Seat::dismiss).is_some()
    }

    /// The system has no room for more: the connection that is idle for longest is closed.
    pub(super) fn make_room(&self) {
        self.dismiss_one(&mut self.lock());
    }
}

/// The place of one connection, given back with it.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    leave: Arc<Notify>,
    /// How many requests have begun.
    requests: AtomicU64,
    places: Arc<Places>,
}

impl Place {
    /// A request has come; `peer` tells whether another agent sent it.
    pub(super) fn begin(self: &Arc<Self>, peer: impl FnOnce() -> bool) -> Running {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let known = self.with(|seat| seat.whose == Whose::Peer);
        let peer = known || peer();
        let mut seats = self.places.lock();
        let mut whose = match seats.taken.get(&self.id) {
            Some(seat) => seat.whose,
            None => Whose::Unknown,
        };
        if peer && !known && self.places.has_room_for_peer(&mut seats) {
            whose = Whose::Peer;
        } else if whose == Whose::Unknown && self.places.has_room(&mut seats) {
            whose = Whose::Client;
        }
        if let Some(seat) = seats.taken.get_mut(&self.id) {
            seat.whose = whose;
            seat.running += 1;
            seat.since = Instant::now();
            if whose == Whose::Unknown {
                // It goes when it has been told so.
                seat.dismiss();
            }
        }
        Running { refused: whose == Whose::Unknown, place: self.clone() }
    }

    /// Whether a request is in progress.
    pub(super) fn is_busy(&self) -> bool {
        self.with(|seat| seat.running > 0)
    }

    /// How many requests have begun.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns when the connection has to end.
    pub(super) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// A body is on its way.
    pub(super) fn receive(self: &Arc<Self>) -> Receiving {
        self.with(|seat| seat.receiving += 1);
        Receiving { place: self.clone() }
    }

    fn with<T: Default>(&self, change: impl FnOnce(&mut Seat) -> T) -> T {
        self.places.lock().taken.get_mut(&self.id).map(change).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().taken.remove(&self.id);
    }
}

/// Held while a request is in progress.
#[derive(Debug)]
pub(super) struct Running {
    refused: bool,
    place: Arc<Place>,
}

impl Running {
    /// Whether there is no place for this client.
    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.place.with(|seat| {
            seat.running -= 1;
            seat.since = Instant::now();
        });
    }
}

/// Held while a body is on its way.
#[derive(Debug)]
pub(super) struct Receiving {
    place: Arc<Place>,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.place.with(|seat| seat.receiving -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn places(connections: usize, doorway: usize) -> Arc<Places> {
        let patience = Duration::ZERO;
        Places::new(Limits { connections, doorway, patience, peers: 1, ..Limits::default() })
    }

    fn enter(places: &Arc<Places>) -> Arc<Place> {
        Arc::new(places.enter())
    }

    fn must_leave(place: &Place) -> bool {
        place.with(|seat| seat.told_to_leave)
    }

    #[test]
    fn the_one_that_is_idle_for_longest_makes_room() {
        let places = places(3, 1);
        let all = [enter(&places), enter(&places), enter(&places)];
        drop(all[0].begin(|| false));
        let busy = all[1].begin(|| false);
        let _new = enter(&places);
        assert_eq!(all.each_ref().map(|p| must_leave(p)), [false, false, true]);
        let _newer = enter(&places);
        assert!(must_leave(&all[0]) && !must_leave(&all[1]));
        drop(busy);
    }

    #[test]
    fn whoever_comes_while_all_are_busy_is_refused_unless_it_is_an_agent() {
        let places = places(1, 2);
        let client = enter(&places);
        let busy = client.begin(|| false);
        let (second, agent) = (enter(&places), enter(&places));
        assert!(second.begin(|| false).is_refused() && must_leave(&second));
        assert!(!agent.begin(|| true).is_refused() && !must_leave(&agent));
        drop(busy);
        // the place is free again
        let third = enter(&places);
        assert!(!third.begin(|| false).is_refused() && must_leave(&client));
        assert!(!agent.begin(|| false).is_refused(), "known as an agent");
    }

    #[test]
    fn agents_have_as_many_places_as_they_need_and_no_more() {
        let places = places(1, 8);
        let client = enter(&places);
        let _busy = client.begin(|| false);
        let (first, second, third) = (enter(&places), enter(&places), enter(&places));
        let busy = first.begin(|| true);
        assert!(!busy.is_refused());
        assert!(second.begin(|| true).is_refused());
        drop(busy);
        // One that is idle may be that of an agent whose machine went down.
        assert!(!third.begin(|| true).is_refused() && must_leave(&first));
    }

    #[test]
    fn the_doorway_holds_so_many_and_no_more() {
        let places = places(1, 2);
        let client = enter(&places);
        let _busy = client.begin(|| false);
        let waiting = [enter(&places), enter(&places), enter(&places)];
        assert_eq!(waiting.each_ref().map(|p| must_leave(p)), [true, false, false]);
    }

    #[test]
    fn a_body_that_takes_its_time_gives_way() {
        let places = places(1, 1);
        let slow = enter(&places);
        let _running = slow.begin(|| false);
        let receiving = slow.receive();
        std::thread::yield_now();
        let next = enter(&places);
        assert!(must_leave(&slow) && !must_leave(&next));
        drop(receiving);
        let _running = next.begin(|| false);
        drop(next.receive());
        let _third = enter(&places);
        assert!(!must_leave(&next), "its body is there");
    }

    #[test]
    fn places_are_given_back() {
        let places = places(2, 1);
        for _ in 0..10 {
            let place = enter(&places);
            drop(place.begin(|| false));
        }
        assert!(places.lock().taken.is_empty());
    }
}
