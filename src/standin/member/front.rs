//! The HTTP side of a member: what every server answers, and its role's own behind that.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::{Gate, Member, MemberConfig, MemberRole};
use crate::standin::model::ServerId;
use crate::standin::web::Authentication;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::log_endpoint;
use crate::standin::web::service::{Answering, Call, Service};

/// What a future of a service is.
pub(in crate::standin) type Pinned<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What makes a member that of its role.
pub(in crate::standin) trait MemberService: Send + Sync + 'static {
    /// Answers a request, which may be asked; nothing if it is none of its own.
    fn answer<'a>(&'a self, call: &'a Call) -> Pinned<'a, Option<Answer>>;

    /// Does its work, from when the member is registered until `shutdown` turns true.
    fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>) -> Pinned<'static, ()>;
}

/// How a member ends in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::standin) enum Ending {
    /// It may come back.
    LogOff,
    /// The cluster is to forget it.
    Leave,
}

/// A member once it is registered.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) member: Arc<Member>,
    pub(super) service: Arc<dyn MemberService>,
}

/// What answers the requests to a member, from its start on.
pub(super) struct Front {
    id: ServerId,
    config: MemberConfig,
    /// Closed while the member is suspended.
    pub(super) gate: Gate,
    /// There once the member serves.
    pub(super) serving: OnceLock<Serving>,
    /// How a client wants the member to end.
    pub(super) asked_to_end: watch::Sender<Option<Ending>>,
}

impl Front {
    pub(super) fn new(id: ServerId, config: MemberConfig, gate: Gate) -> Self {
        let (serving, asked_to_end) = (OnceLock::new(), watch::Sender::new(None));
        Self { id, config, gate, serving, asked_to_end }
    }

    fn role(&self) -> MemberRole {
        self.config.role
    }

    async fn respond(&self, call: Call) -> Answer {
        if let Some(answer) = self.general(&call).await {
            return answer;
        }
        let Some(serving) = self.serving.get() else { return Err(starting()) };
        match serving.service.answer(&call).await {
            Some(answer) => answer,
            None => Err(ApiError::NotImplemented { path: call.path.text }),
        }
    }

    /// Answers what every server answers.
    async fn general(&self, call: &Call) -> Option<Answer> {
        let path = call.path.segments();
        let answer = match path.as_slice() {
            ["_admin", "shutdown"] if call.method == Method::DELETE => Ok(self.shut_down(call)),
            ["_admin", "log", "level"] => self.log_level(call).await,
            // scripts ask with POST whether a server is there
            ["_api", "version"] => self.version(call),
            ["_admin", "version"] => only_get(call).and_then(|()| self.version(call)),
            ["_admin", "status"] => only_get(call).map(|()| self.status()),
            ["_admin", "server", "availability" | "mode"] => {
                only_get(call).and_then(|()| self.availability())
            }
            ["_admin", "server", "role"] => only_get(call).map(|()| self.told_role()),
            ["_admin", "server", "id"] => only_get(call).map(|()| {
                answer::json(
                    StatusCode::OK,
                    &json!({ "error": false, "code": 200, "id": &*self.id }),
                )
            }),
            ["_admin", "shutdown"] => Err(ApiError::MethodNotSupported),
            _ => return None,
        };
        Some(answer)
    }

    fn version(&self, call: &Call) -> Answer {
        let version = &self.config.version;
        let mut body = json!({ "server": "arango", "license": "community", "version": version });
        if call.flag("details", false) {
            body["details"] = json!({
                "role": self.role().told(),
                "mode": "server",
                "host": &*self.id,
                "server-version": version,
                "agencysh-version": env!("CARGO_PKG_VERSION"),
            });
        }
        Ok(answer::json(StatusCode::OK, &body))
    }

    fn status(&self) -> axum::response::Response {
        let serving = self.serving.get();
        let agents: Vec<String> = match serving {
            Some(serving) => serving.member.agency.client().endpoints(),
            None => self.config.agency.clone(),
        };
        let read_only = serving.is_some_and(|serving| is_read_only(&serving.member));
        answer::json(
            StatusCode::OK,
            &json!({
                "server": "arango",
                "license": "community",
                "version": self.config.version,
                "pid": std::process::id(),
                "mode": "server",
                "operationMode": "server",
                "serverInfo": {
                    "role": self.role().told(),
                    "maintenance": false,
                    "readOnly": read_only,
                    "writeOpsEnabled": !read_only,
                    "state": if serving.is_some() { "SERVING" } else { "STARTUP" },
                    "address": self.config.endpoint,
                    "serverId": &*self.id,
                    "rebootId": serving.map_or(0, |serving| serving.member.reboot_id()),
                },
                "agency": { "agencyComm": { "endpoints": agents } },
            }),
        )
    }

    fn availability(&self) -> Answer {
        let Some(serving) = self.serving.get() else { return Err(starting()) };
        let mode = if is_read_only(&serving.member) { "readonly" } else { "default" };
        Ok(answer::json(StatusCode::OK, &json!({ "error": false, "code": 200, "mode": mode })))
    }

    fn told_role(&self) -> axum::response::Response {
        let role = self.role().told();
        let body = json!({ "error": false, "code": 200, "role": role, "mode": "default" });
        answer::json(StatusCode::OK, &body)
    }

    /// Has the member end, once this is answered.
    fn shut_down(&self, call: &Call) -> axum::response::Response {
        let leave = call.flag("remove_from_cluster", false);
        tracing::info!(leave, "{} is asked to end", self.id);
        let ending = if leave { Ending::Leave } else { Ending::LogOff };
        self.asked_to_end.send_replace(Some(ending));
        answer::json(StatusCode::OK, &Json::from("OK"))
    }

    async fn log_level(&self, call: &Call) -> Answer {
        match call.method {
            Method::GET => Ok(log_endpoint::show(&self.config.log)),
            Method::PUT => log_endpoint::change(&self.config.log, call.value().await?),
            _ => Err(ApiError::MethodNotSupported),
        }
    }
}

impl Service for Front {
    fn authentication(&self) -> Option<&Authentication> {
        self.config.authentication.as_ref()
    }

    fn body_limit(&self) -> usize {
        self.config.limits.body
    }

    fn answer(self: Arc<Self>, call: Call) -> Answering {
        Box::pin(async move { self.respond(call).await })
    }
}

fn is_read_only(member: &Member) -> bool {
    let tree = member.view.tree();
    tree.read::<bool>("/arango/Readonly").is_some_and(|read| read.unwrap_or(false))
}

fn only_get(call: &Call) -> Result<(), ApiError> {
    match call.method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(ApiError::MethodNotSupported),
    }
}

/// What is answered before the member is registered.
fn starting() -> ApiError {
    ApiError::Numbered {
        status: StatusCode::SERVICE_UNAVAILABLE,
        number: 503,
        message: "the server is starting: it is not registered in the agency yet".to_owned(),
    }
}
