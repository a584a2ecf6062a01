//! A member that is neither registered nor served, for tests of what it does.

use std::sync::atomic::AtomicU64;

use super::{AgencyView, Gate, Member, MemberAgency, MemberRole, Peers};
use crate::client::AgencyClient;

impl Member {
    /// A member of an agency, which it follows from now on.
    pub(in crate::standin) fn bare(role: MemberRole, client: AgencyClient) -> Self {
        let (view, gate) = (AgencyView::default(), Gate::default());
        let following = (view.clone(), client.clone(), gate.clone());
        tokio::spawn(async move {
            let (view, client, gate) = following;
            view.follow(client, gate).await;
        });
        let agency = MemberAgency::start(client, gate.clone()).expect("threads can be started");
        Self {
            id: format!("{}-bare", role.prefix()).into(),
            role,
            gate,
            view,
            agency,
            peers: Peers::new(None),
            reboot_id: AtomicU64::new(1),
        }
    }
}
