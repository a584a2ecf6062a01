//! `dump`: takes dumps, and shows what is in them.

mod progress;
mod show;
mod take;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use crate::dump::DumpError;
use crate::natives::with_causes;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Dump {
    #[command(subcommand)]
    read: Option<Read>,
    /// The archive, or the folder for it; nothing is overwritten [default: agencydump_TIME.zip]
    #[arg(long, short, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// What the dump is packed into
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pack: Pack,
    /// Why the dump is made, for its manifest
    #[arg(long, value_name = "TEXT", default_value = "asked for")]
    reason: String,
    /// Only this agent, by id or name; repeat it for each
    #[arg(long, value_name = "AGENT")]
    agent: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Pack {
    /// A zip archive
    #[default]
    Zip,
    /// One JSON text, compressed
    Gzip,
    /// A folder of JSON files
    Folder,
}

#[derive(Debug, Subcommand)]
enum Read {
    /// Show what differs between the trees of two dumps; the exit code is 5 when something does
    Diff {
        /// The dump to begin with
        before: PathBuf,
        /// The dump to compare it with
        after: PathBuf,
        #[command(flatten)]
        whose: Whose,
    },
    /// Show the value at a path of the tree
    Get {
        /// The dump
        file: PathBuf,
        /// The path, below /arango unless it begins with `/`
        path: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Show who wrote what, and when
    Log {
        /// The dump
        file: PathBuf,
        /// Only what concerns this path, which is below /arango unless it begins with `/`
        path: Option<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Show the agents in a dump, and what became of them
    Agents {
        /// The dump
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Whose {
    /// The agent that is meant, by id, name, process or URL [default: the leader]
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
}

/// Takes a dump, or shows what is in one.
pub(super) fn run(options: &Options, dump: &Dump) -> Result<ExitCode, OptionError> {
    match &dump.read {
        None => take::run(options, dump),
        Some(read) => Ok(show::run(options, read).unwrap_or_else(|error| failed(options, &error))),
    }
}

fn failed(options: &Options, error: &DumpError) -> ExitCode {
    use crate::deadline::Stop;

    options.reporter().plain(&with_causes(error), None);
    match error {
        DumpError::Stopped(Stop::Interrupted) => ExitCode::INTERRUPTED,
        DumpError::Stopped(_) => ExitCode::DEADLINE,
        DumpError::NoAgents(_) => ExitCode::UNREACHABLE,
        DumpError::Client(_) | DumpError::Unwritable { .. } => ExitCode::FAILED,
        _ => ExitCode::USAGE,
    }
}
