//! What a cluster is made of.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::arguments::replaced;
use super::command_line::{AgentPlan, Common, MemberPlan, Supervision};
use super::role::ServerRole;
use super::server::Launch;
use super::{agent_arguments, member_arguments};

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
        Launch { name, role, endpoint, data, log, words }
    }
}

/// The name of a server, by its number from 1 on.
pub(super) fn name_of(role: ServerRole, number: usize) -> String {
    format!("{}{number}", role.name())
}
