//! `--embedded` and `--processes`: which servers run inside this process, or in others.

use std::path::Path;
use std::str::FromStr;

use super::options::OptionError;
#[cfg(feature = "standin")]
use crate::cluster::LaunchOptions;
use crate::host::Target;

/// More agents than this elect no leader in reasonable time.
#[cfg(feature = "standin")]
const MOST_AGENTS: usize = 99;

/// More DB-servers or coordinators than this have too many threads.
#[cfg(feature = "standin")]
const MOST_MEMBERS: usize = 50;

/// How many servers of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EmbeddedServers {
    pub(super) agents: usize,
    dbservers: usize,
    coordinators: usize,
}

impl Default for EmbeddedServers {
    fn default() -> Self {
        Self { agents: 3, dbservers: 0, coordinators: 0 }
    }
}

impl FromStr for EmbeddedServers {
    type Err = String;

    /// Reads `3`, or `3,3,1`, or `agents=3,dbservers=3,coordinators=1` with any of them left out.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut servers = Self::default();
        let mut given = Vec::new();
        for (at, part) in text.split(',').enumerate() {
            let (kind, number) = match part.split_once('=') {
                Some((kind, number)) => (kind.trim(), number),
                None => {
                    (["agents", "dbservers", "coordinators"].get(at).copied().unwrap_or(""), part)
                }
            };
            let place = match kind {
                "agents" => &mut servers.agents,
                "dbservers" => &mut servers.dbservers,
                "coordinators" => &mut servers.coordinators,
                _ => return Err(format!("'{part}' is none of {FORM}")),
            };
            if given.contains(&kind) {
                return Err(format!("{kind} are given twice"));
            }
            *place = number.trim().parse().map_err(|_| format!("'{number}' is no number"))?;
            given.push(kind);
        }
        Ok(servers)
    }
}

const FORM: &str =
    "AGENTS, DBSERVERS and COORDINATORS, or agents=A, dbservers=D and coordinators=C";

impl EmbeddedServers {
    /// As `env::options` shows it: agents alone as their number.
    pub(super) fn shown(self) -> serde_json::Value {
        let Self { agents, dbservers, coordinators } = self;
        match (dbservers, coordinators) {
            (0, 0) => agents.into(),
            _ => {
                format!("agents={agents},dbservers={dbservers},coordinators={coordinators}").into()
            }
        }
    }

    /// The servers as a target.
    #[cfg(feature = "standin")]
    pub(super) fn target(self) -> Result<Target, OptionError> {
        let Self { agents, dbservers, coordinators } = self;
        if agents.is_multiple_of(2) || agents > MOST_AGENTS {
            let problem =
                format!("the number of agents must be odd and at most {MOST_AGENTS}, not {agents}");
            return Err(OptionError::value("--embedded", problem));
        }
        if dbservers > MOST_MEMBERS || coordinators > MOST_MEMBERS {
            let problem = format!(
                "at most {MOST_MEMBERS} DB-servers and {MOST_MEMBERS} coordinators are possible"
            );
            return Err(OptionError::value("--embedded", problem));
        }
        Ok(Target::Embedded { agents, dbservers, coordinators })
    }

    /// Servers in processes of their own as a target.
    #[cfg(feature = "standin")]
    pub(super) fn in_processes(
        self,
        arangod: Option<&Path>,
        secret: Option<&Path>,
    ) -> Result<Target, OptionError> {
        let Self { agents, dbservers, coordinators } = self;
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let options = LaunchOptions {
            agents,
            dbservers,
            coordinators,
            arangod: arangod.map(Path::to_owned),
            jwt_secret_file: secret.map(absolute),
            ..LaunchOptions::default()
        };
        options.check().map_err(|error| OptionError::value("--processes", error.to_string()))?;
        Ok(Target::Launched(Box::new(options)))
    }

    /// There are none in this build.
    #[cfg(not(feature = "standin"))]
    pub(super) fn target(self) -> Result<Target, OptionError> {
        Ok(Target::None)
    }

    /// There are none in this build.
    #[cfg(not(feature = "standin"))]
    pub(super) fn in_processes(
        self,
        _arangod: Option<&Path>,
        _secret: Option<&Path>,
    ) -> Result<Target, OptionError> {
        Err(OptionError::value("--processes", "this build has no servers to start"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_counted_by_place_or_by_name() {
        for (text, numbers) in [
            ("1", [1, 0, 0]),
            ("3,3,1", [3, 3, 1]),
            ("5, 2", [5, 2, 0]),
            ("agents=3,dbservers=3,coordinators=1", [3, 3, 1]),
            ("dbservers=2", [3, 2, 0]),
            ("coordinators=1,agents=1", [1, 0, 1]),
        ] {
            let servers: EmbeddedServers = text.parse().unwrap();
            assert_eq!(
                [servers.agents, servers.dbservers, servers.coordinators],
                numbers,
                "{text}"
            );
        }
        for text in ["", "x", "1,2,3,4", "agent=1", "agents=1,agents=1", "1,agents=3", "-1", "=1"] {
            assert!(text.parse::<EmbeddedServers>().is_err(), "{text}");
        }
    }
}
