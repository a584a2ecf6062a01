//! A cluster as scripts and test files describe it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::command_line::Supervision;
use super::import::is_used;
use super::{ClusterError, ClusterOptions};
use crate::standin::initial_tree;

/// Where servers run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// In processes of their own.
    #[default]
    Processes,
    /// In this process.
    Embedded,
}

impl World {
    /// The word of the options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Embedded => "embedded",
        }
    }
}

/// What becomes of a script when a server ends unasked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnCrash {
    /// It goes on; whoever asks is told.
    #[default]
    Report,
    /// Its deadline counts as reached, with a reason that names the process.
    Deadline,
}

/// Election timing of clusters for tests: quick, yet beyond the stalls of a busy disk.
pub const ELECTION_TIMEOUT: (Duration, Duration) =
    (Duration::from_millis(500), Duration::from_millis(1000));

/// The program of servers whose options name none: that of the variable `AGENCYSH_PROGRAM`.
pub(crate) fn program_of_environment() -> Option<PathBuf> {
    std::env::var_os("AGENCYSH_PROGRAM").filter(|program| !program.is_empty()).map(PathBuf::from)
}

/// More servers of a kind than anybody needs would only slow the machine down.
const MOST_AGENTS: usize = 99;
const MOST_MEMBERS: usize = 100;

/// What a cluster is made of, as the map that scripts give to `cluster::launch` says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LaunchOptions {
    /// How many agents; the number must be odd.
    pub agents: usize,
    /// How many DB-servers.
    pub dbservers: usize,
    /// How many coordinators.
    pub coordinators: usize,
    /// Where they run.
    pub world: World,
    /// A program to start in place of the stand-in, such as a real arangod.
    pub arangod: Option<PathBuf>,
    /// What starts the stand-in, where this process's own program does not.
    pub program: Option<PathBuf>,
    /// Whether the agents supervise the cluster.
    pub supervision: bool,
    /// A silent server counts as failed after so many seconds.
    pub supervision_grace_period: Option<f64>,
    /// A server counts as good for so many seconds after a heartbeat.
    pub supervision_ok_threshold: Option<f64>,
    /// Seconds between two rounds of the supervision.
    pub supervision_frequency: Option<f64>,
    /// Whether agents wait for their disks with each write.
    pub wait_for_sync: bool,
    /// More options for servers, by role.
    pub arguments: BTreeMap<String, Vec<String>>,
    /// The secret file; without one everybody gets in.
    pub jwt_secret_file: Option<PathBuf>,
    /// Whether servers speak TLS.
    pub tls: bool,
    /// The folder for everything that belongs to the cluster; a temporary one unless given.
    pub root: Option<PathBuf>,
    /// What it is for, such as a test: part of the name of a temporary folder.
    pub name: Option<String>,
    /// The least port, and the one behind the last; any free ones unless given.
    pub ports: Option<(u16, u16)>,
    /// The folder for what outlives the cluster, such as dumps and core files.
    pub output_directory: PathBuf,
    /// Whether dumps of the agency are taken.
    pub dump_agency_on_error: bool,
    /// Whether a dump is taken before an orderly end.
    pub dump_agency_on_shutdown: bool,
    /// Whether the folder is removed at the end if nothing went wrong.
    pub cleanup: bool,
    /// What becomes of the script when a server ends unasked.
    pub on_crash: OnCrash,
    /// Bytes of memory for all servers together; any number unless given.
    pub memory: Option<u64>,
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self {
            agents: 3,
            dbservers: 0,
            coordinators: 0,
            world: World::default(),
            arangod: None,
            program: None,
            supervision: true,
            supervision_grace_period: None,
            supervision_ok_threshold: None,
            supervision_frequency: None,
            wait_for_sync: false,
            arguments: BTreeMap::new(),
            jwt_secret_file: None,
            tls: false,
            root: None,
            name: None,
            ports: None,
            output_directory: "out".into(),
            dump_agency_on_error: true,
            dump_agency_on_shutdown: true,
            cleanup: true,
            on_crash: OnCrash::default(),
            memory: None,
        }
    }
}

/// Why a map describes no cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// An agency needs an odd number of agents.
    #[error(
        "an agency of {agents} agents is not possible: the number must be odd and at most {MOST_AGENTS}"
    )]
    AgencySize {
        /// The number asked for.
        agents: usize,
    },
    /// There is no such option.
    #[error("unknown option '{key}': {hint}")]
    UnknownOption {
        /// The key.
        key: String,
        /// The near miss, or all that there are.
        hint: String,
    },
    /// An option has a value that it cannot have.
    #[error("option '{key}' {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// An option has a value of another type.
    #[error("the options describe no cluster")]
    Malformed(#[from] serde_json::Error),
    /// The servers cannot be such ones in this world.
    #[error("servers inside this process have no '{option}'")]
    Unsupported {
        /// The option.
        option: &'static str,
    },
}

impl LaunchError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AgencySize { .. } => "usage.agency_size",
            Self::UnknownOption { .. } | Self::Value { .. } | Self::Malformed(_) => "usage.options",
            Self::Unsupported { .. } => "cluster.unsupported",
        }
    }
}

impl LaunchOptions {
    /// Reads the map that a script gives.
    ///
    /// # Errors
    /// An unknown key, or a value that cannot be.
    pub fn from_map(map: &Map<String, Value>) -> Result<Self, LaunchError> {
        let known = known_keys();
        if let Some(key) = map.keys().find(|key| !known.contains(key)) {
            let near = known
                .iter()
                .map(|candidate| (strsim::damerau_levenshtein(candidate, key), candidate))
                .min()
                .filter(|(distance, _)| *distance <= 3);
            let hint = match near {
                Some((_, near)) => format!("did you mean '{near}'?"),
                None => format!("known options: {}", known.join(", ")),
            };
            return Err(LaunchError::UnknownOption { key: key.clone(), hint });
        }
        // what is not given may be written as nothing
        let given = map.iter().filter(|(_, value)| !value.is_null());
        let given: Map<_, _> = given.map(|(key, value)| (key.clone(), value.clone())).collect();
        let options: Self = serde_json::from_value(given.into())?;
        options.check()?;
        Ok(options)
    }

    /// Whether there can be such a cluster.
    ///
    /// # Errors
    /// As [`Self::from_map`], but for keys.
    pub fn check(&self) -> Result<(), LaunchError> {
        let wrong = |key, problem: &str| Err(LaunchError::Value { key, problem: problem.into() });
        if self.agents.is_multiple_of(2) || self.agents > MOST_AGENTS {
            return Err(LaunchError::AgencySize { agents: self.agents });
        }
        for (key, number) in [("dbservers", self.dbservers), ("coordinators", self.coordinators)] {
            if number > MOST_MEMBERS {
                return wrong(key, &format!("must be at most {MOST_MEMBERS}, not {number}"));
            }
        }
        for (key, seconds) in [
            ("supervision_grace_period", self.supervision_grace_period),
            ("supervision_ok_threshold", self.supervision_ok_threshold),
            ("supervision_frequency", self.supervision_frequency),
        ] {
            let time = seconds.map(Duration::try_from_secs_f64);
            if time.is_some_and(|time| time.is_err() || time.is_ok_and(|time| time.is_zero())) {
                return wrong(key, "must be a number of seconds above 0");
            }
        }
        let Supervision { grace_period, ok_threshold, .. } = self.supervision_times();
        if ok_threshold >= grace_period {
            return wrong("supervision_ok_threshold", "must be less than supervision_grace_period");
        }
        if let Some((from, to)) = self.ports {
            let wanted = self.agents + self.dbservers + self.coordinators;
            if from == 0 || usize::from(to.saturating_sub(from)) < wanted {
                let problem = format!("must be [LEAST, END] with room for {wanted} servers");
                return wrong("ports", &problem);
            }
        }
        let roles = ["agent", "dbserver", "coordinator"];
        if let Some(role) = self.arguments.keys().find(|role| !roles.contains(&role.as_str())) {
            let problem = format!("has keys {}, not '{role}'", roles.join(", "));
            return wrong("arguments", &problem);
        }
        if self.world == World::Embedded
            && let Some(option) = self.only_for_processes()
        {
            return Err(LaunchError::Unsupported { option });
        }
        Ok(())
    }

    /// The first option that servers inside a process cannot have.
    pub fn only_for_processes(&self) -> Option<&'static str> {
        let given = [
            ("arangod", self.arangod.is_some()),
            ("arguments", !self.arguments.is_empty()),
            ("jwt_secret_file", self.jwt_secret_file.is_some()),
            ("tls", self.tls),
            ("root", self.root.is_some()),
            ("ports", self.ports.is_some()),
            ("memory", self.memory.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// When the supervision acts.
    pub fn supervision_times(&self) -> Supervision {
        let defaults = Supervision::default();
        let time = |seconds: Option<f64>, default| {
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(default)
        };
        let grace_period = time(self.supervision_grace_period, defaults.grace_period);
        Supervision {
            grace_period,
            ok_threshold: time(
                self.supervision_ok_threshold,
                defaults.ok_threshold.min(grace_period / 2),
            ),
            frequency: time(self.supervision_frequency, defaults.frequency),
        }
    }

    /// What the processes are started from, with everything below `root`.
    ///
    /// # Errors
    /// This process does not know its own program.
    pub fn of_processes(&self, root: &Path) -> Result<ClusterOptions, ClusterError> {
        let program = self
            .program_words()
            .map_err(|source| ClusterError::File { path: "agencysh".into(), source })?;
        // Agents alone begin with nothing; scripts are to find the same in all worlds.
        let alone = self.dbservers + self.coordinators == 0;
        let used = is_used(&root.join("agent1").join("data"));
        let whole = || Map::from_iter([("arango".to_owned(), initial_tree())]);
        let contents = (alone && !used).then(whole);
        Ok(ClusterOptions {
            program,
            agents: self.agents,
            dbservers: self.dbservers,
            coordinators: self.coordinators,
            data: root.to_owned(),
            port_base: None,
            ports: self.ports,
            memory: self.memory,
            output: std::path::absolute(&self.output_directory).ok(),
            jwt_secret_file: self.jwt_secret_file.clone(),
            tls: self.tls,
            supervision: self.supervision.then(|| self.supervision_times()),
            wait_for_sync: Some(self.wait_for_sync),
            arguments: self.arguments.clone(),
            election_timeout: ELECTION_TIMEOUT,
            topology: root.join("topology.json"),
            contents,
        })
    }

    /// The program that is started, and words before its options.
    ///
    /// # Errors
    /// This process does not know its own program.
    pub fn program_words(&self) -> std::io::Result<Vec<OsString>> {
        if let Some(arangod) = &self.arangod {
            return Ok(vec![arangod.into()]);
        }
        let program = match self.program.clone().or_else(program_of_environment) {
            Some(program) => program,
            None => std::env::current_exe()?,
        };
        Ok(vec![program.into(), "arangod".into()])
    }
}

/// All keys of the map.
fn known_keys() -> Vec<String> {
    let defaults = serde_json::to_value(LaunchOptions::default()).unwrap_or_default();
    defaults.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<LaunchOptions, LaunchError> {
        LaunchOptions::from_map(value.as_object().unwrap())
    }

    #[test]
    fn m10_without_options_there_are_three_supervised_agents() {
        let options = read(json!({})).unwrap();
        assert_eq!((options.agents, options.dbservers, options.coordinators), (3, 0, 0));
        assert!(options.supervision && !options.wait_for_sync && options.dump_agency_on_error);
        assert_eq!(options.world, World::Processes);
    }

    #[test]
    fn m11_an_even_number_of_agents_is_refused() {
        for agents in [0, 2, 4, 100] {
            let error = read(json!({ "agents": agents })).unwrap_err();
            assert_eq!(error.kind(), "usage.agency_size", "{agents}");
        }
    }

    #[test]
    fn what_describes_no_cluster_is_refused() {
        for (map, part) in [
            (json!({ "dbserver": 3 }), "did you mean 'dbservers'?"),
            (json!({ "world": "moon" }), "no cluster"),
            (json!({ "supervision_grace_period": 0.0 }), "seconds above 0"),
            (
                json!({ "supervision_grace_period": 1.0, "supervision_ok_threshold": 2.0 }),
                "must be less",
            ),
            (json!({ "ports": [2000, 2002] }), "room for 3"),
            (json!({ "ports": [3000, 2000] }), "room for 3"),
            (json!({ "arguments": { "agents": [] } }), "not 'agents'"),
            (json!({ "world": "embedded", "tls": true }), "have no 'tls'"),
        ] {
            let error = read(map.clone()).unwrap_err().to_string();
            assert!(error.contains(part), "{map}: {error}");
        }
    }

    #[test]
    fn short_grace_periods_have_shorter_thresholds() {
        let times = read(json!({ "supervision_grace_period": 3 })).unwrap().supervision_times();
        assert_eq!(times.ok_threshold, Duration::from_millis(1500));
        assert_eq!(times.frequency, Duration::from_secs(1));
    }
}
