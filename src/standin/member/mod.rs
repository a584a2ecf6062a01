//! What DB-servers and coordinators have in common: members of a cluster that an agency coordinates.
//!
//! * `config`, `role`: how a member is set up, and what it does
//! * `start`: a member from its start to its end
//! * `front`: its HTTP side, and the seam to what its role does
//! * `identity`: who it is
//! * `connection`: how it finds the agency, and waits for it
//! * `enrolment`: its way into the cluster; `registration` has what is written for that
//! * `duties`: what it does while it serves
//! * `machine`: what it tells of the machine
//! * `agency`: how a member asks and writes
//! * `gate`: whether it is suspended
//! * `peers`: how members talk to each other
//! * `view`: its copy of the agency's tree, kept up to date
//! * `worker`: threads for calls that block

mod agency;
#[cfg(test)]
mod bare;
mod config;
mod connection;
mod duties;
mod enrolment;
mod error;
mod front;
mod gate;
mod identity;
mod machine;
mod peers;
mod registration;
mod role;
mod start;
#[cfg(test)]
mod testing;
mod view;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};

pub(in crate::standin) use agency::{AgencyError, MemberAgency};
pub use config::{MemberConfig, MemberTiming};
pub use error::MemberError;
pub(in crate::standin) use front::Ending;
pub(in crate::standin) use front::{MemberService, Pinned};
pub(in crate::standin) use gate::Gate;
pub(in crate::standin) use peers::{PeerError, Peers};
pub use role::{MemberRole, NoRole};
pub(in crate::standin) use start::{MemberHandle, start};
pub(in crate::standin) use view::AgencyView;

use super::model::ServerId;

/// A member, as far as it is the same for all: who it is, and its ways to the others.
#[derive(Debug)]
pub(in crate::standin) struct Member {
    /// Its id.
    pub(in crate::standin) id: ServerId,
    /// What it does.
    pub(in crate::standin) role: MemberRole,
    /// Closed while it is suspended: whatever it does of itself passes here first.
    pub(in crate::standin) gate: Gate,
    /// Its copy of the agency's tree.
    pub(in crate::standin) view: AgencyView,
    /// Its way to the agency.
    pub(in crate::standin) agency: MemberAgency,
    /// Its way to the other members.
    pub(in crate::standin) peers: Peers,
    reboot_id: AtomicU64,
}

impl Member {
    /// The number of this incarnation; 0 before it is registered.
    pub(in crate::standin) fn reboot_id(&self) -> u64 {
        self.reboot_id.load(Ordering::Acquire)
    }

    /// Takes a number that is larger than the one so far; others change nothing.
    pub(in crate::standin) fn adopt_reboot_id(&self, number: u64) {
        self.reboot_id.fetch_max(number, Ordering::AcqRel);
    }
}
