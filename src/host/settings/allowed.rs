//! What scripts may do and take, as JSON.

use serde::Deserialize;

use super::super::{Gate, Limits, PermissionError, Permissions};

/// What scripts may do: `"all"`, `"none"`, or an object of what they may, where everything that it leaves out is forbidden.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PermissionSettings {
    /// Everything.
    #[default]
    All,
    /// Nothing but the target, which may be written to.
    None,
    /// What the object says.
    #[serde(untagged)]
    Some(Granted),
}

/// What scripts may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Granted {
    /// Files: all, none, or those below these folders.
    pub files: Allowance,
    /// Connections: all, none, or to these servers.
    pub network: Allowance,
    /// Environment variables: all, none, or these.
    pub environment: Allowance,
    /// Whether they may test ports.
    pub ports: bool,
    /// Whether they may start programs and control processes.
    pub processes: bool,
    /// Whether they may only read from the agency.
    pub read_only: bool,
}

/// All, none, or some.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Allowance {
    /// All or none.
    Any(bool),
    /// These.
    Only(Vec<String>),
}

impl Default for Allowance {
    fn default() -> Self {
        Self::Any(false)
    }
}

/// How much scripts may take; see [`Limits`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[expect(missing_docs, reason = "as in Limits")]
pub struct LimitSettings {
    pub operations: Option<u64>,
    pub string_size: Option<usize>,
    pub array_size: Option<usize>,
    pub map_size: Option<usize>,
    pub call_depth: Option<usize>,
    pub output: Option<u64>,
}

impl PermissionSettings {
    pub(super) fn permissions(&self) -> Result<Permissions, PermissionError> {
        let granted = match self {
            Self::All => return Ok(Permissions::all()),
            Self::None => return Ok(Permissions::none()),
            Self::Some(granted) => granted,
        };
        let mut permissions = Permissions::none();
        permissions = match &granted.files {
            Allowance::Any(all) => grant(permissions, *all, Gate::Files),
            Allowance::Only(folders) => {
                folders.iter().try_fold(permissions, |permissions, folder| {
                    permissions.files_below(folder.as_ref())
                })?
            }
        };
        permissions = match &granted.network {
            Allowance::Any(all) => grant(permissions, *all, Gate::Network),
            Allowance::Only(hosts) => {
                hosts.iter().try_fold(permissions, |permissions, host| permissions.host(host))?
            }
        };
        permissions = match &granted.environment {
            Allowance::Any(all) => grant(permissions, *all, Gate::Environment),
            Allowance::Only(names) => names.iter().fold(permissions, Permissions::variable),
        };
        permissions = grant(permissions, granted.ports, Gate::Ports);
        permissions = grant(permissions, granted.processes, Gate::Processes);
        Ok(if granted.read_only { permissions.read_only() } else { permissions })
    }
}

fn grant(permissions: Permissions, granted: bool, gate: Gate) -> Permissions {
    if granted { permissions.allow(gate) } else { permissions }
}

impl LimitSettings {
    pub(super) fn limits(&self) -> Limits {
        let defaults = Limits::default();
        Limits {
            operations: self.operations,
            string_size: self.string_size,
            array_size: self.array_size,
            map_size: self.map_size,
            call_depth: self.call_depth.unwrap_or(defaults.call_depth),
            output: self.output,
        }
    }
}
