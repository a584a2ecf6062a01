//! The target of the command line as people know it.

/// The target as people know it.
#[derive(Debug, Clone, Default)]
pub(super) struct ShownTarget {
    /// What it is called, unless it is known by its endpoints alone.
    pub(super) name: Option<String>,
    /// The names of its agents, in the order in which a client is given them.
    pub(super) agents: Vec<String>,
    /// Its first endpoint.
    pub(super) endpoint: Option<String>,
    /// Who asks.
    pub(super) user: Option<String>,
    /// Whether it exists already, so that a connection starts nothing.
    pub(super) exists: bool,
}

impl ShownTarget {
    /// The first endpoint without its protocol.
    pub(super) fn first_authority(&self) -> Option<String> {
        let endpoint = self.endpoint.as_deref()?;
        Some(endpoint.split_once("://").map_or(endpoint, |(_, authority)| authority).to_owned())
    }

    /// The first endpoint, of a target that has no name.
    pub(super) fn first_endpoint(&self) -> Option<String> {
        self.first_authority().filter(|_| self.name.is_none())
    }
}
