//! Taking a dump.

#[cfg(feature = "standin")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::super::exit::ExitCode;
use super::super::options::{OptionError, Options};
use super::super::output;
use super::progress::Progress;
use super::{Dump, Pack, failed};
use crate::client::{AgencyClient, ClientOptions};
use crate::deadline::Deadline;
use crate::dump::{
    AgentToAsk, DumpError, DumpOptions, Manifest, Packing, Place, Taken, agents_within,
    stem_of_now, take_of,
};
use crate::host::Target;

pub(super) fn run(options: &Options, dump: &Dump) -> Result<ExitCode, OptionError> {
    let (client, known) = match options.target()? {
        Target::Agency(agency) | Target::Cluster { agency, .. } => (agency, Vec::new()),
        #[cfg(feature = "standin")]
        Target::Adopted { topology, agency, .. } => (agency, topology_agents(&topology)),
        _ => {
            return Err(OptionError::Missing {
                option: "dump",
                needed: "an agency that exists: --endpoint URL or --topology FILE",
            });
        }
    };
    let wanted = wanted(options, dump)?;
    let deadline = Deadline::default();
    interrupt(deadline.clone());
    Ok(match take(options, dump, *client, known, &wanted, &deadline) {
        Ok(taken) => tell(options, &taken),
        Err(error) => failed(options, &error),
    })
}

fn take(
    options: &Options,
    dump: &Dump,
    client: ClientOptions,
    known: Vec<AgentToAsk>,
    wanted: &DumpOptions,
    deadline: &Deadline,
) -> Result<Taken, DumpError> {
    if let Place::Exactly(path) = &wanted.place
        && path.symlink_metadata().is_ok()
    {
        return Err(DumpError::Exists { path: path.clone() });
    }
    let client = AgencyClient::new(client, deadline.clone())?;
    let mut agents =
        if known.is_empty() { agents_within(&client, wanted.whole_limit) } else { known };
    for called in &dump.agent {
        if !agents.iter().any(|agent| is_called(agent, called)) {
            let known = agents.iter().map(|agent| &*agent.name).collect::<Vec<_>>().join(", ");
            return Err(DumpError::UnknownAgent { agent: called.clone(), known });
        }
    }
    agents.retain(|agent| {
        dump.agent.is_empty() || dump.agent.iter().any(|called| is_called(agent, called))
    });
    let secrets = options.secrets().into_iter().map(String::into_bytes).collect();
    let mut progress = Progress::new();
    let taken = take_of(&client, &agents, secrets, wanted, &|| deadline.check(), &mut |seen| {
        progress.show(seen)
    });
    progress.end();
    taken
}

fn is_called(agent: &AgentToAsk, called: &str) -> bool {
    agent.name == called || agent.id.as_deref() == Some(called)
}

fn wanted(options: &Options, dump: &Dump) -> Result<DumpOptions, OptionError> {
    let packing = match dump.pack {
        Pack::Zip => Packing::Zip,
        Pack::Gzip => Packing::Gzip,
        Pack::Folder => Packing::Folder,
    };
    let place = match &dump.output {
        None => Place::Folder { folder: PathBuf::new(), stem: stem_of_now() },
        Some(path) if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') => {
            Place::Folder { folder: path.clone(), stem: stem_of_now() }
        }
        Some(path) => Place::Exactly(path.clone()),
    };
    let mut wanted =
        DumpOptions { packing, reason: dump.reason.clone(), ..DumpOptions::new(place) };
    if let Some(limit) = options.operation_limit()? {
        wanted.request_limit = limit;
    }
    if let Some(end) = options.ends_at()? {
        wanted.whole_limit = end.saturating_duration_since(Instant::now());
    }
    Ok(wanted)
}

/// The first Ctrl-C calls the dump off, the second one ends the process.
fn interrupt(deadline: Deadline) {
    let seen = AtomicBool::new(false);
    // it is the only handler of this process
    let _ = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(ExitCode::INTERRUPTED.0));
        }
        deadline.interrupt();
    });
}

/// Prints where the dump is, and what is missing in it.
fn tell(options: &Options, taken: &Taken) -> ExitCode {
    for agent in &taken.manifest.agents {
        if let Some(reason) = &agent.skipped {
            output::note(&format!("{} was not asked: {reason}", agent.name));
        }
        for error in &agent.errors {
            output::note(&format!("{}: no {}: {}", agent.name, error.file, error.message));
        }
    }
    output::write(&format!("{}\n", taken.archive.display()));
    let errors = || taken.manifest.agents.iter().flat_map(|agent| &agent.errors);
    let archive = taken.archive.display();
    if errors().any(|error| error.kind == "dump.timeout") {
        let message = format!("the deadline has passed; what had come until then is in {archive}");
        options.reporter().plain(&message, None);
        return ExitCode::DEADLINE;
    }
    let has_content = taken
        .manifest
        .agents
        .iter()
        .any(|agent| agent.files.iter().any(|file| !file.name.ends_with(".error.json")));
    if has_content {
        return ExitCode::OK;
    }
    if is_locked_out(&taken.manifest) {
        let message = format!("no agent lets us in; {archive} holds what they answered");
        options.reporter().plain(
            &message,
            Some("--jwt-secret-file names the agents' secret, --ca-file the authority they trust"),
        );
        return ExitCode::UNAUTHORIZED;
    }
    let message = match taken.answered {
        0 => format!("no agent answered; {archive} holds only what is known of them"),
        _ => format!("no agent gave anything; {archive} holds what they answered"),
    };
    options.reporter().plain(&message, None);
    ExitCode::UNREACHABLE
}

/// Whether credentials or certificates are what is wrong.
fn is_locked_out(manifest: &Manifest) -> bool {
    let mut errors = manifest.agents.iter().flat_map(|agent| &agent.errors).peekable();
    errors.peek().is_some()
        && errors.all(|error| matches!(error.status, Some(401 | 403)) || error.kind.contains("tls"))
}

/// The agents of `cluster up`, with what it knows of them.
#[cfg(feature = "standin")]
fn topology_agents(file: &Path) -> Vec<AgentToAsk> {
    use crate::cluster::{Action, Request, ServerState, Status, Topology, ask};
    use crate::dump::State;

    let Ok(topology) = Topology::read(file) else { return Vec::new() };
    // whoever started them may be gone, and they may be there all the same
    let asked =
        ask(file, &Request { action: Action::Status, names: Vec::new() }).unwrap_or_default();
    let state = |name: &str| match asked.iter().find(|status| status.server.name == name) {
        None => State::Alive,
        Some(Status { state: ServerState::Running, .. }) => State::Alive,
        Some(Status { state: ServerState::Paused, .. }) => State::Suspended,
        Some(Status { state, end, .. }) => {
            let end = end.as_ref().map_or_else(String::new, |end| format!(": {end}"));
            State::Dead { end: format!("{state}{end}") }
        }
    };
    topology
        .agents
        .iter()
        .map(|agent| AgentToAsk {
            name: agent.name.clone(),
            id: Some(agent.id.clone()),
            pid: Some(agent.pid).filter(|pid| *pid != 0),
            url: agent.url.clone(),
            state: state(&agent.name),
        })
        .collect()
}
