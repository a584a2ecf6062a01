//! `check`: mistakes in scripts, without running them.

use std::path::PathBuf;

use super::exit::ExitCode;
use super::options::{OptionError, Options};

/// Checks each file; all findings are shown.
pub(super) fn files(options: &Options, files: &[PathBuf]) -> Result<ExitCode, OptionError> {
    let host = options.host()?;
    let reporter = options.reporter();
    let mut code = ExitCode::OK;
    for file in files {
        match host.check_file(file) {
            Ok(findings) => {
                for finding in &findings {
                    reporter.script_error(finding);
                    code = ExitCode::FAILED;
                }
            }
            Err(error) => {
                reporter.host_error(&error);
                code = ExitCode::of_error(&error);
            }
        }
    }
    Ok(code)
}
