//! Paths of the live agency, for completion: asked briefly, remembered for a moment.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::client::AgencyClient;

/// How long the agency may take: a person waits.
pub(super) const LIMIT: Duration = Duration::from_millis(300);

/// How long an answer is used again, also when there was none.
const FRESH: Duration = Duration::from_secs(1);

/// What stands below a path: names, and whether more stands below them.
pub(super) type Children = Vec<(String, bool)>;

/// Asks for children of paths.
#[derive(Debug, Default)]
pub(super) struct Paths {
    known: RefCell<HashMap<String, (Instant, Children)>>,
}

impl Paths {
    /// The children of `folder`; none when the agency does not answer in time.
    pub(super) fn children(&self, client: &AgencyClient, folder: &str) -> Children {
        let mut known = self.known.borrow_mut();
        known.retain(|_, (asked, _)| asked.elapsed() < FRESH);
        let mut servers = client.endpoints();
        servers.sort();
        let key = format!("{} {folder}", servers.join(" "));
        if let Some((_, children)) = known.get(&key) {
            return children.clone();
        }
        let children = ask(client, folder);
        known.insert(key, (Instant::now(), children.clone()));
        children
    }
}

fn ask(client: &AgencyClient, folder: &str) -> Children {
    // whoever presses a key is not interested in why nothing happens
    let value = client.get(folder).ok().flatten();
    let Some(serde_json::Value::Object(members)) = value else { return Children::new() };
    let child = |(name, value): (String, serde_json::Value)| {
        let more = value.as_object().is_some_and(|members| !members.is_empty());
        (name, more)
    };
    members.into_iter().map(child).collect()
}
