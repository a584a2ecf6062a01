//! Who the agents of a client are.

use std::time::Duration;

use super::DumpError;
use super::filter::KnownSecrets;
use super::options::{AgentToAsk, DumpOptions};
use super::take::{Progress, Taken, take};
use crate::client::AgencyClient;
use crate::deadline::Stop;
use crate::http::Endpoint;

/// How long it may take to find out who the agents are.
const FINDING_LIMIT: Duration = Duration::from_secs(5);

/// The agents of an agency, as one of them tells it. When none does, those that the client knows.
pub fn agents_of(client: &AgencyClient) -> Vec<AgentToAsk> {
    let known = client.endpoints();
    let mut found: Vec<AgentToAsk> = Vec::new();
    for agent in client.glancing(FINDING_LIMIT).agents().unwrap_or_default() {
        if let Ok(endpoint) = Endpoint::parse(&agent.endpoint) {
            let url = endpoint.url();
            found.push(AgentToAsk {
                name: agent.id.clone(),
                id: Some(agent.id),
                url,
                ..AgentToAsk::default()
            });
        }
    }
    if found.is_empty() {
        found = known.into_iter().map(|url| AgentToAsk { url, ..AgentToAsk::default() }).collect();
    }
    // in the order in which the client was given them
    found.sort_by_key(|agent| client.place_of(&agent.url).unwrap_or(usize::MAX));
    for (place, agent) in found.iter_mut().enumerate() {
        agent.name = format!("agent{}", place + 1);
    }
    found
}

/// Takes a dump of these agents with the connections and credentials of a client.
///
/// # Errors
/// As [`take`].
pub fn take_of(
    client: &AgencyClient,
    agents: &[AgentToAsk],
    more_secrets: Vec<Vec<u8>>,
    options: &DumpOptions,
    is_over: &dyn Fn() -> Result<(), Stop>,
    onlooker: &mut dyn FnMut(Progress<'_>),
) -> Result<Taken, DumpError> {
    let secrets = KnownSecrets::of(client.auth(), more_secrets)?;
    take(client.http(), client.auth(), secrets, agents, options, is_over, onlooker)
}
