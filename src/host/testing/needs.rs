//! The cluster that a file needs.

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value};

#[cfg(feature = "standin")]
use crate::cluster::LaunchOptions;
#[cfg(feature = "standin")]
use crate::natives::with_causes;
use crate::natives::{NativeError, NativeResult, to_json};

/// What `fn cluster()` of a test file asks for: options as for `cluster::launch`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    map: JsonMap<String, Value>,
}

impl Needs {
    /// Reads what `fn cluster()` returned.
    ///
    /// # Errors
    /// It is no map, or does not describe a cluster.
    pub(super) fn read(value: &Dynamic) -> NativeResult<Self> {
        if !value.is::<Map>() {
            let found = value.type_name();
            return Err(NativeError::wrong_type(format!(
                "cluster() must return a map, not {found}"
            )));
        }
        let map = match to_json(value)? {
            Value::Object(map) => map,
            _ => JsonMap::new(),
        };
        let needs = Self { map };
        #[cfg(feature = "standin")]
        needs.options()?;
        Ok(needs)
    }

    /// The options that it stands for.
    ///
    /// # Errors
    /// It does not describe a cluster.
    #[cfg(feature = "standin")]
    pub(super) fn options(&self) -> NativeResult<LaunchOptions> {
        LaunchOptions::from_map(&self.map)
            .map_err(|error| NativeError::arango(error.kind(), 10, with_causes(&error)))
    }

    /// Whether it says itself where the servers run.
    #[cfg(feature = "standin")]
    pub(super) fn names_world(&self) -> bool {
        self.map.get("world").is_some_and(|world| !world.is_null())
    }

    /// How many agents.
    pub fn agents(&self) -> usize {
        self.count("agents").unwrap_or(3)
    }

    /// How many DB-servers.
    pub fn dbservers(&self) -> usize {
        self.count("dbservers").unwrap_or(0)
    }

    /// How many coordinators.
    pub fn coordinators(&self) -> usize {
        self.count("coordinators").unwrap_or(0)
    }

    fn count(&self, key: &str) -> Option<usize> {
        self.map.get(key)?.as_u64().and_then(|number| usize::try_from(number).ok())
    }
}
