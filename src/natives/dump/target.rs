//! Whose dump is meant, and what is known of its agents.

use std::time::Duration;

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value};

use crate::client::AgencyClient;
use crate::deadline::Deadline;
use crate::dump::{AgentToAsk, State, agents_within};
use crate::natives::cluster::{Cluster, Clusters, Instance, InstanceFacts, InstanceState};
use crate::natives::dispatch::type_word;
use crate::natives::{NativeContext, NativeError, NativeResult};

/// Numbers from here on stand for processes and are none.
const NO_PROCESSES: i64 = 1 << 31;

/// A cluster, or agents of which nothing else is known.
pub(super) enum Meant {
    Cluster(Cluster),
    Agency(AgencyClient),
}

/// Whom to ask.
pub(super) struct Target {
    pub(super) client: AgencyClient,
    pub(super) agents: Vec<AgentToAsk>,
}

impl Meant {
    /// The cluster or the agency that is given as such, or in the map that stands for a manager.
    pub(super) fn of(run: &NativeContext, given: &Dynamic) -> NativeResult<Self> {
        let members = given.read_lock::<Map>().map(|map| {
            let member = |key: &str| map.get(key).filter(|value| !value.is_unit()).cloned();
            (member("cluster"), member("agency"))
        });
        let inner = members.and_then(|(cluster, agency)| cluster.or(agency));
        let given = inner.unwrap_or_else(|| given.clone());
        if let Some(cluster) = given.clone().try_cast::<Cluster>() {
            return Ok(Self::Cluster(cluster));
        }
        let Some(client) = given.clone().try_cast::<AgencyClient>() else {
            let found = type_word(&given);
            let text = format!("a Cluster or an Agency is needed, not {found}");
            return Err(NativeError::wrong_type(text));
        };
        // of the run's own servers more is known
        match run.extension::<Clusters>().current() {
            Ok(cluster) if is_of(cluster, &client) => Ok(Self::Cluster(cluster.clone())),
            _ => Ok(Self::Agency(client)),
        }
    }

    /// The cluster's number; agents alone have none of their own.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Cluster(cluster) => u64::try_from(cluster.number()).unwrap_or_default(),
            Self::Agency(_) => 0,
        }
    }

    /// Whether there is anything that could be asked.
    pub(super) fn is_started(&self) -> bool {
        match self {
            Self::Cluster(cluster) => cluster.provider().is_started(),
            Self::Agency(_) => true,
        }
    }

    /// The options that the cluster was launched with.
    pub(super) fn options(&self) -> JsonMap<String, Value> {
        match self {
            Self::Cluster(cluster) => cluster.provider().options(),
            Self::Agency(_) => JsonMap::new(),
        }
    }

    /// What stays the same while it runs.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Cluster(cluster) => cluster.number().to_string(),
            Self::Agency(client) => {
                let mut endpoints = client.endpoints();
                endpoints.sort_unstable();
                endpoints.join(" ")
            }
        }
    }

    /// Its agents.
    pub(super) fn target(&self, deadline: &Deadline) -> NativeResult<Target> {
        let agents_of = |client: &AgencyClient| {
            agents_within(client, deadline.remaining().unwrap_or(Duration::MAX))
        };
        match self {
            Self::Agency(client) => {
                Ok(Target { client: client.clone(), agents: agents_of(client) })
            }
            Self::Cluster(cluster) => {
                let client = cluster.agency(deadline)?;
                let all = cluster.provider().instances(deadline)?;
                let agents: Vec<AgentToAsk> =
                    all.into_iter().filter(|facts| facts.role == "agent").map(to_ask).collect();
                let agents = if agents.is_empty() { agents_of(&client) } else { agents };
                Ok(Target { client, agents })
            }
        }
    }
}

/// Which agent is meant: by its handle, or as it is called.
pub(super) fn called(agent: &Dynamic) -> NativeResult<String> {
    if let Some(instance) = agent.clone().try_cast::<Instance>() {
        return Ok(instance.name().to_owned());
    }
    Ok(crate::natives::argument::text(agent, "the agent, if it is no Instance,")?.to_string())
}

/// Whether a cluster runs, and this is a client of its agents.
fn is_of(cluster: &Cluster, client: &AgencyClient) -> bool {
    let known = cluster.provider();
    if !known.is_started() {
        return false;
    }
    // it runs: nothing has to be waited for
    let instances = known.instances(&Deadline::default()).unwrap_or_default();
    let endpoints = client.endpoints();
    instances.iter().any(|facts| facts.role == "agent" && endpoints.contains(&facts.url))
}

fn to_ask(facts: InstanceFacts) -> AgentToAsk {
    let state = match facts.state {
        InstanceState::Running => State::Alive,
        InstanceState::Suspended => State::Suspended,
        InstanceState::Stopped | InstanceState::Crashed => State::Dead { end: end(&facts) },
    };
    AgentToAsk {
        name: facts.name,
        id: facts.id,
        pid: facts.pid.filter(|pid| *pid < NO_PROCESSES).and_then(|pid| u32::try_from(pid).ok()),
        url: facts.url,
        state,
    }
}

/// How a server ended, in words.
fn end(facts: &InstanceFacts) -> String {
    let exit = facts.exit.unwrap_or_default();
    let how = match (exit.signal, exit.code) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => facts.state.name().to_owned(),
    };
    match facts.state {
        InstanceState::Crashed => format!("{how}, unasked"),
        _ => how,
    }
}
