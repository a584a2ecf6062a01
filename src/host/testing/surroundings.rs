//! The servers around a test: whether they are what is needed, and what befalls them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::isolation::Snapshot;
use super::needs::Needs;
use super::results::{Failure, Phase};
use super::stage::Stage;
use crate::deadline::Deadline;
use crate::host::{Crash, ScriptError};
use crate::natives::cluster::{Cluster, InstanceState};

/// How long a look at the servers may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// How long what is left behind may take to go: servers that have been resumed are good after a while.
const LEAVING_LIMIT: Duration = Duration::from_secs(5);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Why what exists is not enough for a file, if so.
pub(super) fn unmet(stage: &Stage, needs: &Needs) -> Option<String> {
    let agency = stage.host().glance_at_agency(LOOK_LIMIT)?;
    let count = |path: &str| {
        let found = agency.get(path).ok().flatten();
        found.as_ref().and_then(Value::as_object).map_or(0, serde_json::Map::len)
    };
    let counts = [
        ("agents", needs.agents(), agency.agents().map(|agents| agents.len()).unwrap_or_default()),
        ("DB-servers", needs.dbservers(), count("Current/DBServers")),
        ("coordinators", needs.coordinators(), count("Current/Coordinators")),
    ];
    let (what, needed, there) = counts.into_iter().find(|(_, needed, there)| there < needed)?;
    Some(format!("it needs {needed} {what}, and there are {there}"))
}

/// What is there now; `None` when the agency does not tell.
pub(super) fn look(stage: &Stage) -> Option<Snapshot> {
    let Some(agency) = stage.host().glance_at_agency(LOOK_LIMIT) else {
        return Some(Snapshot::default());
    };
    let mut snapshot = Snapshot::of_agency(&agency).ok()?;
    add_instances(stage, &mut snapshot);
    Some(snapshot)
}

/// What is there beyond what was there before, for whoever is `patient` once it does not go away any more. A look that fails finds nothing:
/// why the agency does not answer, others tell.
pub(super) fn left_behind(
    stage: &Stage,
    before: &Snapshot,
    skipped: &[&[String]],
    patient: bool,
) -> Snapshot {
    let patience = if patient { LEAVING_LIMIT } else { Duration::ZERO };
    let until = Instant::now() + patience;
    loop {
        let Some(now) = look(stage) else { return Snapshot::default() };
        let left = now.beyond(before).without(skipped);
        if left.is_empty() || Instant::now() >= until || stage.is_cancelled() {
            return left;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Servers of the run's own that are suspended, and failure points.
fn add_instances(stage: &Stage, snapshot: &mut Snapshot) {
    let Some(cluster) = stage.host().current_cluster() else { return };
    let deadline = Deadline::after(Some(LOOK_LIMIT));
    for facts in cluster.provider().instances(&deadline).unwrap_or_default() {
        if facts.state == InstanceState::Suspended {
            snapshot.add("servers", format!("the server {}, which is suspended", facts.name));
        } else if facts.role != "agent" && facts.state == InstanceState::Running {
            add_failure_points(&cluster, &facts.name, snapshot, &deadline);
        }
    }
}

/// Failure points of a real server; others have none.
fn add_failure_points(cluster: &Cluster, name: &str, snapshot: &mut Snapshot, deadline: &Deadline) {
    if !cluster.provider().capabilities().real_servers {
        return;
    }
    let Ok(instance) = cluster.find(name, deadline) else { return };
    let answer = instance.ask("GET", "/_admin/debug/failat", None, LOOK_LIMIT, deadline);
    let body = answer.ok().filter(|answer| answer.status == 200).map(|answer| answer.body);
    let points: Vec<String> =
        body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    for point in points {
        snapshot.add("failurepoints", format!("the failure point {point} on {name}"));
    }
}

/// Servers that ended unasked since there were `known` of them.
pub(super) fn crashes(stage: &Stage, known: usize) -> Vec<Failure> {
    let all = stage.host().crashes();
    all.iter().skip(known).map(crashed).collect()
}

fn crashed(crash: &Crash) -> Failure {
    let error = ScriptError {
        kind: "cluster.crashed".to_owned(),
        message: crash.to_string(),
        context: [("log".to_owned(), Value::from(crash.log.as_str()))].into_iter().collect(),
        ..ScriptError::default()
    };
    Failure { phase: Phase::Cluster, error }
}
