//! One member of an embedded cluster: its place, which stays, and what runs there, which comes and
//! goes.

use std::net::TcpListener as StdListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::standin::member::{self, Ending, MemberConfig, MemberHandle, MemberRole};
use crate::standin::{StandinError, roles};

/// How long a member may take to register.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a member does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It runs.
    Running,
    /// It is suspended.
    Paused,
    /// It has ended.
    Stopped,
}

impl std::fmt::Display for ServerState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        })
    }
}

/// A member of an embedded cluster.
pub(super) struct EmbeddedMember {
    /// Its name in this cluster, such as `dbserver1`.
    pub(super) name: String,
    /// Its id.
    pub(super) id: String,
    /// How it is started.
    pub(super) config: MemberConfig,
    /// What runs.
    pub(super) handle: Option<MemberHandle>,
}

/// Where a member is to be.
pub(super) struct Place {
    name: String,
    pub(super) config: MemberConfig,
    listener: StdListener,
}

impl Place {
    /// A free port for a member, with this directory of its own.
    pub(super) fn find(
        name: String,
        role: MemberRole,
        directory: PathBuf,
        agents: Vec<String>,
    ) -> Result<Self, StandinError> {
        let listener = StdListener::bind(("127.0.0.1", 0)).map_err(StandinError::Port)?;
        listener.set_nonblocking(true).map_err(StandinError::Port)?;
        let address = listener.local_addr().map_err(StandinError::Port)?;
        let mut config = MemberConfig::new(role, format!("tcp://{address}"), agents);
        config.directory = Some(directory);
        Ok(Self { name, config, listener })
    }

    /// Starts a member there, and waits until it serves.
    pub(super) async fn take(self) -> Result<EmbeddedMember, StandinError> {
        let Self { name, config, listener } = self;
        let listener = TcpListener::from_std(listener).map_err(StandinError::Port)?;
        let handle = start(listener, &config).await?;
        Ok(EmbeddedMember { name, id: handle.id().to_owned(), config, handle: Some(handle) })
    }
}

/// Starts a member again, where it was before.
pub(super) async fn restart(config: MemberConfig) -> Result<MemberHandle, StandinError> {
    let address = config.endpoint.rsplit("//").next().unwrap_or_default().to_owned();
    let listener = TcpListener::bind(address).await.map_err(StandinError::Port)?;
    start(listener, &config).await
}

async fn start(listener: TcpListener, config: &MemberConfig) -> Result<MemberHandle, StandinError> {
    let own = config.clone();
    let role = move |member: &Arc<_>| roles::service(member, &own);
    let handle = member::start(listener, config.clone(), role).await;
    let handle = handle.map_err(|error| StandinError::Member(Arc::new(error)))?;
    let served = tokio::time::timeout(PATIENCE, handle.serving()).await;
    let error = match served {
        Ok(Ok(())) => return Ok(handle),
        Ok(Err(error)) => StandinError::Member(error),
        Err(_) => StandinError::NotServing { id: handle.id().to_owned(), after: PATIENCE },
    };
    handle.kill().await;
    Err(error)
}

impl EmbeddedMember {
    /// What it does at the moment.
    pub(super) fn state(&self) -> ServerState {
        match &self.handle {
            Some(handle) if handle.is_running() => ServerState::Running,
            Some(_) => ServerState::Paused,
            None => ServerState::Stopped,
        }
    }

    /// How a client asks it to end, which whoever has it has to do.
    pub(super) fn asked_to_end(
        &self,
    ) -> Option<impl Future<Output = Option<Ending>> + Send + use<>> {
        self.handle.as_ref().map(MemberHandle::asked_to_end)
    }
}
