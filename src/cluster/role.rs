//! What servers of a cluster do.

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerRole {
    /// Keeps the agency.
    Agent,
    /// Keeps data.
    DbServer,
    /// Takes requests of clients.
    Coordinator,
}

impl ServerRole {
    /// The word of topology files, which names of servers begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::DbServer => "dbserver",
            Self::Coordinator => "coordinator",
        }
    }

    /// The word that arangod is told, and the list in the agency; nothing for agents, which have
    /// neither.
    pub(super) fn membership(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Agent => None,
            Self::DbServer => Some(("PRIMARY", "DBServers")),
            Self::Coordinator => Some(("COORDINATOR", "Coordinators")),
        }
    }
}
