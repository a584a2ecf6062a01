//! The network between the servers of one process, which can be cut.
//!
//! Each of them is known by its port, since all listen on this machine. It is the sender who looks
//! whether there is a way: nothing is sent across a cut, and what is under way when it is made
//! ends without an answer. Whoever has no [`Way`], such as a script, reaches everybody.

use std::collections::BTreeMap;
use std::future::Future;

use tokio::sync::watch;
use url::Url;

use super::web::endpoint;
use crate::http::{Endpoint, Reach};

/// The groups that servers are in, by their ports. Those in none make up one of their own.
type Groups = BTreeMap<u16, usize>;

/// Which servers of one process reach each other: at first all do. Clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    groups: watch::Sender<Groups>,
}

impl Cuts {
    /// Cuts the network between groups of servers, named by their ports; all other servers make
    /// up a group together. It takes the place of an earlier cut.
    pub fn partition(&self, groups: impl IntoIterator<Item = Vec<u16>>) {
        let numbered = groups.into_iter().enumerate();
        let places =
            numbered.flat_map(|(number, ports)| ports.into_iter().map(move |p| (p, number)));
        self.groups.send_replace(places.collect());
    }

    /// Lets all servers reach each other again.
    pub fn heal(&self) {
        self.groups.send_replace(Groups::default());
    }

    /// How the server at `endpoint`, such as `tcp://127.0.0.1:8531`, reaches the others.
    pub fn way_from(&self, endpoint: &str) -> Way {
        Way(port_of(endpoint).map(|from| Start { cuts: self.clone(), from }))
    }
}

/// The port of an endpoint or a URL.
pub(super) fn port_of(endpoint: &str) -> Option<u16> {
    Url::parse(&endpoint::to_url(endpoint)).ok()?.port_or_known_default()
}

/// How one server reaches the others; without a network that can be cut, it always does.
#[derive(Clone, Debug, Default)]
pub struct Way(Option<Start>);

#[derive(Clone, Debug)]
struct Start {
    cuts: Cuts,
    from: u16,
}

impl Start {
    fn reaches(&self, groups: &Groups, to: u16) -> bool {
        groups.get(&self.from) == groups.get(&to)
    }

    /// Returns once the network is, or is not, cut between here and there.
    async fn wait_until(&self, to: u16, reached: bool) {
        let mut groups = self.cuts.groups.subscribe();
        // the sender is in self
        let _ = groups.wait_for(|groups| self.reaches(groups, to) == reached).await;
    }
}

impl Way {
    /// The same for clients that block.
    pub(super) fn reach(&self) -> Option<Reach> {
        let start = self.0.clone()?;
        Some(Reach::new(move |endpoint| match endpoint {
            Endpoint::Tcp { port, .. } | Endpoint::Tls { port, .. } => {
                start.reaches(&start.cuts.groups.borrow(), *port)
            }
            Endpoint::Unix { .. } => true,
        }))
    }

    /// An exchange with the server at `url`. While there is no way it is not begun; when the way
    /// is cut before its end, nothing comes of it, which shows when there is a way again: until
    /// then there is silence, for as long as the caller waits.
    pub(super) async fn across<T>(
        &self,
        url: &str,
        exchange: impl Future<Output = T>,
    ) -> Option<T> {
        let ends = self.0.as_ref().and_then(|start| Some((start, port_of(url)?)));
        let Some((start, to)) = ends else { return Some(exchange.await) };
        start.wait_until(to, true).await;
        tokio::select! {
            biased;
            () = start.wait_until(to, false) => {}
            answer = exchange => return Some(answer),
        }
        start.wait_until(to, true).await;
        None
    }
}
