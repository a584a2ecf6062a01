//! Servers are killed, suspended and cut off, targets edited and terms emptied at random; afterwards, with all
//! servers back, every log is as wanted and nothing that was committed is lost.
//!
//! `AGENCYSH_CHAOS_SEED` replays the choices of a run, `AGENCYSH_CHAOS_STEPS` makes it longer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::support::{DATABASE, Log, World};

const LOGS: usize = 20;
const SERVERS: usize = 5;
/// More servers than this are never away at once.
const AWAY: usize = 2;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Running,
    Paused,
    Killed,
    Cut,
}

struct Chaos<'a> {
    world: &'a World,
    servers: Vec<(String, State)>,
    logs: Vec<Log<'a>>,
    /// Entries that were answered as committed: log, index, payload.
    committed: Vec<(usize, u64, Value)>,
    inserted: u64,
    random: StdRng,
}

impl Chaos<'_> {
    fn step(&mut self) {
        match self.random.random_range(0..10) {
            0 => self.take_away(State::Paused),
            1 => self.take_away(State::Killed),
            2 => self.take_away(State::Cut),
            3 | 4 => self.bring_back(),
            5 => self.edit(),
            6 => self.empty_term(),
            _ => self.insert(),
        }
    }

    fn take_away(&mut self, how: State) {
        let away = self.servers.iter().filter(|(_, state)| *state != State::Running).count();
        let at = self.random.random_range(0..self.servers.len());
        let (id, state) = &mut self.servers[at];
        if away == AWAY || *state != State::Running {
            return;
        }
        *state = how;
        match how {
            State::Killed => self.world.cluster.kill(id).unwrap(),
            State::Cut => self.cut(),
            _ => self.world.cluster.pause(id).unwrap(),
        }
    }

    fn bring_back(&mut self) {
        let at = self.random.random_range(0..self.servers.len());
        self.bring_back_one(at);
    }

    fn bring_back_one(&mut self, at: usize) {
        let (id, state) = &mut self.servers[at];
        match std::mem::replace(state, State::Running) {
            State::Running => {}
            State::Paused => self.world.cluster.resume(id).unwrap(),
            State::Killed => self.world.cluster.restart(id).unwrap(),
            State::Cut => self.cut(),
        }
    }

    /// Those that are cut off reach each other.
    fn cut(&self) {
        let cut = self.servers.iter().filter(|(_, state)| *state == State::Cut);
        self.world.cluster.partition(&[cut.map(|(id, _)| id.clone()).collect()]).unwrap();
    }

    fn edit(&mut self) {
        let log = &self.logs[self.random.random_range(0..LOGS)];
        let mut all: Vec<&String> = self.servers.iter().map(|(id, _)| id).collect();
        all.shuffle(&mut self.random);
        let chosen = self.random.random_range(0..5);
        let (value, soft) = (self.random.random_bool(0.5), self.random.random_range(2..4));
        log.edit(|target| match chosen {
            0 => {
                let participants = target["participants"].as_object().unwrap();
                let leader = all.iter().find(|id| participants.contains_key(**id));
                target["leader"] = json!(leader);
            }
            1 => {
                target.as_object_mut().unwrap().remove("leader");
            }
            2 => {
                target.as_object_mut().unwrap().remove("leader");
                target["participants"] = all[..3]
                    .iter()
                    .map(|id| ((*id).clone(), json!({})))
                    .collect::<serde_json::Map<_, _>>()
                    .into();
            }
            3 => target["config"]["waitForSync"] = json!(value),
            _ => target["config"]["softWriteConcern"] = json!(soft),
        });
    }

    fn empty_term(&mut self) {
        let log = &self.logs[self.random.random_range(0..LOGS)];
        if log.state().term() > 0 {
            log.empty_term();
        }
    }

    fn insert(&mut self) {
        let at = self.random.random_range(0..LOGS);
        self.inserted += 1;
        let payload = json!({ "number": self.inserted });
        // one that would have to wait is not waited for: it may be committed or not
        let leader = self.logs[at].state();
        let Some(leader) = leader.leader() else { return };
        if self.servers.iter().any(|(id, state)| id == leader && *state != State::Running) {
            return;
        }
        let url = self.logs[at].url("/insert");
        let answer =
            self.world.ask_within("POST", &url, payload.clone(), Duration::from_millis(500));
        if let Some(answer) = answer
            && answer.status == 201
        {
            self.committed.push((at, answer.result()["index"].as_u64().unwrap(), payload));
        }
    }
}

#[test]
fn chaos_ends_in_order() {
    let seed = number("AGENCYSH_CHAOS_SEED").unwrap_or(1);
    let steps = number("AGENCYSH_CHAOS_STEPS").unwrap_or(150);
    println!("AGENCYSH_CHAOS_SEED={seed}");
    let world = World::of(SERVERS, 1);
    let servers = world.dbservers();
    let recorder = Recorder::start(&world.client);
    let mut random = StdRng::seed_from_u64(seed);
    let logs: Vec<Log<'_>> = (0..LOGS)
        .map(|_| {
            let chosen: Vec<String> = servers.sample(&mut random, 3).cloned().collect();
            world.begin_log(&chosen, |_| {})
        })
        .collect();
    for log in &logs {
        log.converged(1);
    }
    let servers = servers.into_iter().map(|id| (id, State::Running)).collect();
    let mut chaos =
        Chaos { world: &world, servers, logs, committed: Vec::new(), inserted: 0, random };
    for _ in 0..steps {
        chaos.step();
        let pause = chaos.random.random_range(0..100);
        std::thread::sleep(Duration::from_millis(pause));
    }
    for at in 0..SERVERS {
        chaos.bring_back_one(at);
    }
    let Chaos { logs, committed, .. } = chaos;
    // Whatever the Target wants can be had now.
    for log in &logs {
        log.edit(|target| target["config"]["softWriteConcern"] = json!(2));
    }
    for log in &logs {
        log.wait("as wanted", |state| {
            state.established()
                && state.participants() == state.wanted()
                && state.current["supervision"]["targetVersion"] == state.target["version"]
                && state.wanted().iter().all(|id| state.operational(id))
                && state.target.get("leader").is_none_or(|id| id.as_str() == state.leader())
        });
    }
    assert!(!committed.is_empty());
    for (at, index, payload) in committed {
        let entry = world.coordinate("GET", &logs[at].url(&format!("/entry/{index}")), None);
        assert_eq!(entry.result()["payload"], payload, "{entry:?}");
    }
    check_history(&recorder, &logs);
}

/// Terms and generations only grew, and no term had two leaders.
fn check_history(recorder: &Recorder<'_>, logs: &[Log<'_>]) {
    let mut last: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut leaders: BTreeMap<(u64, u64), BTreeSet<String>> = BTreeMap::new();
    recorder.replay(|tree| {
        for log in logs {
            let at = |part: &str, rest: &str| {
                tree.get(&format!("/arango/{part}/ReplicatedLogs/{DATABASE}/{}/{rest}", log.id))
                    .map(Value::from)
            };
            let number = |value: Option<Value>| value.and_then(|value| value.as_u64());
            let Some(term) = number(at("Plan", "currentTerm/term")) else { continue };
            let generation = number(at("Plan", "participantsConfig/generation")).unwrap();
            let (terms, generations) = last.insert(log.id, (term, generation)).unwrap_or_default();
            assert!(terms <= term && generations <= generation, "log {}", log.id);
            let told = number(at("Current", "leader/term"));
            for (term, path) in [
                (Some(term), ("Plan", "currentTerm/leader/serverId")),
                (told, ("Current", "leader/serverId")),
            ] {
                if let (Some(term), Some(Value::String(id))) = (term, at(path.0, path.1)) {
                    leaders.entry((log.id, term)).or_default().insert(id);
                }
            }
        }
    });
    for ((log, term), leaders) in leaders {
        assert_eq!(leaders.len(), 1, "log {log}, term {term}: {leaders:?}");
    }
}
