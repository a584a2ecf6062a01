//! The cluster that a file needs.

use rhai::{Dynamic, Map};

use crate::host::SupervisionTimes;
use crate::natives::{NativeError, NativeResult, Options};

/// What `fn cluster()` of a test file asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// Agents; an odd number.
    pub agents: usize,
    /// DB-servers.
    pub dbservers: usize,
    /// Coordinators.
    pub coordinators: usize,
    /// What the supervision goes by.
    pub supervision: SupervisionTimes,
}

impl Default for Needs {
    fn default() -> Self {
        Self { agents: 3, dbservers: 0, coordinators: 0, supervision: SupervisionTimes::default() }
    }
}

const KEYS: &[&str] = &[
    "agents",
    "dbservers",
    "coordinators",
    "supervision_grace_period",
    "supervision_ok_threshold",
    "supervision_frequency",
];

impl Needs {
    /// Reads what `fn cluster()` returned.
    ///
    /// # Errors
    /// It is no map, or has an unknown key or a value that cannot be.
    pub(super) fn read(value: &Dynamic) -> NativeResult<Self> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            let found = value.type_name();
            return Err(NativeError::wrong_type(format!(
                "cluster() must return a map, not {found}"
            )));
        };
        let options = Options::new(&map, KEYS)?;
        let count = |key, default| match options.int(key)? {
            None => Ok(default),
            Some(number) => usize::try_from(number).map_err(|_| {
                NativeError::bad_parameter(format!("'{key}' must not be negative, is {number}"))
            }),
        };
        let seconds = |key| match options.number(key)? {
            Some(number) if !(number.is_finite() && number > 0.0) => {
                let problem = format!("'{key}' must be a number of seconds above 0, not {number}");
                Err(NativeError::bad_parameter(problem))
            }
            number => Ok(number),
        };
        let defaults = Self::default();
        Ok(Self {
            agents: count("agents", defaults.agents)?,
            dbservers: count("dbservers", 0)?,
            coordinators: count("coordinators", 0)?,
            supervision: SupervisionTimes {
                grace_period: seconds("supervision_grace_period")?,
                ok_threshold: seconds("supervision_ok_threshold")?,
                frequency: seconds("supervision_frequency")?,
            },
        })
    }
}
