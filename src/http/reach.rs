//! Servers that cannot be reached for a while, because the network between them and a client is cut.

use std::sync::Arc;

use super::endpoint::Endpoint;

type Reaches = dyn Fn(&Endpoint) -> bool + Send + Sync;

/// Says which servers a client reaches at the moment. Others are silent: connections to them are
/// not opened, and nothing is sent or received on those that are there.
#[derive(Clone)]
pub struct Reach(Arc<Reaches>);

impl Reach {
    /// Asks `reaches` each time, also while a request is under way.
    pub fn new(reaches: impl Fn(&Endpoint) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(reaches))
    }

    /// Whether a server can be reached now.
    pub fn reaches(&self, endpoint: &Endpoint) -> bool {
        (self.0)(endpoint)
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reach(…)")
    }
}

impl PartialEq for Reach {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Reach {}
