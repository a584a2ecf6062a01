//! The program as a user meets it: what goes to stdout and stderr, and the exit code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arangosh;
mod check;
#[cfg(feature = "standin")]
mod cluster;
#[cfg(feature = "standin")]
mod cluster_members;
#[cfg(feature = "standin")]
mod commands_page;
mod doc;
mod dump;
mod errors;
#[cfg(feature = "standin")]
mod everyday;
#[cfg(feature = "standin")]
mod maintenance;
mod mistakes;
mod options;
mod processes;
mod readme;
#[cfg(feature = "standin")]
mod replay;
mod restrictions;
mod rubbish;
mod run;
mod shell;
mod shell_editing;
mod shell_page;
mod shell_words;
mod support;
#[cfg(feature = "standin")]
mod testing;
#[cfg(feature = "standin")]
mod testing_ends;
#[cfg(feature = "standin")]
mod tls;
mod tour;
#[path = "../support/wait.rs"]
mod wait;
