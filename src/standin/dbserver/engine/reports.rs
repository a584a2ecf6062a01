//! Writes to Current.

use std::time::{Duration, Instant};

use super::{Done, Reporting, Work};
use crate::client::Outcome;
use crate::standin::dbserver::store::LogName;
use crate::standin::member::AgencyError;
use crate::standin::model::paths;

/// How long nothing is written after something was refused or failed.
const PAUSE: Duration = Duration::from_millis(200);

/// A report that was written, or not.
pub(super) struct Reported {
    log: LogName,
    outcome: Result<Outcome, AgencyError>,
}

/// Something else that was written, or not.
pub(super) struct Noted {
    path: String,
    outcome: Result<Outcome, AgencyError>,
}

impl Work {
    /// Writes what of Current is out of date about a log.
    pub(super) fn report(&mut self, name: &LogName, now: Instant) {
        let Some(running) = self.logs.get_mut(name) else { return };
        match running.reporting {
            Reporting::Idle => {}
            Reporting::Paused(until) if until <= now => {}
            _ if running.unannounced => {}
            _ => return,
        }
        let id = name.log.to_string();
        let current = self.tree.get(&paths::current_log(&name.database, &id));
        let participant = &running.participant;
        let due = participant.report(current, self.settings.commit_patience, now);
        let Some(report) = due else {
            running.reporting = Reporting::Idle;
            running.unannounced = false;
            return;
        };
        running.reporting = Reporting::Writing;
        running.unannounced = false;
        let me = &self.member.id;
        let transaction = report.transaction(&name.database, &id, me, participant.term());
        let (member, log) = (self.member.clone(), name.clone());
        self.running.spawn(async move {
            let outcome = member.agency.write(transaction).await;
            Done::Report(Reported { log, outcome })
        });
    }

    /// Takes what became of a report.
    pub(super) fn reported(&mut self, reported: Reported, now: Instant) {
        let Reported { log, outcome } = reported;
        let Some(running) = self.logs.get_mut(&log) else { return };
        running.reporting = match outcome {
            Ok(Outcome::Applied { index }) if index <= self.index => Reporting::Idle,
            Ok(Outcome::Applied { index }) => {
                self.awaited.entry(index).or_default().push(log.clone());
                Reporting::Written
            }
            refused => {
                tracing::debug!(%log, ?refused, "the agency did not take a report");
                Reporting::Paused(now + PAUSE)
            }
        };
        self.dirty.insert(log);
    }

    /// The view has come to an index.
    pub(super) fn reached(&mut self, index: u64) {
        // An agency that was set up anew begins with small numbers.
        let up_to = if index < self.index { u64::MAX } else { index };
        self.index = index;
        while let Some(entry) = self.awaited.first_entry().filter(|entry| *entry.key() <= up_to) {
            for log in entry.remove() {
                if let Some(running) = self.logs.get_mut(&log)
                    && running.reporting == Reporting::Written
                {
                    running.reporting = Reporting::Idle;
                    self.dirty.insert(log);
                }
            }
        }
        self.inventory.reached(up_to);
    }

    /// Writes what of Current is out of date about databases and collections.
    pub(super) fn note(&mut self) {
        if self.index == 0 {
            return;
        }
        let logs = &self.logs;
        let led = |log: &LogName| {
            let participant = &logs.get(log)?.participant;
            Some((participant.term(), participant.in_sync()?))
        };
        for (path, transaction) in self.inventory.due(&self.tree, led) {
            let member = self.member.clone();
            self.running.spawn(async move {
                let outcome = member.agency.write(transaction).await;
                Done::Inventory(Noted { path, outcome })
            });
        }
    }

    /// Takes what became of it.
    pub(super) fn noted(&mut self, noted: Noted) {
        let Noted { path, outcome } = noted;
        match outcome {
            Ok(Outcome::Applied { index }) => self.inventory.written(path, index, self.index),
            refused => {
                tracing::debug!(path, ?refused, "the agency did not take a report");
                self.inventory.failed(&path);
            }
        }
    }
}
