//! Where the agents of the agency are. Who they are never changes; an endpoint does when it is
//! announced (protocol §7.3).

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::watch;

use super::raft::types::{NodeId, node_id};

/// Ids and endpoints of all agents.
pub type Members = Vec<(String, String)>;

/// The pool as this agent knows it. Clones share it.
#[derive(Clone, Debug)]
pub struct Pool {
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Debug)]
struct State {
    members: Members,
    /// Grows with each change.
    version: u64,
}

impl Pool {
    /// The pool that an agent is started with.
    pub fn new(members: Members) -> Self {
        Self { state: Arc::new(watch::Sender::new(State { members, version: 1 })) }
    }

    /// All agents.
    pub fn members(&self) -> Members {
        self.state.borrow().members.clone()
    }

    /// How often the pool has been set.
    pub(super) fn version(&self) -> u64 {
        self.state.borrow().version
    }

    /// Id and endpoint of an agent.
    pub fn member(&self, node: NodeId) -> Option<(String, String)> {
        let state = self.state.borrow();
        state.members.iter().find(|(id, _)| node_id(id) == node).cloned()
    }

    /// The members as they are when this agent is somewhere else; nothing if it is unknown, or
    /// is there already.
    pub(super) fn with(&self, id: &str, endpoint: &str) -> Option<Members> {
        let mut members = self.members();
        let (_, known) = members.iter_mut().find(|(member, _)| member == id)?;
        if known == endpoint {
            return None;
        }
        endpoint.clone_into(known);
        Some(members)
    }

    /// Takes over the endpoints of a configuration that was logged.
    pub fn adopt(&self, configuration: &Json) {
        let Some(announced) = configuration["pool"].as_object() else { return };
        self.state.send_if_modified(|state| {
            let mut changed = false;
            for (id, endpoint) in &mut state.members {
                if let Some(new) = announced.get(id).and_then(Json::as_str)
                    && new != endpoint
                {
                    new.clone_into(endpoint);
                    changed = true;
                }
            }
            state.version += u64::from(changed);
            changed
        });
    }

    /// What hears of changes from now on.
    pub(super) fn changes(&self) -> Changes {
        Changes(self.state.subscribe())
    }
}

/// Hears of changes of the pool.
#[derive(Debug)]
pub struct Changes(watch::Receiver<State>);

impl Changes {
    /// The members after the next change; nothing once the agent is gone.
    pub async fn next(&mut self) -> Option<Members> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().members.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pool() -> Pool {
        let member = |id: &str, endpoint: &str| (id.to_owned(), endpoint.to_owned());
        Pool::new(vec![member("a", "tcp://h:1"), member("b", "tcp://h:2")])
    }

    #[test]
    fn endpoints_of_known_agents_change_and_nothing_else() {
        let pool = pool();
        let before = pool.members();
        for other in [
            json!({}),
            json!({ "pool": 7 }),
            json!({ "pool": { "c": "tcp://h:3", "a": 7 } }),
            json!({ "pool": { "a": "tcp://h:1" } }),
        ] {
            pool.adopt(&other);
            assert_eq!((pool.members(), pool.version()), (before.clone(), 1), "{other}");
        }
        pool.adopt(&json!({ "pool": { "c": "tcp://h:3", "b": "tcp://h:9" } }));
        assert_eq!(pool.member(node_id("b")), Some(("b".to_owned(), "tcp://h:9".to_owned())));
        assert_eq!((pool.members().len(), pool.version()), (2, 2));
    }

    #[test]
    fn what_changes_nothing_is_no_announcement() {
        assert_eq!(pool().with("c", "tcp://h:3"), None);
        assert_eq!(pool().with("a", "tcp://h:1"), None);
        assert_eq!(pool().with("a", "tcp://h:3").map(|m| m[0].1.clone()), Some("tcp://h:3".into()));
    }
}
