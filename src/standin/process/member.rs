//! One member of a cluster: registers, serves, and ends when told to.

use std::net::TcpListener as StdListener;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::{ProcessError, told_to_end};
use crate::standin::member::{self, Ending, MemberConfig};
use crate::standin::{roles, runtime};

/// What a member is started with.
#[derive(Debug)]
pub struct MemberProcess {
    /// Where it listens.
    pub listener: StdListener,
    /// How it is set up.
    pub config: MemberConfig,
}

impl MemberProcess {
    /// Serves until SIGTERM or SIGINT, or until a client asks the member to end. It waits for an
    /// agency that is not there yet.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn run(self) -> Result<(), ProcessError> {
        let runtime = runtime("member").map_err(ProcessError::Runtime)?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), ProcessError> {
        let told_to_end = told_to_end()?;
        self.listener.set_nonblocking(true).map_err(ProcessError::Listen)?;
        let listener = TcpListener::from_std(self.listener).map_err(ProcessError::Listen)?;
        let config = self.config.clone();
        let role = move |member: &Arc<_>| roles::service(member, &config);
        let member = member::start(listener, self.config, role).await;
        let member = member.map_err(|error| ProcessError::Member(Arc::new(error)))?;
        tracing::info!("{} listens at {}", member.id(), member.url());
        let (serving, asked) = (member.serving(), member.asked_to_end());
        let failed = async {
            match serving.await {
                Err(error) => error,
                Ok(()) => std::future::pending().await,
            }
        };
        let ending = tokio::select! {
            () = told_to_end => Ending::LogOff,
            ending = asked => ending.unwrap_or(Ending::LogOff),
            error = failed => {
                member.kill().await;
                return Err(ProcessError::Member(error));
            }
        };
        tracing::info!("{} ends", member.id());
        member.shutdown(ending).await;
        Ok(())
    }
}
