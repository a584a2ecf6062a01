//! The way of a member into its cluster, step by step.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::connection::Persistent;
use super::identity::Identity;
use super::machine::Machine;
use super::registration::{self, Registration};
use super::{Member, MemberConfig, MemberError, MemberRole};
use crate::client::Outcome;
use crate::standin::initial;
use crate::standin::model::paths::reboot_id;
use crate::standin::model::{Transaction, Tree};

/// Time between two heartbeats where the agency does not say.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Pause before it is looked again whether another coordinator has done its work.
const PAUSE: Duration = Duration::from_millis(100);

/// How long another coordinator may take for that: it may have been killed at it.
const PATIENCE: Duration = Duration::from_secs(10);

const PLAN: &str = "/arango/Plan";
const HEARTBEAT_INTERVAL: &str = "/arango/Sync/HeartbeatIntervalMs";
const BOOTSTRAP: &str = "/arango/Bootstrap";
const UPGRADE_VERSION: &str = "/arango/ClusterUpgradeVersion";

/// Makes a member one of the cluster; gives the time between its heartbeats.
pub(super) async fn enrol(
    member: &Member,
    config: &MemberConfig,
    identity: &Identity,
) -> Result<Duration, MemberError> {
    let mut agency = Persistent::new(&member.agency);
    found(&mut agency).await?;
    let (role, id) = (member.role, &*member.id);
    agency.write(&registration::plan(role, id)).await?;
    agency.write(&registration::current(role, id)).await?;
    take_short_id(&mut agency, role, id).await?;
    let registered = register(&mut agency, config, identity).await?;
    let number = reboot_id(id);
    let tree = agency.read([number.clone(), HEARTBEAT_INTERVAL.to_owned()]).await?;
    member.adopt_reboot_id(tree.number(&number).unwrap_or(1));
    member.view.reached(registered.max(1)).await;
    if role == MemberRole::Coordinator {
        prepare(&mut agency, id, &config.version).await?;
    }
    Ok(heartbeat_interval(&tree))
}

/// Writes the initial contents, if nobody has done so.
async fn found(agency: &mut Persistent<'_>) -> Result<(), MemberError> {
    if agency.read([PLAN.to_owned()]).await?.has(PLAN) {
        return Ok(());
    }
    if agency.write(&registration::initial(initial::tree())).await?.is_some() {
        tracing::info!("the initial contents of the agency are written");
    }
    Ok(())
}

async fn take_short_id(
    agency: &mut Persistent<'_>,
    role: MemberRole,
    id: &str,
) -> Result<(), MemberError> {
    loop {
        let short = format!("/arango/Target/MapUniqueToShortID/{id}");
        let latest = format!("/arango/Target/Latest{}Id", role.short_name());
        let tree = agency.read([short, latest]).await?;
        let Some(step) = registration::short_id(&tree, role, id) else { return Ok(()) };
        // Otherwise another member was faster, and has taken the number.
        if agency.write(&step).await?.is_some() {
            return Ok(());
        }
    }
}

/// Registers the member, once; gives the index at which that was done.
async fn register(
    agency: &mut Persistent<'_>,
    config: &MemberConfig,
    identity: &Identity,
) -> Result<u64, MemberError> {
    let id = &*identity.id;
    let registration = Registration::new(config, Machine::look(), SystemTime::now());
    let step = registration::register(id, &registration, identity.fresh);
    loop {
        match agency.write_once(&step).await? {
            Some(Outcome::Applied { index }) => return Ok(index),
            Some(_) => return Err(MemberError::Taken { id: id.to_owned() }),
            None => {}
        }
        // The answer got lost. To register twice would be one incarnation too many.
        let registered = format!("/arango/Current/ServersRegistered/{id}");
        if registration.is_in(&agency.read([registered]).await?, id) {
            return Ok(0);
        }
    }
}

fn heartbeat_interval(tree: &Tree) -> Duration {
    match tree.number(HEARTBEAT_INTERVAL) {
        Some(millis) if millis > 0 => Duration::from_millis(millis),
        _ => HEARTBEAT,
    }
}

/// What the first coordinator of a cluster has to do; the others wait for it.
async fn prepare(agency: &mut Persistent<'_>, id: &str, version: &str) -> Result<(), MemberError> {
    let begin = Instant::now();
    loop {
        let paths = [BOOTSTRAP, UPGRADE_VERSION, "/arango/Current/Coordinators"];
        let tree = agency.read(paths.map(str::to_owned)).await?;
        match turn(&tree, id, version, begin.elapsed()) {
            Turn::Done => return Ok(()),
            Turn::Write(step) => {
                agency.write(&step).await?;
            }
            Turn::Wait => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// What a coordinator does next to prepare the cluster.
#[derive(Debug, PartialEq)]
enum Turn {
    Done,
    Write(Transaction),
    Wait,
}

fn turn(tree: &Tree, id: &str, version: &str, waited: Duration) -> Turn {
    let doing = tree.text(BOOTSTRAP);
    let Some(doing) = doing else {
        let begin = Transaction::new().set(BOOTSTRAP, id);
        return Turn::Write(match tree.get(BOOTSTRAP).is_some() {
            // rubbish, which equals nothing that could be asked for
            true => begin.when_there(BOOTSTRAP),
            false => begin.when_missing(BOOTSTRAP),
        });
    };
    if doing.ends_with(": done") {
        return Turn::Done;
    }
    let there = |other: &str| tree.has(&format!("/arango/Current/Coordinators/{other}"));
    if doing != id {
        // One that is gone will not do it any more.
        return match there(doing) && waited < PATIENCE {
            true => Turn::Wait,
            false => {
                Turn::Write(Transaction::new().set(BOOTSTRAP, id).when_equal(BOOTSTRAP, doing))
            }
        };
    }
    let done = Transaction::new()
        .set("/arango/SystemCollectionsCreated", true)
        .set(BOOTSTRAP, format!("{id}: done"))
        .when_equal(BOOTSTRAP, id);
    let number = registration::version_number(version) / 100 * 100;
    Turn::Write(match tree.number(UPGRADE_VERSION) {
        Some(newer) if newer >= number => done,
        _ => done.set(UPGRADE_VERSION, json!(number)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Agency;
    use super::*;

    #[test]
    fn c1_1_the_first_coordinator_prepares_the_cluster_and_the_others_wait() {
        let mut agency = Agency::default();
        let turn = |agency: &Agency, id: &str| turn(&agency.tree(), id, "3.12.7", PAUSE);
        let write = |agency: &mut Agency, turn: Turn| match turn {
            Turn::Write(step) => agency.run(&step),
            other => panic!("{other:?}"),
        };
        for id in ["CRDN-a", "CRDN-b"] {
            agency.set(&format!("/arango/Current/Coordinators/{id}"), json!("none"));
        }
        let (first, second) = (turn(&agency, "CRDN-a"), turn(&agency, "CRDN-b"));
        assert!(write(&mut agency, first) && !write(&mut agency, second));
        assert_eq!(agency.json(BOOTSTRAP), json!("CRDN-a"));
        assert_eq!(turn(&agency, "CRDN-b"), Turn::Wait);
        let late = super::turn(&agency.tree(), "CRDN-b", "3.12.7", PATIENCE);
        assert!(matches!(late, Turn::Write(_)), "the other one may have been killed");
        let done = turn(&agency, "CRDN-a");
        assert!(write(&mut agency, done));
        assert_eq!(agency.json(BOOTSTRAP), json!("CRDN-a: done"));
        assert_eq!(agency.json("/arango/SystemCollectionsCreated"), json!(true));
        assert_eq!(agency.json(UPGRADE_VERSION), json!(31200));
        assert_eq!(turn(&agency, "CRDN-b"), Turn::Done);
        assert_eq!(turn(&agency, "CRDN-a"), Turn::Done);
    }

    #[test]
    fn c1_1_the_work_of_a_coordinator_that_is_gone_is_taken_over() {
        let mut agency = Agency::default();
        for left in [json!("CRDN-gone"), json!(7), json!({}), json!(null)] {
            agency.set(BOOTSTRAP, left.clone());
            agency.set(UPGRADE_VERSION, json!(40000));
            for _ in 0..2 {
                let Turn::Write(step) = turn(&agency.tree(), "CRDN-a", "3.12.7", PAUSE) else {
                    panic!("{left}");
                };
                assert!(agency.run(&step), "{left}");
            }
            assert_eq!(turn(&agency.tree(), "CRDN-a", "3.12.7", PAUSE), Turn::Done, "{left}");
            assert_eq!(agency.json(UPGRADE_VERSION), json!(40000));
        }
    }

    #[test]
    fn c2_4_an_unreadable_heartbeat_interval_is_5_seconds() {
        for (value, millis) in [
            (json!(1000), 1000),
            (json!(50), 50),
            (json!("x"), 5000),
            (json!(0), 5000),
            (json!(-3), 5000),
            (json!(null), 5000),
            (json!({}), 5000),
        ] {
            let tree = json!({ "arango": { "Sync": { "HeartbeatIntervalMs": value } } });
            let interval = heartbeat_interval(&Tree::from(tree));
            assert_eq!(interval, Duration::from_millis(millis), "{value}");
        }
        assert_eq!(heartbeat_interval(&Tree::default()), HEARTBEAT);
    }
}
