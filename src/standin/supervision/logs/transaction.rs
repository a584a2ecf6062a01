//! What is written for a decision about a log.

use serde_json::json;

use super::action::Action;
use super::entry::{LogEntry, LogKey};
use super::rules::Decision;
use crate::agency::value::Value;
use crate::standin::model::log::{CurrentSupervision, LogPlan};
use crate::standin::model::{Transaction, paths};

/// The transactions for a decision, to be run in this order: the trace of the action, if it is
/// wanted, and what is done. None if there is nothing to do.
pub(super) fn transactions(
    key: &LogKey,
    log: &LogEntry,
    decision: &Decision,
    stamp: &str,
) -> Vec<Transaction> {
    let action = decision.action.as_ref();
    let plan = action.and_then(|action| action.plan(log.plan.as_ref()));
    let change = guarded(key, log, action);
    let change = write_plan(change, key, log, plan.as_ref());
    let change = write_supervision(change, key, log, decision, stamp);
    if change.is_empty() {
        return Vec::new();
    }
    let trace = action.and_then(|action| trace(key, log, action, stamp));
    trace.into_iter().chain([change]).collect()
}

/// The removal of a log that is not wanted any more.
pub(super) fn removal(key: &LogKey) -> Transaction {
    Transaction::new()
        .delete(key.plan())
        .delete(key.target())
        .delete(key.current())
        .increment(paths::PLAN_VERSION)
        .increment(paths::TARGET_VERSION)
        .increment(paths::CURRENT_VERSION)
        .when_missing(key.target())
        .when_equal(format!("{}/owner", key.plan()), super::action::OWNER)
}

/// Nothing yet, under the condition that the log is wanted still. Actions rest on a plan and on
/// what is assumed: these must be what they were.
fn guarded(key: &LogKey, log: &LogEntry, action: Option<&Action>) -> Transaction {
    let guarded = Transaction::new().when_there(key.target());
    if action.is_none() {
        return guarded;
    }
    let Some(planned) = &log.planned else {
        return guarded.when_missing(key.plan());
    };
    let kept = log.current.as_ref().and_then(|current| current.supervision.as_ref());
    let guarded = match kept {
        Some(kept) if kept.assumed_write_concern != 1 => guarded.when_equal(
            format!("{}/supervision/assumedWriteConcern", key.current()),
            kept.assumed_write_concern,
        ),
        _ => guarded,
    };
    ["currentTerm", "participantsConfig"].iter().fold(guarded, |guarded, part| {
        let path = format!("{}/{part}", key.plan());
        match planned.as_object().and_then(|planned| planned.get(part)) {
            None => guarded.when_missing(path),
            // equals nothing in the agency
            Some(Value::Null) => guarded,
            Some(value) => guarded.when_equal(path, value),
        }
    })
}

fn write_plan(
    change: Transaction,
    key: &LogKey,
    log: &LogEntry,
    plan: Option<&LogPlan>,
) -> Transaction {
    let Some(plan) = plan else {
        return change;
    };
    let Some(before) = &log.plan else {
        return change.set(key.plan(), plan).increment(paths::PLAN_VERSION);
    };
    let change = if plan.current_term == before.current_term {
        change
    } else {
        change.set(format!("{}/currentTerm", key.plan()), &plan.current_term)
    };
    let change = if plan.participants_config == before.participants_config {
        change
    } else {
        change.set(format!("{}/participantsConfig", key.plan()), &plan.participants_config)
    };
    change.increment(paths::PLAN_VERSION)
}

fn write_supervision(
    change: Transaction,
    key: &LogKey,
    log: &LogEntry,
    decision: &Decision,
    stamp: &str,
) -> Transaction {
    let before = log.current.as_ref().and_then(|current| current.supervision.as_ref());
    if decision.action.is_none() && decision.reports.is_empty() && before.is_none() {
        return change;
    }
    let after = kept(before, decision, stamp);
    if decision.action.is_none() && before == Some(&after) {
        return change;
    }
    let at = |attribute: &str| format!("{}/supervision/{attribute}", key.current());
    let mut change = change.increment(paths::CURRENT_VERSION);
    let differs = |differs: fn(&CurrentSupervision, &CurrentSupervision) -> bool| {
        before.is_none_or(|before| differs(before, &after))
    };
    if differs(|a, b| a.assumed_write_concern != b.assumed_write_concern) {
        change = change.set(at("assumedWriteConcern"), after.assumed_write_concern);
    }
    if differs(|a, b| a.assumed_wait_for_sync != b.assumed_wait_for_sync) {
        change = change.set(at("assumedWaitForSync"), after.assumed_wait_for_sync);
    }
    if let Some(version) =
        after.target_version.filter(|_| differs(|a, b| a.target_version != b.target_version))
    {
        change = change.set(at("targetVersion"), version);
    }
    if decision.action.is_some() {
        change = change.set(at("lastTimeModified"), &after.last_time_modified);
    }
    match (before.and_then(|before| before.status_report.as_ref()), &after.status_report) {
        (before, after) if before == after.as_ref() => change,
        (_, Some(reports)) => change.set(at("StatusReport"), reports),
        (_, None) => change.delete(at("StatusReport")),
    }
}

/// What the supervision keeps of the log after a decision.
fn kept(
    before: Option<&CurrentSupervision>,
    decision: &Decision,
    stamp: &str,
) -> CurrentSupervision {
    let nothing = CurrentSupervision { assumed_write_concern: 1, ..CurrentSupervision::default() };
    let mut kept = before.cloned().unwrap_or(nothing);
    if let Some(action) = &decision.action {
        action.note(&mut kept);
        kept.last_time_modified = Some(stamp.to_owned());
    }
    let reports: Vec<_> = decision.reports.iter().map(super::report::Report::record).collect();
    kept.status_report = (!reports.is_empty()).then_some(reports);
    kept
}

/// The entry of an action in the trace of the log, under the conditions of the action.
fn trace(key: &LogKey, log: &LogEntry, action: &Action, stamp: &str) -> Option<Transaction> {
    let length = log.target.supervision.as_ref()?.max_actions_trace_length;
    let entry = json!({ "time": stamp, "desc": action });
    (length > 0).then(|| {
        guarded(key, log, Some(action)).operation(
            format!("{}/actions", key.current()),
            json!({ "op": "push-queue", "new": entry, "len": length }),
        )
    })
}
