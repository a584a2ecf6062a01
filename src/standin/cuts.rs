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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SERVERS: [&str; 3] = ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "tcp://127.0.0.1:3"];

    /// Which of the servers reach each other, sender first.
    fn reached(cuts: &Cuts) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (number, from) in SERVERS.iter().enumerate() {
            let reach = cuts.way_from(from).reach().unwrap();
            let others = SERVERS.iter().enumerate().filter(|(to, _)| *to != number);
            let reached = others.filter(|(_, to)| reach.reaches(&Endpoint::parse(to).unwrap()));
            pairs.extend(reached.map(|(to, _)| (number + 1, to + 1)));
        }
        pairs
    }

    #[test]
    fn servers_of_different_groups_do_not_reach_each_other() {
        let cuts = Cuts::default();
        let all = reached(&cuts);
        assert_eq!(all.len(), 6);
        cuts.partition([vec![1]]);
        assert_eq!(reached(&cuts), [(2, 3), (3, 2)]);
        cuts.partition([vec![3, 1], vec![]]);
        assert_eq!(reached(&cuts), [(1, 3), (3, 1)]);
        cuts.partition([vec![1], vec![2]]);
        assert_eq!(reached(&cuts), []);
        cuts.heal();
        assert_eq!(reached(&cuts), all);
        assert!(Way::default().reach().is_none());
    }

    async fn is_silent<T>(exchange: impl Future<Output = T>) -> bool {
        tokio::time::timeout(Duration::from_millis(30), exchange).await.is_err()
    }

    #[tokio::test]
    async fn an_exchange_across_a_cut_is_not_begun_and_one_under_way_is_lost() {
        let cuts = Cuts::default();
        let way = cuts.way_from(SERVERS[0]);
        let to = "http://127.0.0.1:2";
        assert_eq!(way.across(to, async { 1 }).await, Some(1));
        cuts.partition([vec![1]]);
        let never = || async { panic!("it was begun") };
        assert!(is_silent(way.across(to, never())).await);
        let waiting = tokio::spawn({
            let way = way.clone();
            async move { way.across(to, async { 2 }).await }
        });
        tokio::task::yield_now().await;
        cuts.heal();
        assert_eq!(waiting.await.unwrap(), Some(2));
        let (answer, answered) = tokio::sync::oneshot::channel();
        let under_way = tokio::spawn(async move { way.across(to, answered).await });
        tokio::task::yield_now().await;
        cuts.partition([vec![2]]);
        // what arrives at the moment of the cut is lost as well
        answer.send(3).unwrap();
        let mut under_way = std::pin::pin!(under_way);
        assert!(is_silent(under_way.as_mut()).await);
        cuts.heal();
        assert!(under_way.await.unwrap().is_none());
    }
}
