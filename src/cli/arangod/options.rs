//! The options of arangod: those that the stand-in obeys, and those that mean nothing to it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Args, Command, FromArgMatches};

/// Options that real servers are started with and that change nothing here.
const WITHOUT_MEANING: &[&str] = &[
    "agency.disaster-recovery-id",
    "agency.max-append-size",
    "agency.pool-size",
    "cache.size",
    "cluster.default-replication-factor",
    "config",
    "configuration",
    "console",
    "database.auto-upgrade",
    "database.default-replication-version",
    "define",
    "foxx.api",
    "foxx.force-update-on-startup",
    "foxx.queues",
    "http.keep-alive-timeout",
    "http.trusted-origin",
    "javascript.app-path",
    "javascript.copy-installation",
    "javascript.enabled",
    "javascript.module-directory",
    "javascript.startup-directory",
    "javascript.v8-contexts",
    "log.color",
    "log.foreground-tty",
    "log.force-direct",
    "log.ids",
    "log.process",
    "log.role",
    "log.thread",
    "log.time-format",
    "log.use-json-format",
    "log.use-microtime",
    "query.global-memory-limit",
    "query.memory-limit",
    "replication.auto-start",
    "rocksdb.block-cache-size",
    "rocksdb.encryption-keyfile",
    "rocksdb.total-write-buffer-size",
    "server.descriptors-minimum",
    "server.io-threads",
    "server.maximal-threads",
    "server.minimal-threads",
    "server.statistics",
    "server.storage-engine",
    "server.telemetrics-api",
    "ssl.cipher-list",
    "ssl.ecdh-curve",
    "ssl.options",
    "ssl.prefer-http1-in-alpn",
    "ssl.protocol",
    "ssl.server-name-indication",
    "ssl.session-cache",
    "temp.intermediate-results-path",
    "temp.path",
    "ttl.frequency",
];

/// What a stand-in is started with; the names are arangod's.
#[derive(Debug, Clone, Args)]
pub(super) struct ArangodOptions {
    /// Play the part of an agent
    #[arg(long = "agency.activate", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        default_value = "false", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    pub(super) agency_activate: bool,
    /// Number of agents in the agency
    #[arg(long = "agency.size", value_name = "N", default_value_t = 1)]
    pub(super) agency_size: usize,
    /// An agent of the agency; repeat it for each
    #[arg(long = "agency.endpoint", value_name = "ENDPOINT")]
    pub(super) agency_endpoint: Vec<String>,
    /// The endpoint under which others reach this agent; where it listens unless given
    #[arg(long = "agency.my-address", value_name = "ENDPOINT")]
    pub(super) agency_my_address: Option<String>,
    /// Least time without a leader before an election
    #[arg(long = "agency.election-timeout-min", value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(super) election_timeout_min: Duration,
    /// Most time without a leader before an election
    #[arg(long = "agency.election-timeout-max", value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(super) election_timeout_max: Duration,
    /// Take transactions in the small portions of an agent that waits for its disk
    #[arg(long = "agency.wait-for-sync", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        default_value = "true", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    pub(super) wait_for_sync: bool,
    /// Log entries between two snapshots
    #[arg(long = "agency.compaction-step-size", value_name = "N", default_value_t = 1000)]
    pub(super) compaction_step_size: u64,
    /// Log entries kept before a snapshot
    #[arg(long = "agency.compaction-keep-size", value_name = "N", default_value_t = 50_000)]
    pub(super) compaction_keep_size: u64,
    /// Supervise the cluster
    #[arg(long = "agency.supervision", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        default_value = "false", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    pub(super) supervision: bool,
    /// Time between two rounds of the supervision
    #[arg(long = "agency.supervision-frequency", value_name = "SECONDS", default_value_t = 1.0)]
    pub(super) supervision_frequency: f64,
    /// A silent server counts as failed after this
    #[arg(
        long = "agency.supervision-grace-period",
        value_name = "SECONDS",
        default_value_t = 10.0
    )]
    pub(super) supervision_grace_period: f64,
    /// A server counts as good for this long after a heartbeat
    #[arg(long = "agency.supervision-ok-threshold", value_name = "SECONDS", default_value_t = 5.0)]
    pub(super) supervision_ok_threshold: f64,
    /// A server that left is forgotten after this
    #[arg(
        long = "agency.supervision-expired-servers-grace-period",
        value_name = "SECONDS",
        default_value_t = 3600.0
    )]
    pub(super) supervision_expired_servers_grace_period: f64,
    /// Shown in the configuration
    #[arg(
        long = "agency.supervision-delay-add-follower",
        value_name = "SECONDS",
        default_value_t = 0
    )]
    pub(super) supervision_delay_add_follower: u64,
    /// Shown in the configuration
    #[arg(
        long = "agency.supervision-delay-failed-follower",
        value_name = "SECONDS",
        default_value_t = 0
    )]
    pub(super) supervision_delay_failed_follower: u64,
    /// Shown in the configuration
    #[arg(long = "agency.supervision-failed-leader-adds-follower", value_name = "BOOL", num_args = 0..=1,
        default_missing_value = "true", default_value = "true", value_parser = BoolishValueParser::new(),
        action = ArgAction::Set)]
    pub(super) supervision_failed_leader_adds_follower: bool,
    /// The part to play, for servers that are no agents: DBSERVER (or PRIMARY), or COORDINATOR
    #[arg(long = "cluster.my-role", value_name = "ROLE")]
    pub(super) cluster_my_role: Option<String>,
    /// The endpoint under which others reach this member; where it listens unless given
    #[arg(long = "cluster.my-address", value_name = "ENDPOINT")]
    pub(super) cluster_my_address: Option<String>,
    /// The endpoint under which clients outside the cluster reach this member
    #[arg(long = "cluster.my-advertised-endpoint", value_name = "ENDPOINT")]
    pub(super) cluster_my_advertised_endpoint: Option<String>,
    /// An agent of the cluster's agency; one is enough, repeat it for others
    #[arg(long = "cluster.agency-endpoint", value_name = "ENDPOINT")]
    pub(super) cluster_agency_endpoint: Vec<String>,
    /// Where to listen: tcp://HOST:PORT, or ssl://HOST:PORT for TLS
    #[arg(
        long = "server.endpoint",
        value_name = "ENDPOINT",
        default_value = "tcp://127.0.0.1:8529"
    )]
    pub(super) server_endpoint: String,
    /// Let in only who holds a secret
    #[arg(long = "server.authentication", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        default_value = "true", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    pub(super) server_authentication: bool,
    /// The secret itself; anybody can see it in the list of processes
    #[arg(long = "server.jwt-secret", value_name = "SECRET", conflicts_with_all = ["jwt_secret_keyfile", "jwt_secret_folder"])]
    pub(super) jwt_secret: Option<String>,
    /// The file with the secret
    #[arg(
        long = "server.jwt-secret-keyfile",
        value_name = "FILE",
        conflicts_with = "jwt_secret_folder"
    )]
    pub(super) jwt_secret_keyfile: Option<PathBuf>,
    /// A folder of secrets: the first one signs, all are accepted
    #[arg(long = "server.jwt-secret-folder", value_name = "DIR")]
    pub(super) jwt_secret_folder: Option<PathBuf>,
    /// The PEM file with certificate, chain and private key, for an endpoint that begins with ssl://
    #[arg(long = "ssl.keyfile", value_name = "FILE")]
    pub(super) ssl_keyfile: Option<PathBuf>,
    /// Refused: certificates of clients are not judged
    #[arg(long = "ssl.cafile", value_name = "FILE", hide = true)]
    pub(super) ssl_cafile: Option<PathBuf>,
    /// Refused unless false
    #[arg(long = "ssl.require-peer-certificate", num_args = 0..=1, default_missing_value = "true",
        value_parser = BoolishValueParser::new(), hide = true)]
    pub(super) ssl_require_peer_certificate: Option<bool>,
    /// Where the data lies; without it nothing is kept
    #[arg(long = "database.directory", value_name = "DIR")]
    pub(super) database_directory: Option<PathBuf>,
    /// Which lines are logged: TOPIC=LEVEL, all=LEVEL, or LEVEL for general
    #[arg(long = "log.level", value_name = "SPEC")]
    pub(super) log_level: Vec<String>,
    /// Where the log goes: - or + or file://PATH, with TOPIC= before it or ;TOPIC=LEVEL,… behind
    #[arg(long = "log.output", value_name = "PLACE", allow_hyphen_values = true)]
    pub(super) log_output: Vec<String>,
    /// A file for the log; it goes to the standard error unless a place is given
    #[arg(long = "log.file", value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("must be above 0".to_owned()),
    }
}

/// Reads the words after `arangod`; gives the options, and the names of those without meaning.
///
/// # Errors
/// What clap says of an unknown option or a bad value; also the help text.
pub(super) fn parse(words: Vec<OsString>) -> Result<(ArangodOptions, Vec<String>), clap::Error> {
    let mut command = ArangodOptions::augment_args(
        Command::new("agencysh arangod")
            .no_binary_name(true)
            .about("Play the part of one arangod: an agent, a DB-server or a coordinator")
            .max_term_width(100)
            .args_override_self(true),
    );
    for name in WITHOUT_MEANING {
        command = command
            .arg(Arg::new(*name).long(*name).num_args(0..=1).action(ArgAction::Append).hide(true));
    }
    let matches = command.try_get_matches_from(words)?;
    let given = |name: &&&str| matches.value_source(name) == Some(ValueSource::CommandLine);
    let without_meaning =
        WITHOUT_MEANING.iter().filter(given).map(|name| (*name).to_owned()).collect();
    Ok((ArangodOptions::from_arg_matches(&matches)?, without_meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(ArangodOptions, Vec<String>), clap::Error> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn options_are_read_in_both_forms() {
        let (options, without_meaning) = parsed(
            "--agency.activate true --agency.size=3 --agency.endpoint tcp://a:1 --agency.endpoint=tcp://b:2 \
             --server.authentication false --agency.supervision --temp.path /tmp/x --foxx.queues=false \
             --agency.election-timeout-min 0.5 --log.output - --log.output=+;all=error",
        )
        .unwrap();
        assert!(options.agency_activate && options.supervision && !options.server_authentication);
        assert_eq!(options.agency_size, 3);
        assert_eq!(options.agency_endpoint, ["tcp://a:1", "tcp://b:2"]);
        assert_eq!(options.election_timeout_min, Duration::from_millis(500));
        assert_eq!(options.log_output, ["-", "+;all=error"]);
        assert_eq!(without_meaning, ["foxx.queues", "temp.path"]);
    }

    #[test]
    fn an_unknown_option_names_the_nearest_known_one() {
        let text = parsed("--agency.sizes 3").unwrap_err().to_string();
        assert!(text.contains("--agency.sizes") && text.contains("--agency.size"), "{text}");
        assert!(parsed("--agency.election-timeout-min 0").is_err());
        assert!(parsed("--server.jwt-secret a --server.jwt-secret-keyfile b").is_err());
    }
}
