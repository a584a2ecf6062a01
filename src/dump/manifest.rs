//! What a dump tells of itself.

use serde::{Deserialize, Serialize};

/// The name of the manifest in a dump.
pub(super) const NAME: &str = "manifest.json";

/// `manifest.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// What made the dump.
    pub program: String,
    /// The number of the cluster.
    pub cluster: Option<u64>,
    /// Why it was made.
    pub reason: String,
    /// Which test it was made for.
    pub test: Option<String>,
    /// When it began, in UTC.
    pub started: String,
    /// When the last agent had answered or been given up.
    pub ended: String,
    /// The agents in their order.
    pub agents: Vec<AgentRecord>,
}

/// What became of one agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentRecord {
    /// What it is called.
    pub name: String,
    /// Its id.
    pub id: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// The start of its URLs.
    pub url: String,
    /// `alive`, `dead` or `suspended`.
    pub state: String,
    /// How it ended, if it has.
    pub exit: Option<String>,
    /// Whether it leads, in its own opinion; nothing if it does not say.
    pub leader: Option<bool>,
    /// Where its tree comes from: `read` or `stores`.
    pub plan_source: Option<String>,
    /// Why it was not asked.
    pub skipped: Option<String>,
    /// What there is of it.
    pub files: Vec<FileRecord>,
    /// What went wrong.
    pub errors: Vec<ErrorRecord>,
}

/// One file of the dump.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileRecord {
    /// Its name.
    pub name: String,
    /// Bytes of the answer, as it came.
    pub bytes: u64,
}

/// Something that could not be had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorRecord {
    /// What was asked for, such as `agencyState`.
    pub file: String,
    /// The stable dotted name of the failure.
    pub kind: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What happened, in words.
    pub message: String,
}
