//! The agents of a scenario and the lines between them.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use agencysh::cluster::{AgentPlan, Common};
use agencysh::http::Endpoint;
use agencysh::standin::agent::agent_id;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, data_in, leads};
use crate::lines::Line;
use crate::wait::wait_for;

/// What a cluster is like.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    pub agents: usize,
    /// Whether there are lines between the agents that can be cut.
    pub lines: bool,
    /// Bounds of the election timeout.
    pub election_timeout: (Duration, Duration),
    /// More options for the agents.
    pub options: &'a [&'a str],
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            agents: 3,
            lines: false,
            election_timeout: (Duration::from_millis(300), Duration::from_secs(1)),
            options: &[],
        }
    }
}

/// Agents as processes; they end with it.
pub struct Cluster {
    pub agents: Vec<Agent>,
    /// From whom to whom.
    lines: Vec<((usize, usize), Line)>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts the agents and waits until all know the same leader.
    pub fn start(plan: &Plan<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let addresses = free_addresses(plan.agents);
        let endpoints: Vec<String> = addresses.iter().map(|at| format!("tcp://{at}")).collect();
        let numbers = 0..plan.agents;
        let mut lines = Vec::new();
        if plan.lines {
            for from in numbers.clone() {
                for to in numbers.clone().filter(|to| *to != from) {
                    lines.push(((from, to), Line::to(&addresses[to])));
                }
            }
        }
        let data: Vec<_> = numbers.clone().map(|n| data_in(folder.path(), n)).collect();
        let ids: Vec<String> = data.iter().map(|data| agent_id(data).unwrap()).collect();
        if plan.lines {
            for from in numbers.clone() {
                // what an agent remembers of the others is where its own lines begin
                let pool: Vec<(&String, String)> = numbers
                    .clone()
                    .map(|to| {
                        let line = lines.iter().find(|(ends, _)| *ends == (from, to));
                        let at = line.map_or(&*addresses[to], |(_, line)| line.address());
                        (&ids[to], format!("tcp://{at}"))
                    })
                    .collect();
                std::fs::write(data[from].join("pool.json"), json!(pool).to_string()).unwrap();
            }
        }
        let start = |number: usize| {
            let agent = AgentPlan {
                common: Common {
                    endpoint: endpoints[number].clone(),
                    data: data[number].clone(),
                    log: folder.path().join(format!("agent{number}.log")),
                    applications: folder.path().join(format!("agent{number}.apps")),
                    temporary: folder.path().join(format!("agent{number}.tmp")),
                    jwt_secret_file: None,
                    key_file: None,
                },
                agents: endpoints.clone(),
                supervision: None,
                wait_for_sync: None,
                election_timeout: plan.election_timeout,
            };
            Agent::start(ids[number].clone(), &addresses[number], &agent, plan.options)
        };
        let agents = numbers.map(start).collect();
        let cluster = Self { agents, lines, _folder: folder };
        cluster.wait_agreed();
        cluster
    }

    /// Where clients find these agents.
    pub fn endpoints(&self, numbers: &[usize]) -> Vec<Endpoint> {
        let endpoint = |n: &usize| Endpoint::parse(&format!("tcp://{}", self.agents[*n].address));
        numbers.iter().map(|n| endpoint(n).unwrap()).collect()
    }

    /// The numbers of all agents.
    pub fn all(&self) -> Vec<usize> {
        (0..self.agents.len()).collect()
    }

    /// Waits for a leader among the agents that are awake.
    pub fn leader(&self) -> usize {
        self.leader_among(&self.all())
    }

    /// Waits for a leader among some agents, which more than half of all follow.
    pub fn leader_among(&self, numbers: &[usize]) -> usize {
        wait_for("a leader", || {
            let awake = numbers.iter().copied().filter(|n| self.agents[*n].is_awake());
            let configs: Vec<(usize, Value)> =
                awake.filter_map(|n| Some((n, self.agents[n].config()?))).collect();
            let (leader, config) = configs.iter().find(|(_, config)| leads(config))?;
            let follow = |(_, other): &&(usize, Value)| other["leaderId"] == config["leaderId"];
            let followers = configs.iter().filter(follow).count();
            (followers * 2 > self.agents.len()).then_some(*leader)
        })
    }

    /// Waits until all agents follow the same leader and have committed the same.
    pub fn wait_agreed(&self) {
        wait_for("the agents to agree", || {
            let configs: Option<Vec<Value>> = self.agents.iter().map(Agent::config).collect();
            let configs = configs?;
            let same = |what: &str| configs.iter().all(|c| c[what] == configs[0][what]);
            let agreed = same("leaderId") && same("commitIndex") && same("term");
            (agreed && configs.iter().any(leads)).then_some(())
        });
    }

    /// Cuts some agents off from all others.
    pub fn isolate(&self, numbers: &[usize]) {
        for ((from, to), line) in &self.lines {
            if numbers.contains(from) != numbers.contains(to) {
                line.cut();
            }
        }
    }

    /// Mends all lines.
    pub fn heal(&self) {
        for (_, line) in &self.lines {
            line.heal();
        }
    }
}

/// Addresses that nobody listens at, on an interface address of their own: no connection that is
/// made from this machine takes a port there while an agent is down.
fn free_addresses(count: usize) -> Vec<String> {
    static CLUSTERS: AtomicU32 = AtomicU32::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let cluster = u8::try_from(2 + CLUSTERS.fetch_add(1, Ordering::Relaxed) % 200).unwrap();
    let ip = Ipv4Addr::new(127, cluster, high, low.clamp(1, 254));
    let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind((ip, 0)).unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect()
}
