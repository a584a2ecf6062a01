//! The clients that scripts get: with the run's permissions, and with its log.

use std::sync::Arc;

use rhai::NativeCallContext;

use crate::client::AgencyClient;
use crate::natives::log::log;
use crate::natives::log_levels::Level;
use crate::natives::{Gate, NativeContext, NativeResult};

/// The topic of messages about the way to the leader.
const TOPIC: &str = "agency";

/// The client as a script gets it: it only reads when the run may not write, and logs each redirect.
pub(in crate::natives) fn handle(
    ctx: &NativeCallContext,
    client: AgencyClient,
) -> NativeResult<AgencyClient> {
    let run = NativeContext::of(ctx)?;
    let client = match run.require(Gate::AgencyWrites) {
        Ok(()) => client,
        Err(_) => client.read_only(),
    };
    // whoever keeps the client does not keep the run
    let run = Arc::downgrade(&run);
    Ok(client.telling_redirects(move |redirect| {
        let Some(run) = run.upgrade() else { return };
        let text = format!("{} sends {} on to {}", redirect.from, redirect.target, redirect.to);
        // a topic that is known cannot be refused
        let _ = log(&run, Level::Debug, TOPIC, &text.into());
    }))
}
