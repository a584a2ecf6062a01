//! jq programs over documents, with jaq as the interpreter.
//!
//! The document is not converted: a query works on parts of it, and only what it changes or puts
//! together is made anew. A program can be endless: wherever one can go on for long, the deadline
//! is looked at.
//!
//! * `item`: the values of a program
//! * `order`, `arithmetic`, `access`, `update`, `text`: what jq does with them
//! * `filters`: the filters that jaq leaves to its values
//! * `regex`: searches in texts
//! * `program`: from text to something that runs
//! * `ticks`: where programs look at the deadline
//! * `watch`: what they see there

mod access;
mod arithmetic;
mod filters;
mod item;
mod order;
mod program;
mod regex;
#[cfg(test)]
mod tests;
mod text;
mod ticks;
mod update;
mod watch;

use std::ops::ControlFlow;

use crate::deadline::Deadline;
use crate::document::Document;

pub use item::{Item, ItemView};

/// Memory for the calls of a program; those that need more are ended.
const STACK: usize = 128 << 20;

/// Why a query has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The program is none.
    #[error("{reason}")]
    Syntax {
        /// What is wrong, and where.
        reason: String,
    },
    /// The program raised an error that it did not catch.
    #[error("{reason}")]
    Failed {
        /// What it says.
        reason: String,
    },
    /// The run has to end, or whoever takes the results wants no more.
    #[error("stopped")]
    Stopped,
}

/// Runs a jq program on a document and hands each result to `take`, until that breaks.
///
/// # Errors
/// [`QueryError`]; `Stopped` when the run has to end.
pub fn query(
    document: &Document,
    program: &str,
    deadline: &Deadline,
    take: &mut (dyn FnMut(&Item) -> ControlFlow<()> + Send),
) -> Result<(), QueryError> {
    // a thread of its own has a stack whose end is known, whoever calls
    std::thread::scope(|scope| {
        let run = || {
            let _watch = watch::begin(deadline, STACK);
            program::run(document, program, take)
        };
        let thread = std::thread::Builder::new().name("query".to_owned()).stack_size(STACK);
        let failed = |reason: String| QueryError::Failed { reason };
        let thread = thread.spawn_scoped(scope, run).map_err(|error| failed(error.to_string()))?;
        thread.join().unwrap_or_else(|_| Err(failed("the interpreter failed".to_owned())))
    })
}
