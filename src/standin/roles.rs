//! What makes a member that of its role: the one place where roles are plugged in.

use std::sync::Arc;

use tokio::sync::watch;

use super::coordinator::{self, Coordinator};
use super::dbserver::{self, DbServer, LogStore};
use super::member::{Member, MemberConfig, MemberError, MemberRole, MemberService, Pinned};
use super::web::answer::Answer;
use super::web::service::Call;

/// What a member does once it is registered.
///
/// # Errors
/// Its data cannot be used.
pub(super) fn service(
    member: &Arc<Member>,
    config: &MemberConfig,
) -> Result<Arc<dyn MemberService>, MemberError> {
    match config.role {
        MemberRole::DbServer => {
            let store = match &config.directory {
                Some(directory) => LogStore::on_disk(directory)
                    .map_err(|error| MemberError::Data(Box::new(error)))?,
                None => LogStore::in_memory(),
            };
            let settings = dbserver::Settings {
                commit_patience: config.timing.commit_patience,
                ..dbserver::Settings::default()
            };
            Ok(DbServer::new(Arc::clone(member), store, settings))
        }
        MemberRole::Coordinator => {
            let settings = coordinator::Settings {
                removal_pause: config.timing.removal_pause,
                ..coordinator::Settings::default()
            };
            Ok(Coordinator::new(Arc::clone(member), settings))
        }
    }
}

impl MemberService for DbServer {
    fn answer<'a>(&'a self, call: &'a Call) -> Pinned<'a, Option<Answer>> {
        Box::pin(self.answer_logs(call))
    }

    fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>) -> Pinned<'static, ()> {
        Box::pin(Self::run(self, shutdown))
    }
}

impl MemberService for Coordinator {
    fn answer<'a>(&'a self, call: &'a Call) -> Pinned<'a, Option<Answer>> {
        Box::pin(Self::answer(self, call))
    }

    fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>) -> Pinned<'static, ()> {
        Box::pin(Self::run(self, shutdown))
    }
}
