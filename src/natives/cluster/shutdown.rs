//! The orderly end of a cluster.

use std::time::Duration;

use rhai::{Dynamic, Map};
use serde_json::json;

use super::handles::Cluster;
use super::properties::{of_crash, of_exit, paths};
use super::settings::{running, told};
use crate::natives::argument::duration;
use crate::natives::{NativeContext, NativeResult, Options, dump};

/// How long all servers together may take to end.
const PATIENCE: Duration = Duration::from_secs(666);

/// Ends all instances: the supervision rests before the first of them goes.
pub(super) fn shut_down(
    cluster: &Cluster,
    options: &Map,
    run: &NativeContext,
) -> NativeResult<Map> {
    let options = Options::new(options, &["dump", "maintenance", "timeout"])?;
    let with_dump = options.bool("dump", true)?;
    let maintenance = options.bool("maintenance", true)?;
    let patience = options.number("timeout")?.map_or(PATIENCE, duration);
    let provider = cluster.provider();
    provider.check_ends()?;
    let mut rested = false;
    if provider.is_started() && maintenance && provider.capabilities().control {
        rested = rest(cluster, run)?;
    }
    let dump = match with_dump && provider.is_started() {
        true => take_dump(cluster, run),
        false => Dynamic::UNIT,
    };
    run.deadline.check_run()?;
    provider.shutdown(run.deadline.clamp(patience), &run.deadline)?;
    let (mut exits, mut overdue, mut remains) = (Map::new(), Vec::new(), Vec::new());
    if provider.is_started() || provider.has_ended() {
        for facts in provider.instances(&run.deadline)? {
            if facts.is_overdue {
                overdue.push(Dynamic::from(facts.name.clone()));
            }
            remains.extend(facts.remains);
            let exit = facts.exit.map_or(Dynamic::UNIT, |exit| of_exit(exit).into());
            exits.insert(facts.name.into(), exit);
        }
    }
    let crashes = provider.crashes();
    let clean = crashes.is_empty() && overdue.is_empty() && remains.is_empty();
    let mut report = Map::new();
    report.insert("clean".into(), clean.into());
    report.insert("remains".into(), paths(remains).into());
    report.insert("dump".into(), dump);
    report.insert("maintenance".into(), rested.into());
    report.insert("exits".into(), exits.into());
    report.insert("overdue".into(), overdue.into());
    let crashes = crashes.into_iter().map(|crash| Dynamic::from_map(of_crash(crash)));
    report.insert("crashes".into(), crashes.collect::<rhai::Array>().into());
    Ok(report)
}

/// The archive of a dump of the agency, if one is to be taken; what went wrong is told, and no
/// reason to leave the servers running.
fn take_dump(cluster: &Cluster, run: &NativeContext) -> Dynamic {
    let cluster = Dynamic::from(cluster.clone());
    match dump::if_not_yet(run, &cluster, "shutdown", &Map::new()) {
        Ok(taken) => taken
            .read_lock::<Map>()
            .and_then(|taken| taken.get("archive").cloned())
            .unwrap_or(Dynamic::UNIT),
        Err(error) => error.to_map().into(),
    }
}

/// Asks a coordinator that runs to let the supervision rest; whether one did.
fn rest(cluster: &Cluster, run: &NativeContext) -> NativeResult<bool> {
    for coordinator in running(cluster, Some("coordinator"), run)? {
        let on = json!("on");
        if told(&coordinator, "PUT", "/_admin/cluster/maintenance", Some(&on), run).is_ok() {
            return Ok(true);
        }
        run.deadline.check()?;
    }
    Ok(false)
}
