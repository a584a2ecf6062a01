//! `arangod`: one stand-in server, started with arangod's own options.

mod endpoint;
mod log;
mod member;
mod options;

use std::ffi::OsString;
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::exit::ExitCode;
use super::report::Reporter;
use super::{options::When, output};
use crate::auth::{Secret, SecretError};
use crate::cluster::owner;
use crate::natives::with_causes;
use crate::standin::agent::{
    Authentication, KeyFileError, LogControl, ServerCertificate, SupervisionConfig,
};
use crate::standin::process::{AgentProcess, ProcessError};
use crate::standin::{MemberRole, NoRole};
use endpoint::ListenEndpoint;
use options::ArangodOptions;

/// How long a server that nobody watches over may take to end in good order.
const LONELY_PATIENCE: Duration = Duration::from_secs(10);

/// Why the command line does not describe a server.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "tell which part to play: --agency.activate true, or --cluster.my-role DBSERVER or COORDINATOR; there is no single server"
    )]
    NoRole,
    #[error("--cluster.my-role is not possible")]
    Role(#[from] NoRole),
    #[error("--agency.activate and --cluster.my-role exclude each other")]
    TwoRoles,
    #[error("a member of a cluster needs an agent: --cluster.agency-endpoint tells where one is")]
    NoAgency,
    #[error("{option} '{given}' is no endpoint of a server, such as tcp://127.0.0.1:8531")]
    Address { option: &'static str, given: String },
    #[error("--agency.size must be an odd number, not {size}")]
    Size { size: usize },
    #[error("--agency.election-timeout-max must be greater than --agency.election-timeout-min")]
    Timing,
    #[error("the secret cannot be used")]
    Secret(#[from] SecretError),
    #[error(
        "--server.endpoint '{endpoint}' is no endpoint to listen on, such as tcp://127.0.0.1:8531 or ssl://127.0.0.1:8531"
    )]
    Endpoint { endpoint: String },
    #[error(
        "--server.endpoint '{endpoint}' needs --ssl.keyfile: a PEM file with certificate and private key"
    )]
    NoKeyFile { endpoint: String },
    #[error(
        "{option} is not possible: the stand-in does not judge the certificates of clients, and would let in whom it should keep out"
    )]
    ClientCertificates { option: &'static str },
    #[error("--ssl.keyfile cannot be used")]
    KeyFile(#[from] KeyFileError),
    #[error("cannot listen on {address}")]
    Listen {
        address: String,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Log(#[from] log::LogError),
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Runs a server until it is told to end.
pub(super) fn run(words: Vec<OsString>) -> ExitCode {
    let (options, without_meaning) = match options::parse(words) {
        Ok(parsed) => parsed,
        Err(error) => {
            // what cannot be printed has nobody to read it
            let _ = error.print();
            return ExitCode(u8::try_from(error.exit_code()).unwrap_or(ExitCode::USAGE.0));
        }
    };
    match serve(&options, &without_meaning) {
        Ok(()) => ExitCode::OK,
        Err(refusal) => {
            let colored = output::colored(When::Auto, &std::io::stderr());
            Reporter::new(colored).plain(&with_causes(&refusal), None);
            match refusal {
                Refusal::Process(_) | Refusal::Listen { .. } => ExitCode::FAILED,
                _ => ExitCode::USAGE,
            }
        }
    }
}

/// What is to be played.
enum Part {
    Agent,
    Member(MemberRole),
}

impl Part {
    fn of(options: &ArangodOptions) -> Result<Self, Refusal> {
        match (options.agency_activate, options.cluster_my_role.as_deref()) {
            (true, None | Some("AGENT" | "AGENCY")) => Ok(Self::Agent),
            (true, Some(_)) => Err(Refusal::TwoRoles),
            (false, Some(role)) if !role.eq_ignore_ascii_case("SINGLE") => {
                Ok(Self::Member(role.parse()?))
            }
            (false, _) => Err(Refusal::NoRole),
        }
    }

    /// Checks what only this part needs.
    fn check(&self, options: &ArangodOptions) -> Result<(), Refusal> {
        match self {
            Self::Agent if options.agency_size.is_multiple_of(2) => {
                Err(Refusal::Size { size: options.agency_size })
            }
            Self::Agent if options.election_timeout_max <= options.election_timeout_min => {
                Err(Refusal::Timing)
            }
            Self::Agent => Ok(()),
            Self::Member(_) => member::check(options),
        }
    }

    /// Where others are told that the server is, if that is given.
    fn address<'a>(&self, options: &'a ArangodOptions) -> Option<&'a String> {
        match self {
            Self::Agent => options.agency_my_address.as_ref(),
            Self::Member(_) => options.cluster_my_address.as_ref(),
        }
    }
}

/// What a server has, whatever its part.
struct Ready {
    listener: TcpListener,
    /// What others are told.
    endpoint: String,
    authentication: Option<Authentication>,
    certificate: Option<ServerCertificate>,
    log: LogControl,
}

fn serve(options: &ArangodOptions, without_meaning: &[String]) -> Result<(), Refusal> {
    let part = Part::of(options)?;
    part.check(options)?;
    let ready = ready(options, &part)?;
    if !without_meaning.is_empty() {
        let names = without_meaning.join(", ");
        tracing::info!("these options mean nothing to the stand-in: {names}");
    }
    end_with_owner();
    match part {
        Part::Agent => agent(options, ready).run()?,
        Part::Member(role) => member::process(options, role, ready).run()?,
    }
    Ok(())
}

fn ready(options: &ArangodOptions, part: &Part) -> Result<Ready, Refusal> {
    if options.ssl_cafile.is_some() {
        return Err(Refusal::ClientCertificates { option: "--ssl.cafile" });
    }
    if options.ssl_require_peer_certificate == Some(true) {
        return Err(Refusal::ClientCertificates { option: "--ssl.require-peer-certificate" });
    }
    allow_files();
    let log = log::start(&options.log_level, &options.log_output, options.log_file.as_deref())?;
    let authentication = authentication(options)?;
    let endpoint = ListenEndpoint::parse(&options.server_endpoint)
        .ok_or_else(|| Refusal::Endpoint { endpoint: options.server_endpoint.clone() })?;
    let certificate = certificate(options, &endpoint)?;
    let failed = |source| Refusal::Listen { address: endpoint.address.clone(), source };
    let listener = TcpListener::bind(&endpoint.address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    if certificate.is_none() && options.ssl_keyfile.is_some() {
        tracing::info!(
            "--ssl.keyfile is not used: {} is no ssl:// endpoint",
            options.server_endpoint
        );
    }
    let told = part.address(options);
    if let Some(address) = told
        && ListenEndpoint::parse(address).is_some_and(|told| told.tls != endpoint.tls)
    {
        tracing::warn!(
            "others are told {address}, but this server listens at {}: they cannot talk to it unless something between them adds or takes off TLS",
            options.server_endpoint
        );
    }
    let endpoint = told.cloned().unwrap_or_else(|| endpoint.advertised(bound));
    Ok(Ready { listener, endpoint, authentication, certificate, log })
}

fn agent(options: &ArangodOptions, ready: Ready) -> AgentProcess {
    AgentProcess {
        listener: ready.listener,
        endpoint: ready.endpoint,
        peers: options.agency_endpoint.clone(),
        size: options.agency_size,
        directory: options.database_directory.clone(),
        authentication: ready.authentication,
        certificate: ready.certificate,
        min_ping: options.election_timeout_min,
        max_ping: options.election_timeout_max,
        wait_for_sync: options.wait_for_sync,
        compaction_step: options.compaction_step_size,
        compaction_keep: options.compaction_keep_size,
        log: ready.log,
        supervision: SupervisionConfig {
            enabled: options.supervision,
            frequency: options.supervision_frequency,
            grace_period: options.supervision_grace_period,
            ok_threshold: options.supervision_ok_threshold,
            expired_servers_grace_period: options.supervision_expired_servers_grace_period,
            delay_add_follower: options.supervision_delay_add_follower,
            delay_failed_follower: options.supervision_delay_failed_follower,
            failed_leader_adds_follower: options.supervision_failed_leader_adds_follower,
        },
    }
}

fn authentication(options: &ArangodOptions) -> Result<Option<Authentication>, SecretError> {
    if !options.server_authentication {
        return Ok(None);
    }
    let secrets = if let Some(text) = &options.jwt_secret {
        vec![Secret::new(text.as_bytes())?]
    } else if let Some(file) = &options.jwt_secret_keyfile {
        vec![Secret::from_file(file)?]
    } else if let Some(folder) = &options.jwt_secret_folder {
        Secret::from_folder(folder)?
    } else {
        tracing::warn!(
            "no secret is configured: nobody can log in (--server.jwt-secret-keyfile, or --server.authentication false)"
        );
        Vec::new()
    };
    if secrets.first().is_some_and(|active| !active.can_sign()) {
        return Err(SecretError::CannotSign);
    }
    Ok(Some(Authentication::new(secrets)))
}

/// What is shown to clients; nothing where they speak no TLS.
fn certificate(
    options: &ArangodOptions,
    endpoint: &ListenEndpoint,
) -> Result<Option<ServerCertificate>, Refusal> {
    if !endpoint.tls {
        return Ok(None);
    }
    match &options.ssl_keyfile {
        Some(file) => Ok(Some(ServerCertificate::from_file(file)?)),
        None => Err(Refusal::NoKeyFile { endpoint: options.server_endpoint.clone() }),
    }
}

/// Lets this server end when nobody watches over it any more, if somebody did when it was started.
fn end_with_owner() {
    let Some(lock) = owner::own_lock() else { return };
    let watch = move || {
        let Ok(_locked) = owner::wait_until_alone(&lock) else { return };
        tracing::warn!("nobody watches over this server any more: it ends");
        // whoever it waits for may be gone, too
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGTERM);
        std::thread::sleep(LONELY_PATIENCE);
        std::process::exit(i32::from(ExitCode::FAILED.0));
    };
    if let Err(error) = std::thread::Builder::new().name("owner-watch".to_owned()).spawn(watch) {
        tracing::warn!("this server may outlive whoever watches over it: {error}");
    }
}

/// As many open files as the system allows, for as many connections.
fn allow_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // with fewer, idle connections are closed earlier
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}
