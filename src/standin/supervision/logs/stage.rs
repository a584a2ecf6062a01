//! The stage of a round that looks after the logs.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{Mentions, changed};
use super::entry::{Found, LogKey, find};
use super::rules::decide;
use super::transaction::{removal, transactions};
use crate::standin::model::{Transaction, Tree};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::round::Round;

/// What the supervision remembers of the logs from round to round, so that it looks only at
/// those for which something has changed.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct LogsState {
    /// The tree that the last round saw.
    seen: Tree,
    /// The health that it saw.
    health: HealthMap,
    mentions: Mentions,
    /// Logs for which something was to be written that was refused.
    refused: BTreeSet<LogKey>,
    /// What is wrong with logs that are left alone, once it has been told.
    unreadable: BTreeMap<LogKey, String>,
}

/// Takes one step for each log that needs one, and removes logs that are not wanted any more.
pub(in crate::standin::supervision) fn supervise(
    state: &mut LogsState,
    round: &mut Round<'_>,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    let health = HealthMap::of(&tree);
    let due = state.due(&tree, &health);
    let stamp = round.stamp();
    let mut steps: Vec<(LogKey, usize)> = Vec::new();
    let mut writes = Vec::new();
    for key in due {
        let step = state.step(&tree, &key, &health, round, &stamp);
        if !step.is_empty() {
            steps.push((key, step.len()));
            writes.extend(step);
        }
    }
    if !writes.is_empty() {
        let applied = round.write(&writes)?;
        let mut applied = applied.into_iter();
        for (key, count) in steps {
            if applied.by_ref().take(count).filter(|applied| !applied).count() > 0 {
                state.refused.insert(key);
            }
        }
    }
    (state.seen, state.health) = (tree, health);
    Ok(())
}

impl LogsState {
    /// The logs that a round has to look at.
    pub(super) fn due(&mut self, tree: &Tree, health: &HealthMap) -> BTreeSet<LogKey> {
        let mut due = changed(&self.seen, tree);
        due.append(&mut self.refused);
        for server in self.health.changes(health) {
            due.extend(self.mentions.of(&server).cloned());
        }
        due
    }

    /// What is to be written for one log.
    fn step(
        &mut self,
        tree: &Tree,
        key: &LogKey,
        health: &HealthMap,
        round: &mut Round<'_>,
        stamp: &str,
    ) -> Vec<Transaction> {
        let found = match find(tree, key) {
            Ok(found) => found,
            Err(error) => {
                self.mentions.forget(key);
                self.tell(key, error.to_string());
                return Vec::new();
            }
        };
        self.unreadable.remove(key);
        match found {
            Found::Wanted(log) => {
                self.mentions.note(key, &log);
                let (plan, current) = (log.plan.as_ref(), log.current.as_ref());
                let decision = decide(&log.target, plan, current, health, round.random);
                if let Some(action) = &decision.action {
                    tracing::debug!(database = %key.database, log = %key.id, ?action, "replicated log");
                }
                transactions(key, &log, &decision, stamp)
            }
            Found::Orphaned => {
                self.mentions.forget(key);
                vec![removal(key)]
            }
            Found::Foreign => {
                self.mentions.forget(key);
                Vec::new()
            }
        }
    }

    /// Tells what is wrong with a log, unless that is known.
    fn tell(&mut self, key: &LogKey, error: String) {
        if self.unreadable.get(key) != Some(&error) {
            tracing::error!(database = %key.database, log = %key.id, %error, "a replicated log is left alone");
            self.unreadable.insert(key.clone(), error);
        }
    }
}
