//! A glance at the agency of a session, from any thread, without disturbing it.

use std::sync::Arc;
use std::time::Duration;

use crate::client::AgencyClient;
use crate::deadline::Deadline;
use crate::natives::agency::AgencyTarget;

/// Looks at the agency of a session.
#[derive(Debug, Clone)]
pub struct Onlooker {
    target: Arc<AgencyTarget>,
    connects: bool,
}

impl Onlooker {
    pub(super) fn new(target: Arc<AgencyTarget>, connects: bool) -> Self {
        Self { target, connects }
    }

    /// A client of the agency whose operations take no longer than `limit`; `None` while the
    /// session has no connection, unless the onlooker may make the first one.
    pub fn client(&self, limit: Duration) -> Option<AgencyClient> {
        let client = self.target.made().or_else(|| {
            // the deadline of what runs, if anything, is not for this
            let made = self.connects.then(|| self.target.client(&Deadline::default()));
            made?.ok().flatten()
        });
        Some(client?.glancing(limit))
    }
}
