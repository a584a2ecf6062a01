//! A scenario: a cluster, clients, those who watch, and the judgement at its end.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;

use crate::clients::{Clients, Crew, connect, keys};
use crate::cluster::{Cluster, Plan};
use crate::history::{Event, History, Operation, Outcome};
use crate::journal::Journal;
use crate::wait::PATIENCE;
use crate::watcher::Watcher;
use crate::{audit, chance, check};

/// Some clients have time, some give up while no leader is there: what became of their writes
/// is then unknown.
pub const PATIENT: Duration = Duration::from_secs(8);
const IMPATIENT: Duration = Duration::from_millis(400);

/// Everything that a scenario consists of; tells what was done when it fails.
pub struct World {
    pub cluster: Cluster,
    pub watcher: Watcher,
    pub journal: Journal,
    pub random: StdRng,
    pub history: Arc<History>,
    seed: u64,
    clients: u64,
}

/// Runs a scenario in as many rounds as asked for, each with new agents.
pub fn run(plan: &Plan<'_>, scenario: impl Fn(&mut World)) {
    for seed in chance::seeds() {
        let mut world = World::new(plan, seed);
        scenario(&mut world);
        world.judge();
    }
}

impl World {
    fn new(plan: &Plan<'_>, seed: u64) -> Self {
        let journal = Journal::default();
        let cluster = Cluster::start(plan);
        journal.note("the agents run");
        let addresses: Vec<String> = cluster.agents.iter().map(|a| a.address.clone()).collect();
        Self {
            cluster,
            watcher: Watcher::start(addresses.into_iter()),
            journal,
            random: chance::of(seed, 0),
            history: Arc::default(),
            seed,
            clients: 0,
        }
    }

    /// Clients of all agents, patient and impatient ones.
    pub fn clients(&mut self) -> Clients {
        let endpoints = self.cluster.endpoints(&self.cluster.all());
        let patience = vec![PATIENT, PATIENT, PATIENT, IMPATIENT, IMPATIENT];
        self.crew(&Crew { endpoints, patience })
    }

    /// Other clients.
    pub fn crew(&mut self, crew: &Crew) -> Clients {
        let first = self.clients + 1;
        self.clients += crew.patience.len() as u64;
        Clients::start(&self.history, crew, first, &mut self.random)
    }

    /// How many writes began after a moment and have ended, with whatever outcome.
    pub fn ended(&self, after: u64) -> usize {
        let events = self.history.events();
        events.iter().filter(|event| event.id.is_some() && event.begin > after).count()
    }

    /// The writes that these clients began after a moment and were told to be done.
    pub fn acknowledged(&self, after: u64, clients: &Clients) -> Vec<Event> {
        let mut events = self.history.events();
        events.retain(|event| {
            let own = event.begin > after && clients.numbers.contains(&event.client);
            own && event.id.is_some() && matches!(event.outcome, Outcome::Done(_))
        });
        events
    }

    pub fn kill(&mut self, agents: &[usize]) {
        self.journal.note(format!("kill {agents:?}"));
        for agent in agents {
            self.watcher.new_life(*agent);
            self.cluster.agents[*agent].send_kill();
        }
        for agent in agents {
            self.cluster.agents[*agent].reap();
        }
    }

    pub fn restart(&mut self, agents: &[usize]) {
        self.journal.note(format!("restart {agents:?}"));
        for agent in agents {
            self.watcher.new_life(*agent);
            self.cluster.agents[*agent].restart();
        }
    }

    pub fn pause(&mut self, agent: usize) {
        self.journal.note(format!("pause {agent}"));
        self.cluster.agents[agent].pause();
    }

    pub fn resume(&mut self, agent: usize) {
        self.journal.note(format!("resume {agent}"));
        self.cluster.agents[agent].resume();
    }

    /// Waits until the agents agree, reads everything, and fails if anything contradicts what
    /// the clients were told.
    fn judge(&self) {
        self.cluster.wait_agreed();
        self.journal.note("the agents agree");
        self.read_all();
        let agents = self.cluster.agents.iter();
        let states: Vec<_> = agents.map(|agent| agent.state().expect("a state")).collect();
        let events = self.history.events();
        let mut violations = self.watcher.violations();
        violations.extend(audit::violations(&states, &events));
        violations.extend(check::violations(&events));
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }

    /// Reads all keys when all is over: part of the history.
    fn read_all(&self) {
        let client = connect(self.cluster.endpoints(&self.cluster.all()), PATIENCE);
        let begin = self.history.now();
        let tree = client.read(&["/faults"]).unwrap();
        let end = self.history.now();
        for key in keys() {
            let seen = Some(key.content_in(&tree));
            self.history.add(Event {
                client: 0,
                key,
                operation: Operation::Read,
                outcome: Outcome::Done(seen),
                id: None,
                index: None,
                begin,
                end,
            });
        }
    }
}

impl Drop for World {
    #[allow(clippy::print_stderr, reason = "a failure is told where the test tells it")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!("AGENCYSH_FAULTS_SEED={}\n{}", self.seed, self.journal.text());
        for (number, agent) in self.cluster.agents.iter().enumerate() {
            let seen = self.watcher.last_seen(number);
            eprintln!("agent {number}, {}: {seen}\n{}", agent.id, agent.tail());
        }
    }
}
