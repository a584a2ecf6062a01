//! Changes of the logs that a group has.

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;

use super::decision::Servers;
use crate::standin::model::ServerId;
use crate::standin::model::group::MutableAttributes;
use crate::standin::model::log::{LogTarget, TargetConfig};

/// One step of a log towards what its group wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LogChange {
    /// Another configuration; the version of the log stays.
    Config(TargetConfig),
    /// One participant more.
    Add(ServerId),
    /// One participant less.
    Remove {
        /// The participant.
        server: ServerId,
        /// Whether it is the one that shall lead.
        leads: bool,
    },
}

/// How safe the writes of the logs of a group shall be.
pub(super) fn config(wanted: &MutableAttributes, servers: &Servers) -> TargetConfig {
    let (write_concern, soft_write_concern) = if wanted.is_satellite() {
        let known = servers.known().count() as u64;
        (known / 2 + 1, known)
    } else {
        (wanted.write_concern, wanted.replication_factor)
    };
    TargetConfig {
        write_concern,
        soft_write_concern: Some(soft_write_concern),
        wait_for_sync: wanted.wait_for_sync,
    }
}

/// So many participants each log shall have.
pub(super) fn copies(wanted: &MutableAttributes, servers: &Servers) -> usize {
    match wanted.replication_factor {
        0 => servers.known().count(),
        copies => usize::try_from(copies).unwrap_or(usize::MAX),
    }
}

/// The next step of a log, if it is not as its group wants it.
pub(super) fn change(
    log: &LogTarget,
    planned_leader: Option<&str>,
    wanted: &MutableAttributes,
    servers: &Servers,
    random: &mut StdRng,
) -> Option<LogChange> {
    let config = config(wanted, servers);
    if log.config != config {
        return Some(LogChange::Config(config));
    }
    let remove = |server: &ServerId| LogChange::Remove {
        server: server.clone(),
        leads: log.leader.as_ref() == Some(server),
    };
    // An empty id is rubbish, and no path leads to it.
    let participants = || log.participants.keys().filter(|server| !server.is_empty());
    let is_known = |server: &ServerId| servers.health.reboot_id(server).is_some();
    if let Some(gone) = participants().find(|server| !is_known(server)) {
        return Some(remove(gone));
    }
    let copies = copies(wanted, servers);
    if log.participants.len() < copies {
        return newcomer(log, servers, random).map(LogChange::Add);
    }
    if log.participants.len() > copies {
        let rank = |server: &ServerId| {
            if !servers.health.is_ok(server) {
                return 0;
            }
            if log.leader.as_ref() == Some(server) {
                return 3;
            }
            if planned_leader == Some(&**server) { 2 } else { 1 }
        };
        let lowest = participants().map(rank).min()?;
        let leaving = participants().filter(|server| rank(server) == lowest).choose(random);
        return leaving.map(remove);
    }
    None
}

/// A server for a log that has too few; one that is to have no data only if there is no other.
fn newcomer(log: &LogTarget, servers: &Servers, random: &mut StdRng) -> Option<ServerId> {
    let free = || servers.ok().filter(|server| !log.participants.contains_key(*server));
    let preferred = free().filter(|server| !servers.cleaned.contains(*server)).choose(random);
    preferred.or_else(|| free().choose(random)).cloned()
}
