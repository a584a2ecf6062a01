//! Roles and states of servers.

use serde::Serialize;

use super::Tree;

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It stores data.
    DbServer,
    /// It answers clients.
    Coordinator,
}

impl Role {
    /// The role that an id tells of.
    pub(crate) fn of(id: &str) -> Option<Self> {
        match id.split('-').next() {
            Some("PRMR") => Some(Self::DbServer),
            Some("CRDN") => Some(Self::Coordinator),
            _ => None,
        }
    }

    /// Where servers of this role stand in Plan and Current.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::DbServer => "DBServers",
            Self::Coordinator => "Coordinators",
        }
    }
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    /// It was heard of lately.
    Good,
    /// It has been silent for a while.
    Bad,
    /// It has been silent for too long.
    Failed,
}

impl Status {
    /// The persisted status of a server; nothing if none is known.
    pub(crate) fn of(tree: &Tree, id: &str) -> Option<Self> {
        match tree.text(&format!("/arango/Supervision/Health/{id}/Status"))? {
            "GOOD" => Some(Self::Good),
            "BAD" => Some(Self::Bad),
            "FAILED" => Some(Self::Failed),
            _ => None,
        }
    }

    /// Its name in the tree.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Bad => "BAD",
            Self::Failed => "FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_from_the_prefix_alone() {
        assert_eq!(Role::of("PRMR-ab12cd34"), Some(Role::DbServer));
        assert_eq!(Role::of("CRDN-1"), Some(Role::Coordinator));
        assert_eq!((Role::of("AGNT-1"), Role::of(""), Role::of("PRMRx")), (None, None, None));
    }
}
