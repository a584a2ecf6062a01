//! Where the tests run.

use super::needs::Needs;
use crate::host::{HostBuilder, Target};

/// Where the tests run.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum World {
    /// Each file has servers of its own in this process.
    #[default]
    #[cfg(feature = "standin")]
    Embedded,
    /// All files talk to what exists already.
    Existing(Target),
}

impl World {
    /// A builder of hosts that talk to the servers which a file needs.
    pub(super) fn put_into(&self, builder: HostBuilder, needs: &Needs) -> HostBuilder {
        match self {
            #[cfg(feature = "standin")]
            Self::Embedded => {
                let Needs { agents, dbservers, coordinators, supervision } = needs.clone();
                builder
                    .target(Target::Embedded { agents, dbservers, coordinators })
                    .supervision(supervision)
            }
            Self::Existing(target) => builder.target(target.clone()),
        }
    }
}
