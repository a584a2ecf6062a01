//! Looks at all agents all the time: terms never go back, nor do commit indices in one life.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::agent::config_at;

/// Time between two looks at one agent.
const PAUSE: Duration = Duration::from_millis(20);

/// What is watched of one agent.
struct Watched {
    address: String,
    /// Counts its starts; what is seen while it changes belongs to neither life.
    life: AtomicU64,
    last: Mutex<Option<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    life: u64,
    term: u64,
    commit_index: u64,
    text: String,
}

/// Threads that look at agents until it is dropped.
pub struct Watcher {
    agents: Vec<Arc<Watched>>,
    violations: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watcher {
    pub fn start(addresses: impl Iterator<Item = String>) -> Self {
        let (violations, ended) = (Arc::default(), Arc::<AtomicBool>::default());
        let watch = |address| {
            Arc::new(Watched { address, life: AtomicU64::new(0), last: Mutex::default() })
        };
        let agents: Vec<Arc<Watched>> = addresses.map(watch).collect();
        let spawn = |watched: &Arc<Watched>| {
            let (watched, violations) = (Arc::clone(watched), Arc::clone(&violations));
            let ended = Arc::clone(&ended);
            thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    watched.look(&violations);
                    thread::sleep(PAUSE);
                }
            })
        };
        let threads = agents.iter().map(spawn).collect();
        Self { agents, violations, ended, threads }
    }

    /// Tells that an agent ends, or is started again.
    pub fn new_life(&self, agent: usize) {
        self.agents[agent].life.fetch_add(1, Ordering::SeqCst);
    }

    /// What went back.
    pub fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an agent showed last.
    pub fn last_seen(&self, agent: usize) -> String {
        let last = self.agents[agent].last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map_or_else(|| "nothing".to_owned(), |seen| seen.text.clone())
    }
}

impl Watched {
    fn look(&self, violations: &Mutex<Vec<String>>) {
        let life = self.life.load(Ordering::SeqCst);
        let Some(config) = config_at(&self.address) else { return };
        if self.life.load(Ordering::SeqCst) != life {
            return;
        }
        let number = |what: &str| config[what].as_u64().unwrap_or_default();
        let (term, commit_index) = (number("term"), number("commitIndex"));
        let text = format!(
            "term {term}, commit index {commit_index}, leader {}",
            config["leaderId"].as_str().unwrap_or_default()
        );
        let now = Seen { life, term, commit_index, text };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = &*last {
            let commit_went_back =
                before.life == now.life && now.commit_index < before.commit_index;
            if now.term < before.term || commit_went_back {
                let text = format!("{} went back: {before:?}, then {now:?}", self.address);
                violations.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
        }
        *last = Some(now);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
