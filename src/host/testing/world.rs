//! Where the tests run.

#[cfg(feature = "standin")]
use std::path::PathBuf;

use super::needs::Needs;
#[cfg(feature = "standin")]
use crate::cluster::{LaunchOptions, World as Place};
use crate::host::Target;

/// Where the tests run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum World {
    /// Each file has servers of its own.
    #[cfg(feature = "standin")]
    Launched(Launched),
    /// All files talk to what exists already.
    Existing(Target),
}

/// What is said about the servers that are launched for files.
#[cfg(feature = "standin")]
#[derive(Debug, Clone, Default)]
pub struct Launched {
    /// Where they run; unless said, where the file wants them, and in this process if it does not care.
    pub place: Option<Place>,
    /// The program to start in place of the stand-in, such as a real arangod.
    pub arangod: Option<PathBuf>,
    /// What starts the stand-in, where this process's own program does not.
    pub program: Option<PathBuf>,
}

impl Default for World {
    fn default() -> Self {
        #[cfg(feature = "standin")]
        return Self::Launched(Launched::default());
        #[cfg(not(feature = "standin"))]
        return Self::Existing(Target::None);
    }
}

impl World {
    /// Servers for each file where the target would start some, and what exists otherwise.
    pub(in crate::host) fn of(target: &Target) -> Self {
        match target {
            #[cfg(feature = "standin")]
            Target::None => Self::default(),
            #[cfg(feature = "standin")]
            Target::Embedded { .. } => {
                Self::Launched(Launched { place: Some(Place::Embedded), ..Launched::default() })
            }
            #[cfg(feature = "standin")]
            Target::Launched(options) => Self::Launched(Launched {
                place: Some(options.world),
                arangod: options.arangod.clone(),
                program: options.program.clone(),
            }),
            existing => Self::Existing(existing.clone()),
        }
    }

    /// The servers for a file with these needs, or why it cannot have them.
    #[cfg_attr(not(feature = "standin"), expect(unused_variables, reason = "nothing is launched"))]
    pub(super) fn target(&self, needs: &Needs) -> Result<Target, String> {
        match self {
            #[cfg(feature = "standin")]
            Self::Launched(launched) => launched.target(needs),
            Self::Existing(target) => Ok(target.clone()),
        }
    }

    /// Whether all files share what exists.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Existing(_))
    }
}

#[cfg(feature = "standin")]
impl Launched {
    fn target(&self, needs: &Needs) -> Result<Target, String> {
        let mut options: LaunchOptions =
            needs.options().map_err(|error| error.message().to_owned())?;
        if let Some(arangod) = &self.arangod {
            options.arangod = Some(arangod.clone());
        }
        if let Some(program) = &self.program {
            options.program = Some(program.clone());
        }
        options.world = match self.place {
            Some(place) => place,
            None if needs.names_world() => options.world,
            // what servers in this process cannot have, they have in others
            None if options.only_for_processes().is_some() => Place::Processes,
            None => Place::Embedded,
        };
        options.check().map_err(|error| error.to_string())?;
        Ok(Target::Launched(Box::new(options)))
    }
}
