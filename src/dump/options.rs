//! Whom to ask, what for, and where it goes.

use std::path::PathBuf;
use std::time::Duration;

/// How long one request to an agent may take unless said otherwise.
pub(super) const REQUEST_LIMIT: Duration = Duration::from_secs(15);
/// How long a whole dump may take unless said otherwise.
pub(super) const WHOLE_LIMIT: Duration = Duration::from_secs(300);
/// The most that a dump may take which is made while something ends.
pub(super) const HURRIED_LIMIT: Duration = Duration::from_secs(90);

/// What an agent was doing when the dump began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// It is asked.
    #[default]
    Alive,
    /// It has ended, and so.
    Dead {
        /// How it ended.
        end: String,
    },
    /// It stands still and would not answer.
    Suspended,
}

/// An agent to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentToAsk {
    /// What it is called.
    pub name: String,
    /// Its id, when it is known.
    pub id: Option<String>,
    /// Its process, when it has one of its own.
    pub pid: Option<u32>,
    /// The start of its URLs.
    pub url: String,
    /// What it was doing.
    pub state: State,
}

/// What a dump is packed into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// A zip archive.
    #[default]
    Zip,
    /// One JSON text, compressed by gzip.
    Gzip,
    /// A folder of JSON files.
    Folder,
}

impl Packing {
    /// What names of such dumps end with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Zip => ".zip",
            Self::Gzip => ".json.gz",
            Self::Folder => "",
        }
    }
}

/// Where a dump goes. Nothing is ever overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this folder, which is made if it is missing, under the name `stem`, or `stem_1`, `stem_2`, … if that is taken.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The name without its ending.
        stem: String,
    },
    /// Exactly here.
    Exactly(PathBuf),
}

/// Settings of one dump.
#[derive(Debug, Clone)]
pub struct DumpOptions {
    /// Where it goes.
    pub place: Place,
    /// What it is packed into.
    pub packing: Packing,
    /// Limit of each request.
    pub request_limit: Duration,
    /// Limit of the whole.
    pub whole_limit: Duration,
    /// The number of the cluster, for the manifest.
    pub number: Option<u64>,
    /// Why the dump is made.
    pub reason: String,
    /// Which test it is made for.
    pub test: Option<String>,
}

impl DumpOptions {
    /// A zip archive at this place.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            packing: Packing::default(),
            request_limit: REQUEST_LIMIT,
            whole_limit: WHOLE_LIMIT,
            number: None,
            reason: "asked for".to_owned(),
            test: None,
        }
    }
}
