//! Times in which less is done.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::agency::value::Value;
use crate::standin::model::stamp::{parse, stamp};
use crate::standin::model::{Transaction, Tree};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::round::Round;

/// Where somebody asks for the whole cluster to be left alone.
const CLUSTER: &str = "/arango/Supervision/Maintenance";

/// Texts shorter than this are no stamps.
const STAMP_LENGTH: usize = 18;

/// What `on` stands for.
const ON: Duration = Duration::from_secs(3600);

/// What a leadership remembers of maintenance of the cluster.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct Maintenance {
    converted: bool,
}

impl Maintenance {
    /// Whether the cluster is to be left alone. The first round gives `on` an end.
    pub(in crate::standin::supervision) fn is_on(
        &mut self,
        round: &mut Round<'_>,
    ) -> Result<bool, LeadershipLost> {
        let tree = round.tree()?;
        if !std::mem::replace(&mut self.converted, true) && tree.text(CLUSTER) == Some("on") {
            let end = stamp(round.now + ON);
            let convert = Transaction::new().set(CLUSTER, end).when_equal(CLUSTER, "on");
            round.write_one(convert)?;
        }
        Ok(round.tree()?.get(CLUSTER).is_some_and(|wanted| is_active(wanted, round.now)))
    }
}

/// Whether maintenance that is asked for like this is still on.
fn is_active(wanted: &Value, now: SystemTime) -> bool {
    match wanted.as_str() {
        Some(text) if text.len() >= STAMP_LENGTH => lasts(text, now),
        _ => true,
    }
}

/// Whether the time of a stamp has not passed.
fn lasts(until: &str, now: SystemTime) -> bool {
    parse(until).is_some_and(|until| until >= now)
}

/// Copies to Current which DB-servers are worked on.
pub(in crate::standin::supervision) fn mirror_maintenance(
    round: &mut Round<'_>,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    if let Some(transaction) = mirrored(&tree, round.now) {
        round.write_one(transaction)?;
    }
    Ok(())
}

/// What is to be copied or removed, if anything is.
fn mirrored(tree: &Tree, now: SystemTime) -> Option<Transaction> {
    const TARGET: &str = "/arango/Target/MaintenanceDBServers";
    const CURRENT: &str = "/arango/Current/MaintenanceDBServers";
    let wanted = |id: &str| {
        let until = tree.text(&format!("{TARGET}/{id}/Until"))?;
        lasts(until, now).then_some(until)
    };
    let mut transaction = Transaction::new();
    for (id, until) in tree.children(TARGET).filter_map(|(id, _)| Some((id, wanted(id)?))) {
        let copy = format!("{CURRENT}/{id}");
        if !tree.has(&copy) {
            transaction = transaction.set(copy, json!({ "Mode": "maintenance", "Until": until }));
        }
    }
    for (id, _) in tree.children(CURRENT).filter(|(id, _)| wanted(id).is_none()) {
        transaction = transaction.delete(format!("{CURRENT}/{id}"));
    }
    (!transaction.is_empty()).then_some(transaction)
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::super::testing::Story;
    use super::*;

    fn at(stamp: &str) -> SystemTime {
        parse(stamp).unwrap()
    }

    #[test]
    fn c3_5_maintenance_is_on_until_its_stamp_and_for_whatever_is_no_stamp() {
        let now = at("2025-01-02T03:04:05Z") + Duration::from_millis(500);
        for (wanted, active) in [
            (json!("on"), true),
            (json!("off"), true),
            (json!(true), true),
            (json!({}), true),
            (json!("2025-01-02T03:04:06Z"), true),
            (json!("2025-01-02T03:04:05Z"), false),
            (json!("2025-01-02T03:04:05.500Z"), true),
            (json!("2025-01-02T03:05:04.000Z"), true),
            (json!("a long text that is no stamp"), false),
        ] {
            assert_eq!(is_active(&wanted.clone().into(), now), active, "{wanted}");
        }
    }

    #[test]
    fn c3_5_maintenance_of_a_db_server_is_copied_while_it_lasts() {
        let now = at("2025-01-02T03:04:05Z");
        let run = |target: Json, current: Json| -> Option<Json> {
            let tree = Tree::from(json!({"arango": {
                "Target": {"MaintenanceDBServers": target},
                "Current": {"MaintenanceDBServers": current}}}));
            mirrored(&tree, now).map(|transaction| json!(transaction.operations()))
        };
        let entry = |until: &str| json!({"X": {"Mode": "maintenance", "Until": until}});
        let (past, soon) = ("2025-01-02T03:04:03Z", "2025-01-02T03:04:09Z");
        let path = "/arango/Current/MaintenanceDBServers/X";
        assert_eq!(
            run(entry(soon), json!({})),
            Some(json!({path: {"op": "set", "new": entry(soon)["X"]}}))
        );
        assert_eq!(run(entry(soon), entry(past)), None);
        assert_eq!(run(entry(past), json!({})), None);
        assert_eq!(run(entry(past), entry(past)), Some(json!({path: {"op": "delete"}})));
        assert_eq!(run(json!({}), entry(soon)), Some(json!({path: {"op": "delete"}})));
        for rubbish in [json!("x"), json!({"X": 1}), json!({"X": {"Until": 7}}), json!([])] {
            assert_eq!(run(rubbish, json!({})), None);
        }
    }

    #[test]
    fn s31_in_maintenance_the_round_sets_the_mode_alone_and_all_catches_up_later() {
        let mut story = Story::with_servers(2, 1);
        story.run(3.0);
        story.suspend("PRMR-a");
        story.world.set(CLUSTER, json!("on"));
        story.run(1.0);
        let written = story.world.agency.written.len();
        story.run(60.0);
        assert_eq!(story.world.agency.written.len(), written);
        assert_eq!(story.mode(), "Maintenance");
        assert_eq!(story.status("PRMR-a"), "GOOD");
        story.world.delete(CLUSTER);
        story.run(3.0);
        assert_eq!((&*story.mode(), &*story.status("PRMR-a")), ("Normal", "FAILED"));
        assert_eq!(story.status("PRMR-b"), "GOOD");
    }

    #[test]
    fn c3_5_on_is_given_an_end_by_the_first_round_of_a_leader() {
        let mut story = Story::with_servers(1, 1);
        story.world.set(CLUSTER, json!("on"));
        story.run(1.0);
        let end = story.world.text(CLUSTER).unwrap();
        assert_eq!(end, stamp(story.began() + ON));
        story.run(3650.0);
        assert_eq!(story.mode(), "Normal");
        story.world.set(CLUSTER, json!("on"));
        story.run(1.0);
        assert_eq!(
            (story.mode(), story.world.text(CLUSTER)),
            ("Maintenance".into(), Some("on".into()))
        );
    }
}
