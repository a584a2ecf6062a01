//! `/_admin/log/level`: what this server logs.

use axum::http::Method;

use super::dispatch::Call;
use crate::standin::web::answer::Answer;
use crate::standin::web::log_endpoint;

/// Shows the level of each topic, after changing some if asked to.
pub(super) async fn level(mut call: Call, method: &Method) -> Answer {
    let control = call.agent.config.log.clone();
    if *method == Method::GET {
        return Ok(log_endpoint::show(&control));
    }
    let body = call.parse_body().await?.map_err(|message| log_endpoint::refused(&message))?;
    log_endpoint::change(&control, body)
}
