//! A log as a round finds it, and what follows from that.

use crate::standin::model::ServerId;
use crate::standin::model::log::{
    CurrentLeader, CurrentSupervision, Flags, LocalStatus, LogCurrent, LogPlan, LogTarget,
};
use crate::standin::supervision::health_map::HealthMap;

use super::write_concern::effective;

/// A log that is wanted and planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// What is wanted.
    pub(super) target: &'a LogTarget,
    /// What shall be.
    pub(super) plan: &'a LogPlan,
    /// What is, if anything is known of it.
    pub(super) current: Option<&'a LogCurrent>,
    /// How the servers are.
    pub(super) health: &'a HealthMap,
}

impl<'a> Situation<'a> {
    /// What the supervision keeps of the log, if it has come to that.
    pub(super) fn supervision(&self) -> Option<&'a CurrentSupervision> {
        self.current?.supervision.as_ref()
    }

    /// What the last leader said last; it may be that of an earlier term.
    pub(super) fn reported_leader(&self) -> Option<&'a CurrentLeader> {
        self.current?.leader.as_ref()
    }

    /// The flags of a participant in the Plan.
    pub(super) fn planned(&self, server: &str) -> Option<Flags> {
        self.plan.participants_config.participants.get(server).copied()
    }

    /// Planned participants with their flags, in the order of their ids.
    pub(super) fn participants(&self) -> impl Iterator<Item = (&'a ServerId, Flags)> + use<'a> {
        self.plan.participants_config.participants.iter().map(|(id, flags)| (id, *flags))
    }

    /// What a participant said in the planned term; without a term, what it said last.
    pub(super) fn status_in_term(&self, server: &str) -> Option<&'a LocalStatus> {
        let status = self.current?.local_status.get(server)?;
        self.plan.term().is_none_or(|term| status.term == term).then_some(status)
    }

    /// Whether a participant has said in the planned term that it has everything.
    pub(super) fn has_snapshot(&self, server: &str) -> bool {
        self.status_in_term(server).is_some_and(|status| status.snapshot_available)
    }

    /// Whether a participant can take part in commits.
    pub(super) fn is_usable(&self, server: &str) -> bool {
        self.health.is_ok(server) && self.has_snapshot(server)
    }

    /// The write concern that the usable participants allow.
    pub(super) fn effective_write_concern(&self) -> u64 {
        effective(&self.target.config, self.participants().filter(|(id, _)| self.is_usable(id)))
    }

    /// A lower bound of the write concern of everything that is committed.
    pub(super) fn assumed_write_concern(&self) -> u64 {
        self.supervision().map_or(1, |kept| kept.assumed_write_concern)
    }

    /// Whether everything that is committed is on disk.
    pub(super) fn assumed_wait_for_sync(&self) -> bool {
        self.supervision().is_some_and(|kept| kept.assumed_wait_for_sync)
    }

    /// Whether a leader has committed the planned configuration.
    pub(super) fn is_committed(&self) -> bool {
        let committed =
            self.reported_leader().and_then(|it| it.committed_participants_config.as_ref());
        committed.is_some_and(|it| it.generation == self.plan.participants_config.generation)
    }
}
