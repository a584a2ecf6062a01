//! Dumps of an agency: what every agent that still answers has, in one archive.
//!
//! [`take`] asks all agents at the same time for their configuration, their state with the log, and their own tree. Each
//! answer streams through a filter that masks secrets into the archive; none is held in memory. Agents that are dead,
//! suspended or failing keep nobody else from being dumped: the manifest tells what became of them.
//! [`Dump`] reads dumps again, and what others have recorded.
//!
//! * `options`: whom to ask, what for, and where it goes
//! * `take`, `fetch`: asks
//! * `filter`: masks
//! * `pack`: zip, gzip, or a folder
//! * `manifest`: what a dump tells of itself
//! * `read`: reads dumps
//! * `find`: who the agents of a client are
//! * `latch`: which dumps have been made already

mod error;
mod fetch;
mod filter;
mod find;
mod latch;
mod manifest;
mod options;
mod pack;
mod read;
mod take;

pub use error::DumpError;
pub use filter::KnownSecrets;
pub use find::{agents_of, agents_within, take_of};
pub use latch::Latch;
pub use manifest::{AgentRecord, ErrorRecord, FileRecord, Manifest};
pub use options::{AgentToAsk, DumpOptions, Packing, Place, State};
pub use read::{Change, Dump, LogLine, Operation, differences, is_packed, log_lines, state_text};
pub use take::{Progress, Taken, hurried, stem_of_cluster, stem_of_now, take};

/// The text of an error with all its causes, the outermost first.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
