//! Who the agents of a client are.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::DumpError;
use super::filter::KnownSecrets;
use super::options::{AgentToAsk, DumpOptions};
use super::take::{Progress, Taken, take};
use crate::client::{AgencyClient, Agent, agents_of as members_of};
use crate::deadline::{Deadline, Stop};
use crate::http::{Endpoint, Request};

/// The longest that it may take to find out who the agents are.
const FINDING_LIMIT: Duration = Duration::from_secs(5);

/// The agents of an agency, as the first of them tells it that answers. When none does within some seconds,
/// those that the client knows.
pub fn agents_of(client: &AgencyClient) -> Vec<AgentToAsk> {
    agents_within(client, FINDING_LIMIT)
}

/// As [`agents_of`], in no more time than `limit`.
pub fn agents_within(client: &AgencyClient, limit: Duration) -> Vec<AgentToAsk> {
    let members = members(client, limit.min(FINDING_LIMIT)).into_iter();
    let mut found: Vec<AgentToAsk> = members
        .filter_map(|agent| {
            let url = Endpoint::parse(&agent.endpoint).ok()?.url();
            Some(AgentToAsk { id: Some(agent.id), url, ..AgentToAsk::default() })
        })
        .collect();
    if found.is_empty() {
        let known = client.endpoints().into_iter();
        found = known.map(|url| AgentToAsk { url, ..AgentToAsk::default() }).collect();
    }
    // in the order in which the client was given them
    found.sort_by_key(|agent| client.place_of(&agent.url).unwrap_or(usize::MAX));
    for (place, agent) in found.iter_mut().enumerate() {
        agent.name = format!("agent{}", place + 1);
    }
    found
}

/// Asks all agents that the client knows at once who the members are.
fn members(client: &AgencyClient, limit: Duration) -> Vec<Agent> {
    let end = Instant::now() + limit;
    let (answers, waiting) = channel();
    for url in client.endpoints() {
        let (client, answers) = (client.clone(), answers.clone());
        let ask = move || {
            // nobody listens any more when another one was faster
            let _ = answers.send(members_by(&client, &url, limit));
        };
        // one that cannot be asked tells nothing
        let _ = std::thread::Builder::new().name("agencysh-agents".to_owned()).spawn(ask);
    }
    drop(answers);
    while let Ok(members) = waiting.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if !members.is_empty() {
            return members;
        }
    }
    Vec::new()
}

fn members_by(client: &AgencyClient, url: &str, limit: Duration) -> Vec<Agent> {
    let Ok(auth) = client.auth().header() else { return Vec::new() };
    let request =
        Request::new("GET", format!("{url}/_api/agency/config")).auth(auth).timeout(limit);
    let answer = client.http().send(request, &Deadline::default());
    let config = answer.ok().and_then(|answer| serde_json::from_slice(&answer.body).ok());
    config.map(|config| members_of(&config)).unwrap_or_default()
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
