//! The command line of agencysh.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencysh::cli::run(std::env::args_os())
}
