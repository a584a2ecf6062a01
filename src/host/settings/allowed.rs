//! What scripts may do and take, as JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::{Gate, Limits, PermissionError, Permissions};
use crate::natives::check_variable;

/// What scripts may do: `"all"`, `"none"`, or an object of what they may, where everything that it leaves out is forbidden.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum PermissionSettings {
    /// Everything.
    #[default]
    All,
    /// Nothing but the target, which may be written to.
    None,
    /// What the object says.
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
#[derive(Debug, Clone)]
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

impl<'de> Deserialize<'de> for PermissionSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = PermissionSettings;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"all\", \"none\" or an object")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
                match word {
                    "all" => Ok(PermissionSettings::All),
                    "none" => Ok(PermissionSettings::None),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let granted = Granted::deserialize(MapAccessDeserializer::new(map));
                granted.map(PermissionSettings::Some)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for Allowance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Allowance;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false or an array of texts")
            }

            fn visit_bool<E: Error>(self, all: bool) -> Result<Self::Value, E> {
                Ok(Allowance::Any(all))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Self::Value, A::Error> {
                let texts = Vec::deserialize(SeqAccessDeserializer::new(texts));
                texts.map(Allowance::Only)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// Reads from an object alone: an array would be taken for the members in their order.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Read<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Read(PhantomData))
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
            Allowance::Only(names) => {
                names.iter().try_for_each(|name| check_variable(name))?;
                names.iter().fold(permissions, Permissions::variable)
            }
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
