//! What members do, and what that is called where.

use std::str::FromStr;

/// What a member of a cluster does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberRole {
    /// Keeps data.
    DbServer,
    /// Takes requests of clients.
    Coordinator,
}

/// No role of a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no role of a member: DBSERVER (or PRIMARY) and COORDINATOR are")]
pub struct NoRole {
    /// What was given.
    pub given: String,
}

impl MemberRole {
    /// The key below Plan and Current that lists such members.
    pub(in crate::standin) fn list(self) -> &'static str {
        match self {
            Self::DbServer => "DBServers",
            Self::Coordinator => "Coordinators",
        }
    }

    /// What ids of such members begin with.
    pub(in crate::standin) fn prefix(self) -> &'static str {
        match self {
            Self::DbServer => "PRMR",
            Self::Coordinator => "CRDN",
        }
    }

    /// What their HTTP API calls them.
    pub(in crate::standin) fn told(self) -> &'static str {
        match self {
            Self::DbServer => "PRIMARY",
            Self::Coordinator => "COORDINATOR",
        }
    }

    /// What their short names begin with.
    pub(in crate::standin) fn short_name(self) -> &'static str {
        match self {
            Self::DbServer => "DBServer",
            Self::Coordinator => "Coordinator",
        }
    }

    /// What people call them.
    pub fn title(self) -> &'static str {
        match self {
            Self::DbServer => "DB-server",
            Self::Coordinator => "coordinator",
        }
    }

    /// The role of the server with an id, by its prefix alone.
    pub(in crate::standin) fn of(id: &str) -> Option<Self> {
        let (prefix, _) = id.split_once('-')?;
        [Self::DbServer, Self::Coordinator].into_iter().find(|role| role.prefix() == prefix)
    }
}

impl FromStr for MemberRole {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        match text.trim().to_ascii_uppercase().as_str() {
            "DBSERVER" | "PRIMARY" => Ok(Self::DbServer),
            "COORDINATOR" => Ok(Self::Coordinator),
            _ => Err(NoRole { given: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_arangod_reads_them() {
        assert_eq!("primary".parse(), Ok(MemberRole::DbServer));
        assert_eq!("DBSERVER".parse(), Ok(MemberRole::DbServer));
        assert_eq!(" Coordinator ".parse(), Ok(MemberRole::Coordinator));
        for other in ["", "SINGLE", "AGENT", "DBSERVERS"] {
            assert!(other.parse::<MemberRole>().is_err(), "{other}");
        }
    }

    #[test]
    fn c2_1_a_role_is_decided_from_the_prefix_only() {
        assert_eq!(MemberRole::of("PRMR-ab12cd34"), Some(MemberRole::DbServer));
        assert_eq!(MemberRole::of("CRDN-"), Some(MemberRole::Coordinator));
        for other in ["", "PRMR", "AGNT-1", "prmr-1"] {
            assert_eq!(MemberRole::of(other), None, "{other}");
        }
    }
}
