//! All that happened in an agency since a moment, entry by entry.

use std::time::Duration;

use agencysh::AgencyClient;
use agencysh::agency::value::Value as Node;
use agencysh::standin::agent::store::Store;
use serde_json::Value;

/// Begins at a moment; tells later what happened since.
pub(crate) struct Recorder<'a> {
    client: &'a AgencyClient,
    index: u64,
    tree: Store,
}

impl<'a> Recorder<'a> {
    pub(crate) fn start(client: &'a AgencyClient) -> Self {
        let poll = client.poll(0, Duration::ZERO).unwrap();
        let tree = Store::from_value(Node::from(poll.snapshot.unwrap()));
        Self { client, index: poll.commit_index, tree }
    }

    /// Shows the tree after each entry.
    pub(crate) fn replay(&self, mut look: impl FnMut(&Store)) {
        let mut store = self.tree.clone();
        look(&store);
        let poll = self.client.poll(self.index + 1, Duration::from_millis(10)).unwrap();
        assert!(poll.snapshot.is_none(), "the log was compacted meanwhile");
        for item in poll.log {
            let Node::Object(operations) = Node::from(item.operations) else { continue };
            store.apply(&operations).unwrap();
            look(&store);
        }
    }

    /// The values that stood at a path, one after the other, `null` for none; equal neighbours count once.
    pub(crate) fn values(&self, path: &str) -> Vec<Value> {
        let mut values = Vec::new();
        self.replay(|store| {
            let now = store.get(path).map_or(Value::Null, Value::from);
            if values.last() != Some(&now) {
                values.push(now);
            }
        });
        values
    }
}
