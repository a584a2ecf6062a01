//! Who is told when an agent sends the client to another one.

use std::sync::Arc;

use super::AgencyClient;

/// An agent has named another one as leader, which is asked next.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Redirect {
    /// The URL of the agent that was asked.
    pub from: String,
    /// The URL of the agent that it named.
    pub to: String,
    /// The path that was asked for, with its query.
    pub target: String,
}

/// Is told of each redirect.
type Listener = Arc<dyn Fn(&Redirect) + Send + Sync>;

/// Who is told of redirects, if anybody.
#[derive(Clone, Default)]
pub(super) struct Onlooker(Option<Listener>);

impl Onlooker {
    /// Tells of a redirect; `redirect` is called only if somebody listens.
    pub(super) fn tell(&self, redirect: impl FnOnce() -> Redirect) {
        if let Some(listener) = &self.0 {
            listener(&redirect());
        }
    }
}

impl std::fmt::Debug for Onlooker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if self.0.is_some() { "Onlooker(…)" } else { "Onlooker" })
    }
}

impl AgencyClient {
    /// The same client, which tells `listener` of each redirect before it follows it.
    #[must_use]
    pub fn telling_redirects(
        mut self,
        listener: impl Fn(&Redirect) + Send + Sync + 'static,
    ) -> Self {
        self.onlooker = Onlooker(Some(Arc::new(listener)));
        self
    }
}
