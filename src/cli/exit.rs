//! Exit codes.

use crate::deadline::Stop;
use crate::host::{HostError, Outcome, ScriptError};

/// What the program tells whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(pub u8);

impl ExitCode {
    /// All went well.
    pub const OK: Self = Self(0);
    /// A script or a test failed.
    pub const FAILED: Self = Self(1);
    /// The command line is wrong, or a file it names cannot be used.
    pub const USAGE: Self = Self(2);
    /// No connection, or no leader.
    pub const UNREACHABLE: Self = Self(3);
    /// Credentials or certificates do not fit.
    pub const UNAUTHORIZED: Self = Self(4);
    /// Something differs from what it should be.
    pub const FINDINGS: Self = Self(5);
    /// There is no test that could be run.
    pub const NO_TESTS: Self = Self(7);
    /// The deadline has passed.
    pub const DEADLINE: Self = Self(124);
    /// Somebody interrupted the program.
    pub const INTERRUPTED: Self = Self(130);

    /// The low byte of a number, as the system keeps it.
    pub fn low_byte(number: i64) -> Self {
        Self(number.to_le_bytes()[0])
    }

    /// The code of a script's result: `()` and true are good, false is bad, a number is the code.
    pub fn of_value(outcome: &Outcome) -> Self {
        if let Some(code) = outcome.exit_code {
            return Self::low_byte(code);
        }
        match (outcome.value.as_bool(), outcome.value.as_int()) {
            (Ok(false), _) => Self::FAILED,
            (_, Ok(number)) => Self::low_byte(number),
            _ => Self::OK,
        }
    }

    /// The code of a script that has run to its end, whatever its last value.
    pub fn of_run(outcome: &Outcome) -> Self {
        outcome.exit_code.map_or(Self::OK, Self::low_byte)
    }

    /// The code of a run without a result.
    pub fn of_error(error: &HostError) -> Self {
        match error {
            HostError::Script(error) => Self::of_script_error(error),
            _ => Self::FAILED,
        }
    }

    fn of_script_error(error: &ScriptError) -> Self {
        match (&error.stop, error.kind.as_str()) {
            (Some(Stop::Interrupted), _) => Self::INTERRUPTED,
            (Some(Stop::TooMuchOutput { .. } | Stop::TooManyOperations { .. }), _) => Self::FAILED,
            (Some(_), _) => Self::DEADLINE,
            (
                None,
                "agency.unreachable"
                | "agency.no_leader"
                | "agency.timeout"
                | "agency.reset"
                | "agency.redirect_loop",
            ) => Self::UNREACHABLE,
            (None, "agency.unauthorized" | "http.tls" | "http.no_tls" | "http.tls_only") => {
                Self::UNAUTHORIZED
            }
            (None, kind) if kind.starts_with("usage.") => Self::USAGE,
            _ => Self::FAILED,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.0)
    }
}
