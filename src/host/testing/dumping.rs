//! A dump of the agency for each test that failed.

use std::path::Path;
use std::time::Duration;

use super::stage::Stage;
use crate::deadline::{Deadline, Stop};
use crate::dump::{
    AgentToAsk, DumpOptions, Place, State, agents_of, hurried, stem_of_cluster, take_of,
};
use crate::natives::cluster::InstanceState;
use crate::natives::with_causes;

/// How long a look at the servers may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Takes a dump for a test that failed; tells where it is, or why there is none.
pub(super) fn dump(stage: &Stage, folder: &Path, test: &str, timeout: Duration) -> Option<String> {
    // without an agency there is nothing to dump
    let client = stage.host().glance_at_agency(timeout)?;
    let cluster = stage.host().current_cluster();
    let number = cluster.as_ref().and_then(|cluster| u64::try_from(cluster.number()).ok());
    let place =
        Place::Folder { folder: folder.to_owned(), stem: stem_of_cluster(number.unwrap_or(1)) };
    let options = DumpOptions {
        number,
        whole_limit: hurried(timeout).max(LOOK_LIMIT),
        reason: "test_failed".to_owned(),
        test: Some(test.to_owned()),
        ..DumpOptions::new(place)
    };
    let mut agents = agents_of(&client);
    if let Some(cluster) = cluster {
        let deadline = Deadline::after(Some(LOOK_LIMIT));
        for facts in cluster.provider().instances(&deadline).unwrap_or_default() {
            let agent = agents.iter_mut().find(|agent| agent.url == facts.url);
            match (agent, facts.role.as_str()) {
                (Some(agent), _) => note(agent, facts),
                (None, "agent") => {
                    let mut agent = AgentToAsk { url: facts.url.clone(), ..AgentToAsk::default() };
                    note(&mut agent, facts);
                    agents.push(agent);
                }
                (None, _) => {}
            }
        }
    }
    let is_over = || match stage.is_cancelled() {
        true => Err(Stop::Interrupted),
        false => Ok(()),
    };
    let taken = take_of(&client, &agents, Vec::new(), &options, &is_over, &mut |_| {});
    Some(match taken {
        Ok(taken) => format!("the agency's dump is {}", taken.archive.display()),
        Err(error) => format!("there is no dump of the agency: {}", with_causes(&error)),
    })
}

/// What is known of an agent of our own.
fn note(agent: &mut AgentToAsk, facts: crate::natives::cluster::InstanceFacts) {
    agent.name = facts.name;
    agent.id = facts.id.or(agent.id.take());
    // numbers of embedded servers are those of no process
    agent.pid = facts.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid < 1 << 31);
    agent.state = match facts.state {
        InstanceState::Running => State::Alive,
        InstanceState::Suspended => State::Suspended,
        InstanceState::Stopped => State::Dead { end: "it was ended".to_owned() },
        InstanceState::Crashed => State::Dead { end: "it ended unasked".to_owned() },
    };
}
