//! What is known of servers, as JSON.

use agencysh::host::Crash;
use agencysh::natives::cluster::{InstanceExit, InstanceFacts};
use serde_json::{Value, json};

/// An instance.
pub(crate) fn described(one: &InstanceFacts) -> Value {
    json!({
        "name": one.name,
        "role": one.role,
        "id": one.id,
        "pid": one.pid,
        "url": one.url,
        "endpoint": one.endpoint,
        "state": one.state.name(),
        "exit": one.exit.map(|InstanceExit { code, signal }| json!({"code": code, "signal": signal})),
        "data_dir": one.data_dir,
        "log_file": one.log_file,
        "arguments": one.arguments,
    })
}

/// An instance that ended unasked.
pub(crate) fn told(crash: &Crash) -> Value {
    json!({
        "instance": crash.instance,
        "pid": crash.pid,
        "code": crash.exit.code,
        "signal": crash.exit.signal,
        "end": crash.end,
        "log": crash.log,
        "files": crash.files,
    })
}
