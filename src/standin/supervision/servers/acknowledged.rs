//! When each server was heard of.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::agency::value::Value;
use crate::standin::model::{ServerId, Tree};

/// When a server was heard of last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// How long the agent had led by then. Ages are counted with it: clocks may be set.
    pub(super) led_for: Duration,
    /// The time of that.
    pub(super) time: SystemTime,
}

/// What a leadership knows of a server.
#[derive(Clone, Debug)]
struct Seen {
    heartbeat: Option<Value>,
    acknowledged: Option<Acknowledged>,
}

/// The heartbeats that a leadership has seen.
#[derive(Debug, Default)]
pub(super) struct Heartbeats {
    seen: HashMap<ServerId, Seen>,
}

/// A look at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether this leadership had never looked at it.
    pub(super) first: bool,
    /// When it was heard of; nothing if it never was.
    pub(super) acknowledged: Option<Acknowledged>,
}

/// The heartbeat of a server, if it sent one.
pub(super) fn heartbeat<'a>(transient: &'a Tree, id: &str) -> Option<&'a Value> {
    let heartbeat = transient.get(&format!("/arango/Sync/ServerStates/{id}"))?;
    time_of(heartbeat).map(|_| heartbeat)
}

/// The time that a heartbeat tells.
pub(super) fn time_of(heartbeat: &Value) -> Option<&str> {
    heartbeat.as_object()?.get("time")?.as_str()
}

impl Heartbeats {
    /// Looks at the heartbeat of a server. One counts as new when it was written anew: its stamp
    /// has whole seconds only.
    pub(super) fn look(&mut self, id: &str, heartbeat: Option<&Value>, now: Acknowledged) -> Look {
        let before = self.seen.get(id);
        let acknowledged = match (heartbeat, before) {
            (None, _) => None,
            (Some(new), Some(Seen { heartbeat: Some(old), acknowledged })) if new.is_same(old) => {
                *acknowledged
            }
            (Some(_), _) => Some(now),
        };
        let first = before.is_none();
        self.seen.insert(id.into(), Seen { heartbeat: heartbeat.cloned(), acknowledged });
        Look { first, acknowledged }
    }

    /// When a server was heard of.
    pub(super) fn acknowledged(&self, id: &str) -> Option<Acknowledged> {
        self.seen.get(id)?.acknowledged
    }

    /// Forgets all servers but some.
    pub(super) fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.seen.retain(|id, _| wanted(id));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: u64) -> Acknowledged {
        let led_for = Duration::from_secs(seconds);
        Acknowledged { led_for, time: SystemTime::UNIX_EPOCH + led_for }
    }

    #[test]
    fn c3_1_a_heartbeat_is_new_when_it_was_written_anew_though_the_stamp_is_the_same() {
        let beat = || Value::from(json!({"status": "SERVING", "time": "2025-01-02T03:04:05Z"}));
        let mut heartbeats = Heartbeats::default();
        let mut look = |beat: Option<&Value>, seconds| {
            let look = heartbeats.look("PRMR-a", beat, at(seconds));
            (look.first, look.acknowledged.map(|time| time.led_for.as_secs()))
        };
        assert_eq!(look(None, 1), (true, None));
        let first = beat();
        assert_eq!(look(Some(&first), 2), (false, Some(2)));
        assert_eq!(look(Some(&first.clone()), 3), (false, Some(2)));
        assert_eq!(look(Some(&beat()), 4), (false, Some(4)));
        assert_eq!(look(None, 5), (false, None));
    }

    #[test]
    fn what_has_no_time_is_no_heartbeat() {
        for rubbish in [json!("x"), json!({}), json!({"time": 5}), json!([])] {
            let transient =
                Tree::from(json!({"arango": {"Sync": {"ServerStates": {"PRMR-a": rubbish}}}}));
            assert_eq!(heartbeat(&transient, "PRMR-a"), None);
        }
    }
}
