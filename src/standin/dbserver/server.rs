//! The server: its engine and its endpoints.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::api;
use super::engine::{self, Engine, Settings, Work};
use super::store::LogStore;
use crate::standin::member::Member;
use crate::standin::web::answer::Answer;
use crate::standin::web::service::Call;

/// A DB-server.
pub(in crate::standin) struct DbServer {
    pub(super) member: Arc<Member>,
    pub(super) engine: Engine,
    pub(super) settings: Settings,
    /// What runs the logs, until it runs.
    work: Mutex<Option<Work>>,
}

impl DbServer {
    /// A server that keeps its logs in a store. It does nothing before [`run`](Self::run).
    pub(in crate::standin) fn new(
        member: Arc<Member>,
        store: LogStore,
        settings: Settings,
    ) -> Arc<Self> {
        let (engine, work) = engine::new(Arc::clone(&member), store, settings);
        Arc::new(Self { member, engine, settings, work: Mutex::new(Some(work)) })
    }

    /// Runs the logs until `shutdown` turns true, or something cannot be stored.
    pub(in crate::standin) async fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>) {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(work) = work else { return };
        if let Err(error) = work.run(shutdown).await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the replicated logs cannot be kept, they run no more");
        }
    }

    /// Answers a request about replicated logs; nothing if it is about something else. While the
    /// member is suspended, requests wait.
    pub(in crate::standin) async fn answer_logs(&self, call: &Call) -> Option<Answer> {
        let segments = call.path.segments();
        let ["_api", "log", rest @ ..] = segments.as_slice() else { return None };
        self.member.gate.passed().await;
        let answer = api::answer(self, call, rest).await;
        self.member.gate.passed().await;
        Some(answer)
    }
}
