//! Options that take something away from scripts: on the command line they may do everything else.

use std::path::PathBuf;

use clap::Args;

use super::options::OptionError;
use crate::host::{Gate, Limits, MAX_CALL_LEVELS, Permissions};
use crate::natives::{check_variable, with_causes};

const HEADING: &str = "Restrictions";

#[derive(Debug, Args)]
pub(super) struct Restrictions {
    /// Write nothing to agencies
    #[arg(long, global = true, env = "AGENCYSH_READ_ONLY", help_heading = HEADING)]
    read_only: bool,
    /// Start and signal no programs
    #[arg(
        long,
        global = true,
        env = "AGENCYSH_NO_EXEC",
        alias = "no-process-control",
        help_heading = HEADING
    )]
    no_exec: bool,
    /// Connect to nothing but the target
    #[arg(
        long,
        global = true,
        env = "AGENCYSH_NO_NET",
        conflicts_with = "net",
        help_heading = HEADING
    )]
    no_net: bool,
    /// Connect to nothing but the target and this server: HOST, HOST:PORT, *.DOMAIN or unix:PATH; repeat it for each
    #[arg(
        long,
        global = true,
        value_name = "HOST",
        env = "AGENCYSH_NET",
        value_delimiter = ',',
        help_heading = HEADING
    )]
    net: Vec<String>,
    /// Do not test whether ports are free
    #[arg(long, global = true, env = "AGENCYSH_NO_PORT_TEST", help_heading = HEADING)]
    no_port_test: bool,
    /// Use files in this folder only, and in the temporary one; repeat it for each
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "AGENCYSH_FS_ROOT",
        value_delimiter = ':',
        help_heading = HEADING
    )]
    fs_root: Vec<PathBuf>,
    /// See this environment variable only, or with * at its end all that begin so; repeat it for each
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AGENCYSH_ENV",
        value_delimiter = ',',
        help_heading = HEADING
    )]
    env: Vec<String>,
    /// Most steps of a script
    #[arg(
        long,
        global = true,
        value_name = "NUMBER",
        env = "AGENCYSH_MAX_OPERATIONS",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = HEADING
    )]
    max_operations: Option<u64>,
    /// Most bytes of a string
    #[arg(
        long,
        global = true,
        value_name = "BYTES",
        env = "AGENCYSH_MAX_STRING",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = HEADING
    )]
    max_string: Option<u64>,
    /// Most elements of an array
    #[arg(
        long,
        global = true,
        value_name = "NUMBER",
        env = "AGENCYSH_MAX_ARRAY",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = HEADING
    )]
    max_array: Option<u64>,
    /// Most members of a map
    #[arg(
        long,
        global = true,
        value_name = "NUMBER",
        env = "AGENCYSH_MAX_MAP",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = HEADING
    )]
    max_map: Option<u64>,
    /// How deep functions may call each other
    #[arg(
        long,
        global = true,
        value_name = "LEVELS",
        env = "AGENCYSH_MAX_CALL_DEPTH",
        value_parser = clap::value_parser!(u64).range(1..=MAX_CALL_LEVELS as u64),
        help_heading = HEADING
    )]
    max_call_depth: Option<u64>,
    /// Most bytes that a run prints and logs
    #[arg(
        long,
        global = true,
        value_name = "BYTES",
        env = "AGENCYSH_MAX_OUTPUT",
        help_heading = HEADING
    )]
    max_output: Option<u64>,
}

impl Restrictions {
    /// What scripts may do.
    ///
    /// # Errors
    /// A folder, a server or a variable is none.
    pub(super) fn permissions(&self) -> Result<Permissions, OptionError> {
        let denied = [
            (self.read_only, Gate::AgencyWrites),
            (self.no_exec, Gate::Processes),
            (self.no_net, Gate::Network),
            (self.no_net || self.no_port_test, Gate::Ports),
        ];
        let mut permissions = Permissions::all();
        for (_, gate) in denied.into_iter().filter(|(denied, _)| *denied) {
            permissions = permissions.deny(gate);
        }
        for host in &self.net {
            permissions = permissions
                .host(host)
                .map_err(|error| OptionError::value("--net", error.to_string()))?;
        }
        for folder in &self.fs_root {
            permissions = permissions
                .files_below(folder)
                .map_err(|error| OptionError::value("--fs-root", with_causes(&error)))?;
        }
        for name in &self.env {
            check_variable(name).map_err(|error| OptionError::value("--env", error.to_string()))?;
        }
        Ok(self.env.iter().fold(permissions, |permissions, name| permissions.variable(name)))
    }

    /// How much scripts may take.
    pub(super) fn limits(&self) -> Limits {
        let size = |most: u64| usize::try_from(most).unwrap_or(usize::MAX);
        let defaults = Limits::default();
        Limits {
            operations: self.max_operations,
            string_size: self.max_string.map(size),
            array_size: self.max_array.map(size),
            map_size: self.max_map.map(size),
            call_depth: self.max_call_depth.map_or(defaults.call_depth, size),
            output: self.max_output,
        }
    }
}
