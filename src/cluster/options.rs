//! What a cluster is made of.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arguments::replaced;
use super::command_line::{AgentPlan, Common, MemberPlan, Supervision};
use super::role::ServerRole;
use super::server::Launch;
use super::{agent_arguments, member_arguments, owner};

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The program that is started, and words before its options.
    pub program: Vec<OsString>,
    /// How many agents.
    pub agents: usize,
    /// How many DB-servers.
    pub dbservers: usize,
    /// How many coordinators.
    pub coordinators: usize,
    /// The folder for data and logs.
    pub data: PathBuf,
    /// The first of the ports; free ones without it.
    pub port_base: Option<u16>,
    /// The least of the ports, and the one behind the last, unless there is a first one.
    pub ports: Option<(u16, u16)>,
    /// Bytes of memory for all servers together; any number unless given.
    pub memory: Option<u64>,
    /// Where what servers leave behind in trouble is taken; it stays where it is without.
    pub output: Option<PathBuf>,
    /// The secret file; without one everybody gets in.
    pub jwt_secret_file: Option<PathBuf>,
    /// Whether servers speak TLS, with certificates made for them.
    pub tls: bool,
    /// When the supervision acts; without it there is none.
    pub supervision: Option<Supervision>,
    /// Whether agents wait for their disks; as they like unless told.
    pub wait_for_sync: Option<bool>,
    /// More words for command lines, by role.
    pub arguments: BTreeMap<String, Vec<String>>,
    /// Bounds of the election timeout.
    pub election_timeout: (Duration, Duration),
    /// Where the topology file is written.
    pub topology: PathBuf,
    /// What the agency begins with; it must be empty then.
    pub contents: Option<serde_json::Map<String, serde_json::Value>>,
}

impl ClusterOptions {
    /// How many DB-servers and coordinators.
    pub(super) fn members(&self) -> usize {
        self.dbservers + self.coordinators
    }

    /// The role and the number, counted from 1, of each member.
    pub(super) fn each_member(&self) -> impl Iterator<Item = (ServerRole, usize)> + use<> {
        let dbservers = (1..=self.dbservers).map(|number| (ServerRole::DbServer, number));
        dbservers.chain((1..=self.coordinators).map(|number| (ServerRole::Coordinator, number)))
    }

    /// The folder of a server's data.
    pub(super) fn data_of(&self, role: ServerRole, number: usize) -> PathBuf {
        self.folder_of(role, number).join("data")
    }

    fn folder_of(&self, role: ServerRole, number: usize) -> PathBuf {
        self.data.join(name_of(role, number))
    }

    /// How much memory a server of this role may think there is.
    fn memory_of(&self, role: ServerRole) -> Option<u64> {
        let count = match role {
            ServerRole::Agent => self.agents,
            ServerRole::DbServer => self.dbservers,
            ServerRole::Coordinator => self.coordinators,
        };
        let percent = match role {
            _ if self.members() == 0 => 100,
            ServerRole::Agent => 8,
            ServerRole::DbServer => 69,
            ServerRole::Coordinator => 23,
        };
        // one that comes later gets as much as the others
        Some(self.memory? / 100 * percent / count.max(1) as u64)
    }

    /// Where a server listens.
    pub(super) fn endpoint(&self, port: u16) -> String {
        let scheme = if self.tls { "ssl" } else { "tcp" };
        format!("{scheme}://127.0.0.1:{port}")
    }

    /// How a server is started, given where the agents are.
    pub(super) fn launch(
        &self,
        (role, number): (ServerRole, usize),
        endpoint: &str,
        agents: &[String],
        key_file: Option<PathBuf>,
    ) -> Launch {
        let common = Common {
            endpoint: endpoint.to_owned(),
            data: self.data_of(role, number),
            log: self.folder_of(role, number).join("log"),
            temporary: self.folder_of(role, number).join("tmp"),
            applications: self.folder_of(role, number).join("apps"),
            jwt_secret_file: self.jwt_secret_file.clone(),
            key_file,
        };
        let (data, log) = (common.data.clone(), common.log.clone());
        let agents = agents.to_vec();
        let words = match role.membership() {
            None => agent_arguments(&AgentPlan {
                common,
                agents,
                supervision: self.supervision,
                wait_for_sync: self.wait_for_sync,
                election_timeout: self.election_timeout,
            }),
            Some((word, _)) => member_arguments(&MemberPlan { common, role: word, agents }),
        };
        let more = self.arguments.get(role.name()).into_iter().flatten();
        let more: Vec<OsString> = more.map(OsString::from).collect();
        let words = replaced(&words, &more);
        let (name, endpoint) = (name_of(role, number), endpoint.to_owned());
        let home = self.folder_of(role, number);
        let environment = environment(&self.data, &home, self.memory_of(role));
        let output = self.output.clone();
        Launch { name, role, endpoint, data, log, words, home, environment, output }
    }
}

/// The name of a server, by its number from 1 on.
pub(super) fn name_of(role: ServerRole, number: usize) -> String {
    format!("{}{number}", role.name())
}

/// What is in the environment of a server besides what this process has.
fn environment(root: &Path, home: &Path, memory: Option<u64>) -> Vec<(&'static str, OsString)> {
    let mut environment: Vec<(&'static str, OsString)> = vec![
        ("TMPDIR", home.join("tmp").into()),
        ("ARANGODB_SERVER_DIR", home.into()),
        ("ARANGOTEST_ROOT_DIR", root.into()),
        (owner::VARIABLE, owner::lock_file(root).into()),
    ];
    for (name, file) in [
        ("ASAN_OPTIONS", "alubsan.log"),
        ("LSAN_OPTIONS", "alubsan.log"),
        ("UBSAN_OPTIONS", "alubsan.log"),
        ("TSAN_OPTIONS", "tsan.log"),
    ] {
        let own = format!("log_path={}:log_exe_name=true", home.join(file).display());
        let given = std::env::var(name).ok().filter(|given| !given.is_empty());
        environment
            .push((name, given.map_or(own.clone(), |given| format!("{given}:{own}")).into()));
    }
    if let Some(bytes) = memory {
        environment.push(("ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY", bytes.to_string().into()));
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::LaunchOptions;

    fn options(launch: LaunchOptions) -> ClusterOptions {
        launch.of_processes(Path::new("/root-of-it")).unwrap()
    }

    #[test]
    fn m80_all_agents_are_told_the_same_endpoints() {
        let options = options(LaunchOptions::default());
        let agents: Vec<String> = [1, 2, 3].map(|port| options.endpoint(port)).into();
        let lines: Vec<Vec<OsString>> = agents
            .iter()
            .zip(1..)
            .map(|(own, number)| {
                let server = (ServerRole::Agent, number);
                options.launch(server, own, &agents, None).words
            })
            .collect();
        let values = |words: &[OsString], option: &str| -> Vec<String> {
            let pairs = words.windows(2).filter(|pair| pair[0] == *option);
            pairs.map(|pair| pair[1].to_string_lossy().into_owned()).collect()
        };
        for (line, own) in lines.iter().zip(&agents) {
            assert_eq!(values(line, "--agency.endpoint"), agents);
            assert_eq!(values(line, "--agency.my-address"), std::slice::from_ref(own));
            for (option, value) in [
                ("--agency.activate", "true"),
                ("--agency.size", "3"),
                ("--agency.supervision", "true"),
                ("--agency.wait-for-sync", "false"),
                ("--agency.supervision-grace-period", "10"),
                ("--agency.supervision-frequency", "1"),
                ("--log.level", "agency=info"),
            ] {
                assert_eq!(values(line, option), [value], "{option}");
            }
        }
    }

    #[test]
    fn words_of_the_user_take_the_place_of_ours() {
        let more =
            [("agent".to_owned(), vec!["--log.level".to_owned(), "agency=trace".to_owned()])];
        let options = options(LaunchOptions { arguments: more.into(), ..LaunchOptions::default() });
        let launch = options.launch((ServerRole::Agent, 1), "tcp://127.0.0.1:1", &[], None);
        let levels = launch.words.iter().filter(|word| *word == "--log.level").count();
        assert_eq!((levels, launch.words.last().unwrap().to_str()), (1, Some("agency=trace")));
    }

    #[test]
    fn memory_is_shared_out_by_role() {
        let (agents, dbservers, coordinators) = (3, 2, 1);
        let memory = Some(100_000);
        let mut launch =
            LaunchOptions { agents, dbservers, coordinators, memory, ..LaunchOptions::default() };
        let shares = |launch: &LaunchOptions| {
            let options = options(launch.clone());
            [ServerRole::Agent, ServerRole::DbServer, ServerRole::Coordinator]
                .map(|role| options.memory_of(role))
        };
        assert_eq!(shares(&launch), [Some(2666), Some(34_500), Some(23_000)]);
        (launch.dbservers, launch.coordinators) = (0, 0);
        assert_eq!(shares(&launch)[0], Some(33_333));
        launch.memory = None;
        assert_eq!(shares(&launch)[0], None);
    }
}
