//! Cuts the network between servers of an embedded cluster.

use std::collections::BTreeSet;

use super::cluster::EmbeddedCluster;
use crate::standin::StandinError;
use crate::standin::cuts::port_of;

impl EmbeddedCluster {
    /// Cuts the network between groups of servers, called by id or name, whether they run or not.
    /// Servers in none of the groups, and those that are added later, make up a group together.
    /// It takes the place of an earlier cut. Whoever is no server of the cluster reaches everybody.
    ///
    /// What servers send across a cut gets lost: they wait in vain, for as long as they do.
    ///
    /// # Errors
    /// There is no such server, or one is named twice; then nothing is changed.
    pub fn partition(&self, groups: &[Vec<String>]) -> Result<(), StandinError> {
        let servers = self.servers();
        let mut named = BTreeSet::new();
        let mut port = |called: &String| {
            let mut called_so = servers.iter().filter(|s| s.id == *called || s.name == *called);
            let url = called_so.next().map(|server| &server.url);
            let port = url.and_then(|url| port_of(url));
            let port = port.ok_or_else(|| StandinError::UnknownServer { id: called.clone() })?;
            match named.insert(port) {
                true => Ok(port),
                false => Err(StandinError::NamedTwice { id: called.clone() }),
            }
        };
        let ports = groups.iter().map(|group| group.iter().map(&mut port).collect());
        let ports = ports.collect::<Result<Vec<Vec<u16>>, _>>()?;
        self.agency().cuts().partition(ports);
        Ok(())
    }

    /// Lets all servers reach each other again, at once.
    pub fn heal(&self) {
        self.agency().cuts().heal();
    }
}
