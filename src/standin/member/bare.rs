//! A member that is neither registered nor served, for tests of what it does.

use std::sync::atomic::AtomicU64;

use super::{AgencyView, Gate, Member, MemberAgency, MemberRole, Peers};
use crate::client::AgencyClient;
use crate::standin::cuts::Way;

impl Member {
    /// A DB-server that follows no agency by itself.
    pub(in crate::standin) fn of(id: &str, agency: MemberAgency) -> Self {
        Self {
            id: id.into(),
            role: MemberRole::DbServer,
            gate: Gate::default(),
            view: AgencyView::default(),
            agency,
            peers: Peers::new(None, Way::default()),
            reboot_id: AtomicU64::new(0),
        }
    }

    /// A member of an agency, which it follows from now on.
    pub(in crate::standin) fn bare(role: MemberRole, client: AgencyClient) -> Self {
        let agency = MemberAgency::start(client.clone(), Gate::default());
        let mut member =
            Self::of(&format!("{}-bare", role.prefix()), agency.expect("threads can be started"));
        member.role = role;
        member.adopt_reboot_id(1);
        let (view, gate) = (member.view.clone(), member.gate.clone());
        tokio::spawn(async move { view.follow(client, gate).await });
        member
    }
}
