//! Being woken by changes in the tree.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::Dynamic;
use rhai::plugin::*;

use super::calls::strings;
use crate::client::{self, AgencyClient};
use crate::natives::{NativeError, NativeResult, Raw, argument, call};

fn follow(agency: &AgencyClient, paths: &Dynamic) -> NativeResult<natives::Changes> {
    let paths = strings(paths, "each path")?;
    if paths.is_empty() {
        return Err(NativeError::bad_parameter("there must be at least one path"));
    }
    let paths: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
    Ok(Arc::new(Mutex::new(agency.changes(&paths))))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Changes that a script follows.
    pub type Changes = Arc<Mutex<client::Changes>>;

    /// Follows what happens at, above and below some paths, in the background, for as long as the script holds what is returned.
    ///
    /// `agency.changes(paths: string | array) -> Changes`
    ///
    /// Arguments: `paths`, one or several.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) without a path.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let changes = a.changes(["Test/changes"]);
    /// a.set("Test/changes/x", 1);
    /// assert(changes.wait(5));
    /// ```
    #[rhai_fn(global, name = "changes", return_raw)]
    pub fn changes(
        ctx: NativeCallContext,
        agency: &mut AgencyClient,
        paths: Dynamic,
    ) -> Raw<Changes> {
        call(&ctx, "agency::changes", |_| follow(agency, &paths))
    }

    /// Waits for a change since the last wait, or since the changes are followed; tells whether there was one.
    ///
    /// `changes.wait(timeout: integer | float) -> boolean`
    ///
    /// Arguments: `timeout`. The first change may be told though nothing changed: what happened before the agency first answered is not known.
    /// Units: seconds, cut to what the deadline leaves.
    /// Errors: `deadline.script` (number 36) when the script's deadline had passed before.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let changes = agency::current().changes("Test/wait_for_changes");
    /// assert(changes.wait(5));
    /// assert(!changes.wait(0.05));
    /// ```
    #[rhai_fn(global, name = "wait", return_raw)]
    pub fn wait(ctx: NativeCallContext, changes: &mut Changes, timeout: Dynamic) -> Raw<bool> {
        call(&ctx, "changes::wait", |run| {
            let timeout = argument::seconds(&timeout, "the timeout")?;
            let changes = changes.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(changes.wait(timeout, &run.deadline)?)
        })
    }
}
