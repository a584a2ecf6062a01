//! Clients that increment, set, swap, push and read, as agencysh's own client has them do it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use agencysh::AgencyClient;
use agencysh::client::{ClientError, ClientOptions, Outcome as WriteOutcome, Transaction};
use agencysh::deadline::Deadline;
use agencysh::http::Endpoint;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::history::{Content, Event, History, Key, Kind, Operation, Outcome};
use crate::tickets::Tickets;

/// How many keys there are of each kind. Few enough that clients meet, and enough that the
/// history of each is soon judged.
pub const KEYS: u64 = 6;

/// The first of the counters that only one client increments, to read something else with it.
const MARKERS: u64 = 1000;

/// Several clients that share tickets.
pub struct Clients {
    pub tickets: Arc<Tickets>,
    /// What they are called in the history.
    pub numbers: Range<u64>,
    threads: Vec<JoinHandle<()>>,
}

/// What clients are like.
#[derive(Clone)]
pub struct Crew {
    /// Where they begin to look for a leader.
    pub endpoints: Vec<Endpoint>,
    /// The time that each gives an operation.
    pub patience: Vec<Duration>,
}

impl Clients {
    /// Starts clients; the first has that number.
    pub fn start(history: &Arc<History>, crew: &Crew, first: u64, random: &mut StdRng) -> Self {
        let tickets = Arc::<Tickets>::default();
        let spawn = |(at, patience): (usize, &Duration)| {
            let mut endpoints = crew.endpoints.clone();
            let start = at % endpoints.len();
            endpoints.rotate_left(start);
            let mut client = Client {
                number: first + at as u64,
                client: connect(endpoints, *patience),
                history: Arc::clone(history),
                random: StdRng::seed_from_u64(random.random()),
                known: HashMap::new(),
                count: 0,
            };
            let tickets = Arc::clone(&tickets);
            thread::spawn(move || {
                while tickets.take() {
                    client.do_something();
                    tickets.done();
                }
            })
        };
        let threads = crew.patience.iter().enumerate().map(spawn).collect();
        Self { tickets, numbers: first..first + crew.patience.len() as u64, threads }
    }

    /// Ends the clients and waits until they have.
    pub fn end(&mut self) {
        self.tickets.close();
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            // the panic has been reported already
            assert!(ended.is_ok() || thread::panicking(), "a client failed");
        }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.end();
    }
}

/// A client that gives each operation so much time.
pub fn connect(endpoints: Vec<Endpoint>, patience: Duration) -> AgencyClient {
    let options = ClientOptions {
        endpoints,
        timeout: patience,
        // agents come back
        connect_timeout: patience,
        ..ClientOptions::default()
    };
    AgencyClient::new(options, Deadline::default()).unwrap()
}

/// All keys that the clients work on.
pub fn keys() -> impl Iterator<Item = Key> {
    let kinds = [Kind::Counter, Kind::Register, Kind::List];
    kinds.into_iter().flat_map(|kind| (0..KEYS).map(move |number| Key { kind, number }))
}

/// What a client was told.
struct Told {
    outcome: Outcome,
    index: Option<u64>,
}

struct Client {
    number: u64,
    client: AgencyClient,
    history: Arc<History>,
    random: StdRng,
    /// What was seen last of each register.
    known: HashMap<Key, Content>,
    count: u64,
}

impl Client {
    fn do_something(&mut self) {
        let number = self.random.random_range(0..KEYS);
        let choice = self.random.random_range(0..10);
        let key = |kind| Key { kind, number };
        match self.random.random_range(0..3) {
            0 => match choice {
                0..4 => self.write(key(Kind::Counter), Operation::Increment),
                4..7 => self.increment_and_read(key(Kind::Counter), key(Kind::Counter)),
                _ => self.read(key(Kind::Counter)),
            },
            1 => match choice {
                0..3 => {
                    let new = self.fresh();
                    self.write(key(Kind::Register), Operation::Set(new));
                }
                3..7 => {
                    let key = key(Kind::Register);
                    let new = self.fresh();
                    let old = self.known.get(&key).cloned().unwrap_or(Content::Nothing);
                    self.write(key, Operation::Swap { old, new });
                }
                _ => self.read(key(Kind::Register)),
            },
            _ => match choice {
                0..7 => {
                    let element = self.fresh();
                    self.write(key(Kind::List), Operation::Push(element));
                }
                _ => self.read(key(Kind::List)),
            },
        }
    }

    /// A number that nobody else writes.
    fn fresh(&mut self) -> u64 {
        self.count += 1;
        self.number * 1_000_000 + self.count
    }

    fn fresh_id(&mut self) -> String {
        format!("client-{}", self.fresh())
    }

    fn write(&mut self, key: Key, operation: Operation) {
        let (id, path) = (self.fresh_id(), key.path());
        let mut transaction = Transaction::single(&path, request(&operation));
        if let Operation::Swap { old, .. } = &operation {
            transaction = transaction.when(&path, condition(old));
        }
        transaction.client_id = Some(id.clone());
        let begin = self.history.now();
        let told = match self.client.write(&[transaction]) {
            Ok(answer) => match answer.outcome(0) {
                WriteOutcome::Applied { index } => {
                    Told { outcome: Outcome::Done(None), index: Some(index) }
                }
                WriteOutcome::PreconditionFailed => Told { outcome: Outcome::Refused, index: None },
                other => panic!("{other:?} of {operation:?}"),
            },
            Err(error) => told_of(&error),
        };
        if let (Outcome::Done(_), Operation::Set(new) | Operation::Swap { new, .. }) =
            (&told.outcome, &operation)
        {
            self.known.insert(key, Content::Number(*new));
        }
        self.note(key, operation, told, Some(id), begin);
    }

    /// A plain read, or one together with a write.
    fn read(&mut self, key: Key) {
        if self.random.random_bool(0.5) {
            let marker = Key { kind: Kind::Counter, number: MARKERS + self.number };
            self.increment_and_read(marker, key);
            return;
        }
        let begin = self.history.now();
        let told = match self.client.read(&[&key.path()]) {
            Ok(tree) => self.saw(key, &tree),
            Err(error) => told_of(&error),
        };
        self.note(key, Operation::Read, told, None, begin);
    }

    /// Increments one key and reads one in the same request. Others may come between.
    fn increment_and_read(&mut self, counter: Key, key: Key) {
        let id = self.fresh_id();
        let increment = json!([{ counter.path(): request(&Operation::Increment) }, {}, id]);
        let begin = self.history.now();
        let answer = self.client.transact(&[increment, json!([key.path()])]);
        match answer {
            Ok((_, results)) => {
                let told = Told { outcome: Outcome::Done(None), index: results[0].as_u64() };
                self.note(counter, Operation::Increment, told, Some(id), begin);
                let read = self.saw(key, &results[1]);
                self.note(key, Operation::Read, read, None, begin);
            }
            Err(error) => {
                self.note(counter, Operation::Increment, told_of(&error), Some(id), begin);
            }
        }
    }

    fn saw(&mut self, key: Key, tree: &Value) -> Told {
        let seen = key.content_in(tree);
        if key.kind == Kind::Register {
            self.known.insert(key, seen.clone());
        }
        Told { outcome: Outcome::Done(Some(seen)), index: None }
    }

    fn note(&self, key: Key, operation: Operation, told: Told, id: Option<String>, begin: u64) {
        self.history.add(Event {
            client: self.number,
            key,
            operation,
            outcome: told.outcome,
            id,
            index: told.index,
            begin,
            end: self.history.now(),
        });
    }
}

/// What an error says of a write: unknown only if it says so, otherwise nothing happened.
fn told_of(error: &ClientError) -> Told {
    let outcome = match error {
        ClientError::UnknownOutcome { .. } => Outcome::Unknown,
        ClientError::NoLeader { .. }
        | ClientError::RedirectLoop { .. }
        | ClientError::Unreachable { .. }
        | ClientError::Timeout { .. }
        | ClientError::Refused { .. }
        | ClientError::Http(_) => Outcome::Nothing,
        other => panic!("no fault explains {}: {other}", other.kind()),
    };
    Told { outcome, index: None }
}

fn request(operation: &Operation) -> Value {
    match operation {
        Operation::Increment => json!({ "op": "increment" }),
        Operation::Set(new) | Operation::Swap { new, .. } => json!({ "op": "set", "new": new }),
        Operation::Push(element) => json!({ "op": "push", "new": element }),
        Operation::Read => json!({}),
    }
}

fn condition(old: &Content) -> Value {
    match old {
        Content::Nothing => json!({ "oldEmpty": true }),
        Content::Number(number) => json!({ "old": number }),
        Content::List(list) => json!({ "old": list }),
    }
}
