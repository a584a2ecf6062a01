//! A log at rest, for table tests.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::model::ServerId;
use crate::standin::model::log::{
    CurrentLeader, CurrentSupervision, Flags, Leader, LocalStatus, LogCurrent, LogPlan, LogTarget,
    ParticipantState, Participants, ParticipantsConfig, PlanConfig, Term, TermIndex,
};
use crate::standin::supervision::health_map::{HealthMap, ServerHealth};
use crate::standin::supervision::logs::action::Action;
use crate::standin::supervision::logs::report::Report;
use crate::standin::supervision::logs::rules::{Decision, decide};

/// All that a decision depends on.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) target: LogTarget,
    pub(super) plan: Option<LogPlan>,
    pub(super) current: Option<LogCurrent>,
    pub(super) health: Vec<(&'static str, ServerHealth)>,
    pub(super) seed: u64,
}

/// A participants map in which all have the usual flags.
pub(super) fn plain(ids: &[&str]) -> Participants {
    ids.iter().map(|id| (ServerId::from(*id), Flags::default())).collect()
}

/// An incarnation.
pub(super) fn leader(server_id: &str, reboot_id: u64) -> Leader {
    Leader { server_id: server_id.into(), reboot_id }
}

impl Case {
    /// A log with these participants, the first of which leads term 3; all is well, and nothing
    /// is to be done. Both write concerns are 2.
    pub(super) fn settled(ids: &[&'static str]) -> Self {
        let participants = plain(ids);
        let config = ParticipantsConfig {
            generation: 5,
            config: PlanConfig { effective_write_concern: 2, wait_for_sync: false },
            participants: participants.clone(),
        };
        let status = LocalStatus {
            term: 3,
            spearhead: TermIndex { term: 3, index: 8 },
            state: ParticipantState::ServiceOperational,
            snapshot_available: true,
            reboot_id: 1,
        };
        let target = json!({
            "id": 7, "config": {"writeConcern": 2, "softWriteConcern": 2, "waitForSync": false},
            "properties": {"implementation": {"type": "black-hole"}},
        });
        let mut target: LogTarget = from_value(&Value::from(target)).unwrap();
        target.participants = participants;
        Self {
            plan: Some(LogPlan {
                id: 7,
                owner: Some("target".to_owned()),
                current_term: Some(Term { term: 3, leader: Some(leader(ids[0], 1)) }),
                participants_config: config.clone(),
                properties: target.properties.clone(),
            }),
            target,
            current: Some(LogCurrent {
                local_status: ids.iter().map(|id| ((*id).into(), status.clone())).collect(),
                leader: Some(CurrentLeader {
                    server_id: ids[0].into(),
                    term: 3,
                    leadership_established: true,
                    committed_participants_config: Some(config),
                    commit_status: None,
                }),
                safe_reboot_ids: Some(ids.iter().map(|id| ((*id).into(), 1)).collect()),
                supervision: Some(CurrentSupervision {
                    assumed_write_concern: 2,
                    ..CurrentSupervision::default()
                }),
                actions: None,
            }),
            health: ids.iter().map(|id| (*id, ServerHealth { reboot_id: 1, ok: true })).collect(),
            seed: 1,
        }
    }

    /// A log that is wanted and not planned.
    pub(super) fn unplanned(ids: &[&'static str]) -> Self {
        Self { plan: None, current: None, ..Self::settled(ids) }
    }

    /// A settled log whose term 3 has no leader.
    pub(super) fn leaderless(ids: &[&'static str]) -> Self {
        let mut case = Self::settled(ids);
        case.plan().current_term = Some(Term { term: 3, leader: None });
        for id in ids {
            case.status(id).state = ParticipantState::Connecting;
            case.status(id).spearhead = TermIndex { term: 2, index: 7 };
        }
        case
    }

    pub(super) fn plan(&mut self) -> &mut LogPlan {
        self.plan.as_mut().unwrap()
    }

    pub(super) fn config(&mut self) -> &mut ParticipantsConfig {
        &mut self.plan().participants_config
    }

    /// The configuration becomes the one after the committed one.
    pub(super) fn uncommitted(&mut self) {
        self.config().generation += 1;
    }

    /// The leader commits what is planned.
    pub(super) fn committed(&mut self) {
        let config = self.config().clone();
        let leader = self.current().leader.as_mut().unwrap();
        leader.committed_participants_config = Some(config);
    }

    pub(super) fn current(&mut self) -> &mut LogCurrent {
        self.current.as_mut().unwrap()
    }

    pub(super) fn kept(&mut self) -> &mut CurrentSupervision {
        self.current().supervision.as_mut().unwrap()
    }

    pub(super) fn status(&mut self, id: &str) -> &mut LocalStatus {
        self.current().local_status.get_mut(id).unwrap()
    }

    pub(super) fn planned_flags(&mut self, id: &str) -> &mut Flags {
        self.config().participants.get_mut(id).unwrap()
    }

    pub(super) fn wanted_flags(&mut self, id: &str) -> &mut Flags {
        self.target.participants.get_mut(id).unwrap()
    }

    /// A server has failed.
    pub(super) fn failed(&mut self, id: &str) {
        self.server(id).ok = false;
    }

    pub(super) fn server(&mut self, id: &str) -> &mut ServerHealth {
        &mut self.health.iter_mut().find(|(server, _)| *server == id).unwrap().1
    }

    /// What the supervision decides.
    pub(super) fn decide(&self) -> Decision {
        let health: HealthMap =
            self.health.iter().map(|(id, health)| ((*id).into(), *health)).collect();
        let mut random = StdRng::seed_from_u64(self.seed);
        decide(&self.target, self.plan.as_ref(), self.current.as_ref(), &health, &mut random)
    }

    /// What is done, if anything.
    pub(super) fn action(&self) -> Option<Action> {
        self.decide().action
    }

    /// The Plan after what is done.
    pub(super) fn plan_after(&self) -> LogPlan {
        let action = self.action().expect("something is done");
        action.plan(self.plan.as_ref()).expect("the Plan is changed")
    }

    /// What is kept after what is done.
    pub(super) fn kept_after(&self) -> CurrentSupervision {
        let mut kept = self.current.clone().and_then(|it| it.supervision).unwrap_or_default();
        self.action().expect("something is done").note(&mut kept);
        kept
    }

    /// The names of what is told.
    pub(super) fn reports(&self) -> Vec<String> {
        self.decide().reports.iter().map(|report| report.record().kind).collect()
    }

    /// Asserts that nothing is done, and what is told.
    #[track_caller]
    pub(super) fn tells(&self, reports: &[Report]) {
        assert_eq!(self.decide(), Decision { action: None, reports: reports.to_vec() });
    }
}

#[test]
fn nothing_is_done_about_a_log_that_is_as_wanted() {
    for ids in [&["a", "b", "c"][..], &["a", "b"], &["a", "b", "c", "d", "e"]] {
        Case::settled(ids).tells(&[]);
    }
}
