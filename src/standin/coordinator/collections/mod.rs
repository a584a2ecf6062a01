//! Collections: `/_api/collection` (§6).
//!
//! * `change`: properties that can be changed
//! * `create`: new collections
//! * `drop`: collections that go
//! * `find`: collections by what clients call them
//! * `show`: what clients are told of collections
//! * `wish`: what clients want of a new collection
//! * `with_leaders`: the Plan of collections whose shards have leaders and followers
//! * `with_logs`: the Targets of collections whose shards are replicated by logs

mod change;
mod create;
mod drop;
mod find;
mod show;
mod wish;
mod with_leaders;
mod with_logs;

use axum::http::Method;

pub(super) use find::find;
pub(super) use wish::Copies;

use super::{Coordinator, is_get, no_documents};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// How often a change is tried while others change the same.
const ATTEMPTS: usize = 50;

impl Coordinator {
    /// Answers what is below `/_api/collection`.
    pub(super) async fn collections(&self, call: &Call, path: &[&str]) -> Answer {
        let method = &call.method;
        match path {
            [] if is_get(method) => self.list_collections(call),
            [] if method == Method::POST => self.create_collection(call).await,
            [] => Err(ApiError::MethodNotSupported),
            [name] if is_get(method) => self.show_collection(call, name),
            [name] if method == Method::DELETE => self.drop_collection(call, name).await,
            [_] => Err(ApiError::MethodNotSupported),
            [name, "properties"] if is_get(method) => self.show_properties(call, name),
            [name, "properties"] if method == Method::PUT => {
                self.change_properties(call, name).await
            }
            [name, "shards"] if is_get(method) => self.show_shards(call, name),
            [_, "properties" | "shards"] => Err(ApiError::MethodNotSupported),
            [name, ..] => {
                find(&self.view().tree(), &call.database, name)?;
                Err(no_documents(&call.path.text))
            }
        }
    }
}

#[cfg(test)]
pub(super) mod testing;
