//! Configuration of one member.

use std::path::PathBuf;
use std::time::Duration;

use super::MemberRole;
use crate::standin::cuts::Way;
use crate::standin::web::{Authentication, Limits, LogControl, ServerCertificate};

/// How a member is set up.
#[derive(Clone, Debug)]
pub struct MemberConfig {
    /// What it does.
    pub role: MemberRole,
    /// Where others reach it, such as `tcp://127.0.0.1:8530`.
    pub endpoint: String,
    /// Where clients outside the cluster reach it, if that is another place; otherwise empty.
    pub advertised_endpoint: String,
    /// Endpoints of agents; one is enough, the others are learnt from it.
    pub agency: Vec<String>,
    /// Where its data lies; without it nothing is kept.
    pub directory: Option<PathBuf>,
    /// Who may ask, and how it proves to others that it may ask them; everybody without it.
    pub authentication: Option<Authentication>,
    /// What it shows to clients, which have to speak TLS then; without it they must not.
    pub certificate: Option<ServerCertificate>,
    /// What clients have to keep to.
    pub limits: Limits,
    /// What the process logs.
    pub log: LogControl,
    /// The version that it claims to be.
    pub version: String,
    /// How long it waits for others.
    pub timing: MemberTiming,
    /// How it reaches agents and other members.
    pub way: Way,
}

/// How long a member waits for others before it tells of that, or tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberTiming {
    /// How old the first entry of a log that is not committed gets before its leader tells why.
    pub commit_patience: Duration,
    /// Pause between two of the 59 attempts to remove a server.
    pub removal_pause: Duration,
}

impl Default for MemberTiming {
    fn default() -> Self {
        Self { commit_patience: Duration::from_secs(20), removal_pause: Duration::from_secs(1) }
    }
}

impl MemberConfig {
    /// The defaults for a member at this endpoint, in the cluster of these agents.
    pub fn new(role: MemberRole, endpoint: impl Into<String>, agency: Vec<String>) -> Self {
        Self {
            role,
            endpoint: endpoint.into(),
            advertised_endpoint: String::new(),
            agency,
            directory: None,
            authentication: None,
            certificate: None,
            limits: Limits::default(),
            log: LogControl::default(),
            version: "3.12.7".to_owned(),
            timing: MemberTiming::default(),
            way: Way::default(),
        }
    }
}
