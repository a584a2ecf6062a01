//! What the agents tell about themselves.

use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::request::{Call, Failure};
use super::{AgencyClient, ClientError};
use crate::http::Endpoint;

/// How long one agent may take to tell how it is.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// A member of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id, such as `AGNT-…`.
    pub id: String,
    /// Where it listens, as the agency's pool has it.
    pub endpoint: String,
    /// Whether it leads.
    pub leading: bool,
}

/// How one agent is.
#[derive(Debug, Clone)]
pub struct AgentHealth {
    /// Which agent.
    pub agent: Agent,
    /// Whether it answers.
    pub reachable: bool,
    /// Who leads, in its opinion.
    pub leader_id: Option<String>,
    /// Its Raft term.
    pub term: Option<u64>,
    /// Its commit index.
    pub commit_index: Option<u64>,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// How the agency is.
#[derive(Debug, Clone)]
pub struct Health {
    /// Every agent answers and all name the same leader.
    pub healthy: bool,
    /// The leader that a majority names.
    pub leader_id: Option<String>,
    /// Each agent.
    pub agents: Vec<AgentHealth>,
}

/// Who leads, in the opinion of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The leader, when the agent knows of one.
    pub leader: Option<Agent>,
    /// The Raft term.
    pub term: Option<u64>,
}

impl AgencyClient {
    /// Asks whoever answers first who leads, and does not wait for a leader.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn standing(&self) -> Result<Standing, ClientError> {
        let config = self.config(None)?;
        let leader = agents_of(&config).into_iter().find(|agent| agent.leading);
        Ok(Standing { leader, term: config.get("term").and_then(Value::as_u64) })
    }

    /// The configuration as the given agent tells it, or the likely leader.
    ///
    /// # Errors
    /// [`ClientError::UnknownAgent`] and others.
    pub fn config(&self, agent: Option<&str>) -> Result<Value, ClientError> {
        let call = Call::get("/_api/agency/config");
        match agent {
            Some(id) => self.request_from(&self.endpoint_of(id)?, &call)?.json(),
            None => {
                let mut budget = self.budget();
                self.request(&call, &mut budget).map_err(Failure::into_error)?.json()
            }
        }
    }

    /// Tree and log as the given agent has them, or the leader; the answer can be very large.
    ///
    /// # Errors
    /// [`ClientError::UnknownAgent`] and others.
    pub fn state(&self, agent: Option<&str>) -> Result<Value, ClientError> {
        self.state_answer(agent)?.json()
    }

    /// The answer to a question for the state as it came.
    pub(super) fn state_answer(&self, agent: Option<&str>) -> Result<Answer, ClientError> {
        match agent {
            Some(id) => self.request_from(&self.endpoint_of(id)?, &Call::get("/_api/agency/state")),
            None => {
                let call = Call::get("/_api/agency/state?redirectToLeader=true");
                let mut budget = self.budget();
                self.request(&call, &mut budget).map_err(Failure::into_error)
            }
        }
    }

    /// The leader; waits for one to be elected. The client asks it first from now on.
    ///
    /// # Errors
    /// [`ClientError::NoLeader`] and others.
    pub fn leader(&self) -> Result<Agent, ClientError> {
        let mut budget = self.budget();
        loop {
            let call = Call::get("/_api/agency/config");
            let config = self.request(&call, &mut budget).map_err(Failure::into_error)?.json()?;
            let named = agents_of(&config).into_iter().find(|agent| agent.leading);
            if let Some(leader) = named
                && let Ok(endpoint) = Endpoint::parse(&leader.endpoint)
                && self.leads(&endpoint, &leader.id, ASK_LIMIT.min(budget.left()))
            {
                self.shared.endpoints.promote(endpoint);
                return Ok(leader);
            }
            if let Some(asked) = self.shared.endpoints.current() {
                self.shared.endpoints.rotate(&asked);
            }
            if !budget.pause()? {
                let endpoints = self.endpoints().join(", ");
                return Err(ClientError::NoLeader { after: budget.spent(), endpoints });
            }
        }
    }

    /// Whether the agent at `endpoint` is that leader, in its own opinion: others may not know yet that it stopped.
    fn leads(&self, endpoint: &Endpoint, id: &str, limit: Duration) -> bool {
        let call = Call { try_limit: Some(limit), ..Call::get("/_api/agency/config") };
        let own = self.request_from(endpoint, &call).and_then(|answer| answer.json());
        own.is_ok_and(|own| own.get("leaderId").and_then(Value::as_str) == Some(id))
    }

    /// The members of the agency, by id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn agents(&self) -> Result<Vec<Agent>, ClientError> {
        Ok(agents_of(&self.config(None)?))
    }

    /// Asks all agents at the same time how they are.
    ///
    /// # Errors
    /// [`ClientError`] when nobody tells who the members are.
    pub fn health(&self) -> Result<Health, ClientError> {
        let members = self.agents()?;
        let answers: Vec<_> = std::thread::scope(|scope| {
            let ask = |agent| scope.spawn(move || self.health_of(agent));
            let asked: Vec<_> = members.into_iter().map(ask).collect();
            let answered = asked.into_iter().map(|one| one.join());
            answered
                .map(|answer| answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut agents = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let leader_id = majority(&agents);
        for member in &mut agents {
            member.agent.leading = leader_id.as_ref() == Some(&member.agent.id);
        }
        let healthy =
            leader_id.is_some() && agents.iter().all(|member| member.leader_id == leader_id);
        Ok(Health { healthy, leader_id, agents })
    }

    fn health_of(&self, agent: Agent) -> Result<AgentHealth, ClientError> {
        let call = Call { try_limit: Some(ASK_LIMIT), ..Call::get("/_api/agency/config") };
        let config = parse(&agent)
            .and_then(|endpoint| self.request_from(&endpoint, &call))
            .and_then(|answer| answer.json());
        match config {
            Err(ClientError::Stopped(stop)) => Err(stop.into()),
            Err(error) => Ok(AgentHealth {
                agent,
                reachable: false,
                leader_id: None,
                term: None,
                commit_index: None,
                error: Some(error.to_string()),
            }),
            Ok(config) => Ok(AgentHealth {
                agent,
                reachable: true,
                leader_id: leader_id_of(&config).map(str::to_owned),
                term: config.get("term").and_then(Value::as_u64),
                commit_index: config.get("commitIndex").and_then(Value::as_u64),
                error: None,
            }),
        }
    }

    fn endpoint_of(&self, id: &str) -> Result<Endpoint, ClientError> {
        let agents = self.agents()?;
        let agent = agents.iter().find(|agent| agent.id == id);
        parse(agent.ok_or_else(|| ClientError::UnknownAgent { id: id.to_owned() })?)
    }
}

/// Where the agent with this id listens, as the agency's pool has it.
pub(super) fn endpoint_of_agent(client: &AgencyClient, id: &str) -> Result<Endpoint, ClientError> {
    client.endpoint_of(id)
}

fn parse(agent: &Agent) -> Result<Endpoint, ClientError> {
    Endpoint::parse(&agent.endpoint).map_err(|error| ClientError::BadAnswer {
        endpoint: agent.endpoint.clone(),
        reason: format!("the pool's endpoint of {}: {error}", agent.id),
    })
}

fn leader_id_of(config: &Value) -> Option<&str> {
    config.get("leaderId").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// The members of the agency, by id, that a configuration names.
pub(crate) fn agents_of(config: &Value) -> Vec<Agent> {
    let leader = leader_id_of(config);
    let pool = config.pointer("/configuration/pool").and_then(Value::as_object);
    let mut agents: Vec<Agent> = pool
        .into_iter()
        .flatten()
        .map(|(id, endpoint)| Agent {
            id: id.clone(),
            endpoint: endpoint.as_str().unwrap_or_default().to_owned(),
            leading: leader == Some(id),
        })
        .collect();
    agents.sort_by(|a, b| a.id.cmp(&b.id));
    agents
}

fn majority(agents: &[AgentHealth]) -> Option<String> {
    let votes =
        |id: &String| agents.iter().filter(|member| member.leader_id.as_ref() == Some(id)).count();
    let named = agents.iter().filter_map(|member| member.leader_id.as_ref());
    named.max_by_key(|id| votes(id)).filter(|id| votes(id) * 2 > agents.len()).cloned()
}
