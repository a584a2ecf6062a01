//! `cluster`: servers as processes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::exit::ExitCode;
use super::options::Options;
use super::output;
use crate::cluster::{
    Action, Cluster, ClusterError, ClusterOptions, ELECTION_TIMEOUT, Event, LaunchOptions,
    Renaming, Request, ServerState, Status, Supervision, ask, rename,
};
use crate::natives::with_causes;
use crate::replay::{ReplayError, read_tree};

#[derive(Debug, Subcommand)]
pub(super) enum ClusterCommand {
    /// Start a cluster, print `ready: TOPOLOGY`, and watch it until it is told to end
    Up(Up),
    /// End a cluster
    Down(Asked),
    /// Tell what the servers do; exit code 5 when one has crashed
    Status(Asked),
    /// End servers at once, as a crash would
    Kill(Named),
    /// Suspend servers
    Pause(Named),
    /// Let suspended servers go on
    Resume(Named),
    /// Start servers again, ending them first if they run
    Restart(Named),
}

#[derive(Debug, Args)]
pub(super) struct Up {
    /// Number of agents, an odd one
    #[arg(long, value_name = "N", default_value_t = 3)]
    agents: usize,
    /// Number of DB-servers
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = members)]
    dbservers: usize,
    /// Number of coordinators
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = members)]
    coordinators: usize,
    /// The program to start in place of the stand-in, such as a real arangod
    #[arg(long, value_name = "PROGRAM")]
    arangod: Option<PathBuf>,
    /// The folder for data and logs; a temporary one unless given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The first port; free ones unless given
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port_base: Option<u16>,
    /// Let servers speak TLS, with an authority and a certificate made for them
    #[arg(long)]
    tls: bool,
    /// A dump, or a tree in JSON, that the agency begins with
    #[arg(long, value_name = "DUMP")]
    from: Option<PathBuf>,
    /// A server of the dump that is to have another id; repeat it for each
    #[arg(long, value_name = "OLD=NEW", requires = "from")]
    rename: Vec<Renaming>,
    /// How long a server may be silent before it counts as failed
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    supervision_grace_period: Duration,
    /// How long a server counts as good after a heartbeat [default: 5, or half the grace period]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    supervision_ok_threshold: Option<Duration>,
    /// Time between two rounds of the supervision
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    supervision_frequency: Duration,
}

/// More of them than anybody needs would only slow the machine down.
const MOST_MEMBERS: usize = 100;

fn members(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number <= MOST_MEMBERS => Ok(number),
        _ => Err(format!("a number from 0 to {MOST_MEMBERS} is needed")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.trim().parse().ok();
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| "a number of seconds above 0 is needed".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct Asked {}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// Servers, by name or id
    #[arg(required = true)]
    names: Vec<String>,
}

/// Carries out one of the commands.
pub(super) fn run(options: &Options, command: &ClusterCommand) -> ExitCode {
    let done = match command {
        ClusterCommand::Up(up) => self::up(options, up),
        ClusterCommand::Down(_) => order(options, Action::Down, &[]),
        ClusterCommand::Status(_) => order(options, Action::Status, &[]),
        ClusterCommand::Kill(named) => order(options, Action::Kill, &named.names),
        ClusterCommand::Pause(named) => order(options, Action::Pause, &named.names),
        ClusterCommand::Resume(named) => order(options, Action::Resume, &named.names),
        ClusterCommand::Restart(named) => order(options, Action::Restart, &named.names),
    };
    done.unwrap_or_else(|error| {
        options.reporter().plain(&with_causes(&error), None);
        match error {
            ClusterError::NobodyThere { .. } | ClusterError::NotReady { .. } => {
                ExitCode::UNREACHABLE
            }
            ClusterError::UnknownServer { .. }
            | ClusterError::Topology { .. }
            | ClusterError::NoTopology { .. }
            | ClusterError::NoFolder { .. }
            | ClusterError::OtherAgents { .. }
            | ClusterError::OtherTls { .. }
            | ClusterError::Secret(_) => ExitCode::USAGE,
            ClusterError::Interrupted => ExitCode::INTERRUPTED,
            _ => ExitCode::FAILED,
        }
    })
}

fn up(options: &Options, up: &Up) -> Result<ExitCode, ClusterError> {
    if up.agents.is_multiple_of(2) {
        let message = format!("--agents must be an odd number, not {}", up.agents);
        options.reporter().plain(&message, None);
        return Ok(ExitCode::USAGE);
    }
    let ok_threshold = up.supervision_ok_threshold.unwrap_or_else(|| {
        Supervision::default().ok_threshold.min(up.supervision_grace_period / 2)
    });
    if ok_threshold >= up.supervision_grace_period {
        let message = "--supervision-ok-threshold must be less than --supervision-grace-period";
        options.reporter().plain(message, None);
        return Ok(ExitCode::USAGE);
    }
    let servers = up.agents + up.dbservers + up.coordinators;
    if let Some(base) = up.port_base
        && usize::from(u16::MAX - base) + 1 < servers
    {
        let message = match up.agents == servers {
            true => format!("--port-base {base} leaves no ports for {servers} agents"),
            false => format!("--port-base {base} leaves no ports for {servers} servers"),
        };
        options.reporter().plain(&message, None);
        return Ok(ExitCode::USAGE);
    }
    let contents = match up.from.as_deref().map(contents).transpose() {
        Ok(contents) => contents,
        Err(error) => {
            options.reporter().plain(&with_causes(&error), None);
            return Ok(ExitCode::USAGE);
        }
    };
    let contents = match contents.map(|tree| rename(tree, &up.rename)).transpose() {
        Ok(contents) => contents,
        Err(error) => {
            options.reporter().plain(&format!("--rename: {error}"), None);
            return Ok(ExitCode::USAGE);
        }
    };
    let ends_at = match options.ends_at() {
        Ok(ends_at) => ends_at,
        Err(error) => {
            options.reporter().plain(&error.to_string(), None);
            return Ok(ExitCode::USAGE);
        }
    };
    // told to end while it starts, or while it runs
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    // it is the only handler of this process
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst));
    let is_over = || ends_at.is_some_and(|end| Instant::now() >= end);
    let interrupted = || ended.load(Ordering::SeqCst) || is_over();
    let temporary = match &up.data {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("agencysh-")
                .tempdir()
                .map_err(|source| ClusterError::File { path: std::env::temp_dir(), source })?,
        ),
    };
    let data = up.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().into()));
    let data = data.unwrap_or_default();
    std::fs::create_dir_all(&data)
        .map_err(|source| ClusterError::File { path: data.clone(), source })?;
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let topology = options.topology_file().unwrap_or_else(|| data.join("topology.json"));
    let topology = absolute(&topology);
    let program = LaunchOptions { arangod: up.arangod.clone(), ..LaunchOptions::default() };
    let program = program
        .program_words()
        .map_err(|source| ClusterError::File { path: "agencysh".into(), source })?;
    let started = Cluster::start(
        ClusterOptions {
            program,
            agents: up.agents,
            dbservers: up.dbservers,
            coordinators: up.coordinators,
            data: absolute(&data),
            port_base: up.port_base,
            ports: None,
            memory: None,
            output: None,
            jwt_secret_file: options.jwt_secret_file().map(absolute),
            tls: up.tls,
            supervision: (up.dbservers + up.coordinators > 0).then_some(Supervision {
                grace_period: up.supervision_grace_period,
                ok_threshold,
                frequency: up.supervision_frequency,
            }),
            wait_for_sync: None,
            arguments: BTreeMap::new(),
            election_timeout: ELECTION_TIMEOUT,
            topology: topology.clone(),
            contents,
        },
        &interrupted,
    );
    let cluster = match started {
        Err(ClusterError::Interrupted) if !ended.load(Ordering::SeqCst) => {
            let message = "the deadline has passed while the cluster was starting";
            options.reporter().plain(message, None);
            return Ok(ExitCode::DEADLINE);
        }
        started => started?,
    };
    if let Err(code) = output::try_write(&format!("ready: {}\n", topology.display())) {
        cluster.end();
        return Ok(code);
    }
    cluster.watch(&interrupted, &mut |event| {
        output::note(&match event {
            Event::Crashed { name, pid, end, log, .. } => {
                format!("{name} (process {pid}) ended unasked: {end}; the end of its log:\n{log}")
            }
            Event::Ended { name, pid, end } => {
                format!("{name} (process {pid}) was told by somebody else to end: {end}")
            }
        });
    })?;
    Ok(match is_over() && !ended.load(Ordering::SeqCst) {
        true => ExitCode::DEADLINE,
        false => ExitCode::OK,
    })
}

/// The tree in a file.
fn contents(file: &Path) -> Result<Map<String, Value>, ReplayError> {
    match read_tree(file)?.into() {
        Value::Object(tree) => Ok(tree),
        _ => Err(ReplayError::NoTree { file: file.to_owned() }),
    }
}

fn order(options: &Options, action: Action, names: &[String]) -> Result<ExitCode, ClusterError> {
    let Some(topology) = options.topology_file() else {
        let message = "--topology FILE tells which cluster is meant: `cluster up` printed it";
        options.reporter().plain(message, None);
        return Ok(ExitCode::USAGE);
    };
    let servers = ask(&topology, &Request { action, names: names.to_vec() })?;
    if action != Action::Status {
        return Ok(ExitCode::OK);
    }
    for server in &servers {
        output::write(&line(server));
    }
    let crashed = servers.iter().any(|server| server.state == ServerState::Crashed);
    Ok(if crashed { ExitCode::FINDINGS } else { ExitCode::OK })
}

fn line(status: &Status) -> String {
    let Status { server, state, end, .. } = status;
    let end = end.as_ref().map_or_else(String::new, |end| format!("  {end}"));
    format!(
        "{:<12} {:<8} {:>8}  {}  {}{end}\n",
        server.name, state, server.pid, server.url, server.id
    )
}
