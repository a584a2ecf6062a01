//! Re-applies the recorded log of an agency and compares the outcome with the
//! recorded tree. Reads files, prints nothing.
//!
//! ```no_run
//! # fn main() -> Result<(), agencysh::replay::ReplayError> {
//! use agencysh::replay::Dump;
//!
//! let dump = Dump::read("dump.json")?;
//! let replayed = dump.replay(None)?;
//! for difference in replayed.differences(&dump)? {
//!     eprintln!("{} {}", difference.kind, difference.path);
//! }
//! # Ok(())
//! # }
//! ```

mod difference;
mod document;
mod dump;
mod entry;
mod error;
mod run;
mod tree;

#[cfg(test)]
mod tests;

pub use difference::{Difference, DifferenceKind};
pub use dump::{Dump, Snapshot};
pub use entry::Entry;
pub use error::{EntryProblem, ReplayError};
pub use run::{FailedEntry, Replayed};
pub use tree::read_tree;
