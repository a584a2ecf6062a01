//! What makes a member that of its role: the one place where roles are plugged in.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::member::{Member, MemberService, Pinned};
use super::web::answer::Answer;
use super::web::service::Call;
use super::web::turned_true;

/// What a member does once it is registered; `_directory` is where it may keep data.
pub(super) fn service(_member: &Arc<Member>, _directory: Option<&Path>) -> Arc<dyn MemberService> {
    Arc::new(General)
}

/// Nothing but what every server does.
struct General;

impl MemberService for General {
    fn answer<'a>(&'a self, _call: &'a Call) -> Pinned<'a, Option<Answer>> {
        Box::pin(async { None })
    }

    fn run(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) -> Pinned<'static, ()> {
        Box::pin(async move { turned_true(&mut shutdown).await })
    }
}
