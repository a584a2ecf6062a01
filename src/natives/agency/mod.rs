//! `agency`: the agency client for scripts.
//!
//! `agency::current()` and `agency::connect(…)` give an `Agency` value; all else
//! are its methods. Paths are relative to `/arango` unless they begin with `/`.

mod calls;
pub(super) mod changes;
mod error;
mod handle;
pub(super) mod requests;
mod target;

use rhai::plugin::*;
use rhai::{Array, Dynamic, FnPtr, INT, Map};

use super::{Raw, argument, call, document, from_json, to_json};
use crate::client::AgencyClient;
use crate::document::Document;
use error::call_back;
pub(super) use handle::handle;

pub use target::{AgencyTarget, Connector};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::unwrap_used, reason = "the macro takes apart what the engine has checked")]
pub(super) mod natives {
    /// An agency that a script talks to.
    pub type Agency = AgencyClient;

    /// Makes a client of an agency; connects when first used.
    ///
    /// `agency::connect(options: map) -> Agency`
    ///
    /// Arguments: `endpoints` (string or array, needed), `jwt_secret`, `jwt_secret_file` (a file, or a folder whose first file counts) or `jwt_token`,
    /// `username`, `password`, `timeout` (30, one operation with all its repetitions), `connect_timeout` (5),
    /// `ca_file`, `insecure` (false), `learn_leaders` (true; otherwise a leader that is none of the endpoints is an error).
    /// Units: seconds.
    /// Errors: `argument.invalid`, `argument.type`, `agency.no_endpoints`, `endpoint.invalid`, `auth.secret_too_long`,
    /// `auth.secret_unreadable`, `http.ca_file` (all number 10); `permission.network`, `permission.files` (11).
    /// Legacy: none; scripts used `request` with hand-made redirects.
    ///
    /// ```rhai
    /// let a = agency::connect(#{ endpoints: ["tcp://127.0.0.1:8531"], jwt_secret: "s", timeout: 5 });
    /// assert_eq(type_of(a), "Agency");
    /// ```
    #[rhai_fn(name = "connect", return_raw)]
    pub fn connect(ctx: NativeCallContext, options: Map) -> Raw<Agency> {
        call(&ctx, "agency::connect", |run| handle(&ctx, calls::connect(run, &options)?))
    }

    /// The agency that this run was started for.
    ///
    /// `agency::current() -> Agency`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: `agency.no_target` (number 2001) when the run has none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/current", 1);
    /// assert_eq(a.get("Test/current"), 1);
    /// ```
    #[rhai_fn(name = "current", return_raw)]
    pub fn current(ctx: NativeCallContext) -> Raw<Agency> {
        call(&ctx, "agency::current", |run| handle(&ctx, calls::current(run)?))
    }

    /// Reads several paths at once: one tree with all that was found, at full paths.
    ///
    /// `agency.read(paths: string | array) -> map | Document`
    ///
    /// Arguments: `paths`, one or several.
    /// Units: answers of more than 1048576 bytes are documents: read in place, not to be changed.
    /// Errors: `agency.no_leader` (503), `agency.timeout` (408), `agency.unreachable` (2001), `agency.unauthorized` (11).
    /// Legacy: `/_api/agency/read`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/read", #{ x: 1 });
    /// assert_eq(a.read(["Test/read/x", "Test/none"]).arango.Test.read.x, 1);
    /// ```
    #[rhai_fn(global, name = "read", return_raw)]
    pub fn read(ctx: NativeCallContext, agency: &mut Agency, paths: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "agency::read", |run| calls::by_size(run, &calls::read(agency, &paths)?))
    }

    /// As `read`, but the answer is always a document, which is read in place.
    ///
    /// `agency.read_doc(paths: string | array) -> Document`
    ///
    /// Arguments: `paths`, one or several.
    /// Units: takes about twice the memory of the answer's text.
    /// Errors: as for `read`.
    /// Legacy: `/_api/agency/read`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/read_doc", #{ x: 1 });
    /// let doc = a.read_doc("Test");
    /// assert_eq(type_of(doc), "Document");
    /// assert_eq(doc.arango.Test.read_doc.x, 1);
    /// ```
    #[rhai_fn(global, name = "read_doc", return_raw)]
    pub fn read_doc(ctx: NativeCallContext, agency: &mut Agency, paths: Dynamic) -> Raw<Document> {
        call(&ctx, "agency::read_doc", |_| calls::read(agency, &paths))
    }

    /// Reads the value at a path; `()` when nothing is there.
    ///
    /// `agency.get(path: string) -> any`
    ///
    /// Arguments: `path`.
    /// Units: answers of more than 1048576 bytes are documents: read in place, not to be changed.
    /// Errors: `agency.no_leader` (503), `agency.timeout` (408), `agency.unreachable` (2001), `agency.unauthorized` (11).
    /// Legacy: `agencyMgr.get`, `readAgencyValueAt`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/get", [1, 2]);
    /// assert_eq(a.get("/arango/Test/get"), [1, 2]);
    /// assert_eq(a.get("Test/get/deeper"), ());
    /// ```
    #[rhai_fn(global, name = "get", return_raw)]
    pub fn get(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<Dynamic> {
        call(&ctx, "agency::get", |run| match agency.get_document(path)? {
            Some(found) => calls::by_size(run, &found),
            None => Ok(Dynamic::UNIT),
        })
    }

    /// As `get`, but an array or an object is always a document, which is read in place.
    ///
    /// `agency.get_doc(path: string) -> any`
    ///
    /// Arguments: `path`.
    /// Units: takes about twice the memory of the answer's text.
    /// Errors: as for `get`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/get_doc", #{ x: [1, 2] });
    /// assert_eq(a.get_doc("Test/get_doc").x[1], 2);
    /// assert_eq(a.get_doc("Test/get_doc/none"), ());
    /// ```
    #[rhai_fn(global, name = "get_doc", return_raw)]
    pub fn get_doc(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<Dynamic> {
        call(&ctx, "agency::get_doc", |_| {
            Ok(agency.get_document(path)?.as_ref().map_or(Dynamic::UNIT, document::part))
        })
    }

    /// Tells whether anything is at a path; `()`, `#{}` and `[]` count.
    ///
    /// `agency.exists(path: string) -> boolean`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: as for `get`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/exists", ());
    /// assert(a.exists("Test/exists"));
    /// assert(!a.exists("Test/missing"));
    /// ```
    #[rhai_fn(global, name = "exists", return_raw)]
    pub fn exists(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<bool> {
        call(&ctx, "agency::exists", |_| Ok(agency.exists(path)?))
    }

    /// Sends transactions; tells what became of each.
    ///
    /// `agency.write(transactions: array) -> map`
    ///
    /// Arguments: each transaction is `[operations, preconditions?, client id?]`; ids are made up when absent, and must be new when given.
    /// Returns `code` (200; 412 when a precondition failed), `applied` (all of them), `results` (a log index each, 0 for
    /// those that did not happen), `client_ids`.
    /// Units: log indices.
    /// Errors: `argument.invalid` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: `/_api/agency/write`, `writeTransaction`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let answer = a.write([[#{ "Test/write": #{ "op": "set", "new": 7 } }, #{ "Test/write": #{ oldEmpty: true } }]]);
    /// assert(answer.applied && answer.results[0] > 0);
    /// assert_eq(a.write([[#{ "Test/write": 8 }, #{ "Test/write": 9 }]]).code, 412);
    /// ```
    #[rhai_fn(global, name = "write", return_raw)]
    pub fn write(ctx: NativeCallContext, agency: &mut Agency, transactions: Array) -> Raw<Map> {
        call(&ctx, "agency::write", |_| calls::write(agency, &transactions))
    }

    /// Runs reads and writes in one request on the leader's newest state.
    ///
    /// `agency.transact(items: array) -> map`
    ///
    /// Arguments: items are arrays of paths, or transactions as for `write`. Returns `code` and `results`, one per item: a
    /// tree, a log index, or the values that made a precondition fail.
    /// Units: log indices.
    /// Errors: as for `write`.
    /// Legacy: `/_api/agency/transact`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/transact", 6);
    /// let answer = a.transact([[#{ "Test/transact": #{ "op": "increment" } }], ["Test/transact"]]);
    /// assert_eq(answer.results[1].arango.Test.transact, 7);
    /// ```
    #[rhai_fn(global, name = "transact", return_raw)]
    pub fn transact(ctx: NativeCallContext, agency: &mut Agency, items: Array) -> Raw<Map> {
        call(&ctx, "agency::transact", |_| calls::transact(agency, &items))
    }

    /// Runs reads and writes on the leader's transient store, which is lost when the leader changes.
    ///
    /// `agency.transient(items: array) -> array`
    ///
    /// Arguments: items as for `transact`. Returns a boolean for each write and a tree for each read.
    /// Units: none.
    /// Errors: as for `get`.
    /// Legacy: `/_api/agency/transient`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let answer = a.transient([[#{ "/Test/transient": 1 }], ["/Test/transient"]]);
    /// assert_eq(answer[0], true);
    /// assert_eq(answer[1].Test.transient, 1);
    /// ```
    #[rhai_fn(global, name = "transient", return_raw)]
    pub fn transient(ctx: NativeCallContext, agency: &mut Agency, items: Array) -> Raw<Array> {
        call(&ctx, "agency::transient", |_| calls::transient(agency, &items))
    }

    /// Replaces the value at a path.
    ///
    /// `agency.set(path: string, value: any) -> integer`
    ///
    /// Arguments: `value`, anything that JSON can express.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: `agencyMgr.set`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/set", #{ a: [1, "x"] });
    /// assert_eq(a.get("Test/set/a"), [1, "x"]);
    /// ```
    #[rhai_fn(global, name = "set", return_raw)]
    pub fn set(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        value: Dynamic,
    ) -> Raw<INT> {
        call(&ctx, "agency::set", |_| Ok(calls::index(agency.set(path, to_json(&value)?)?)))
    }

    /// Removes what is at a path, if anything.
    ///
    /// `agency.remove(path: string) -> integer`
    ///
    /// Arguments: `path`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: `agencyMgr.remove`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/remove", 1);
    /// a.remove("Test/remove");
    /// assert(!a.exists("Test/remove"));
    /// ```
    #[rhai_fn(global, name = "remove", return_raw)]
    pub fn remove(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<INT> {
        call(&ctx, "agency::remove", |_| Ok(calls::index(agency.remove(path)?)))
    }

    /// Adds to the number at a path; what is no number counts as 0.
    ///
    /// `agency.increment(path: string, step?: integer) -> integer`
    ///
    /// Arguments: `step`, 1 unless given; negative subtracts.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: `agencyMgr.increaseVersion`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/increment", 1);
    /// a.increment("Test/increment");
    /// a.increment("Test/increment", -5);
    /// assert_eq(a.get("Test/increment"), -3);
    /// ```
    #[rhai_fn(global, name = "increment", return_raw)]
    pub fn increment(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<INT> {
        call(&ctx, "agency::increment", |_| Ok(calls::index(agency.increment(path, 1)?)))
    }

    #[rhai_fn(global, name = "increment", return_raw)]
    pub fn increment_by(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        step: INT,
    ) -> Raw<INT> {
        call(&ctx, "agency::increment", |_| Ok(calls::index(agency.increment(path, step)?)))
    }

    /// Appends to the array at a path.
    ///
    /// `agency.push(path: string, value: any) -> integer`
    ///
    /// Arguments: `path`; `value`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `push`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/push", [1]);
    /// a.push("Test/push", 2);
    /// assert_eq(a.get("Test/push"), [1, 2]);
    /// ```
    #[rhai_fn(global, name = "push", return_raw)]
    pub fn push(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        value: Dynamic,
    ) -> Raw<INT> {
        call(&ctx, "agency::push", |_| Ok(calls::index(agency.push(path, to_json(&value)?)?)))
    }

    /// Drops the last element of the array at a path.
    ///
    /// `agency.pop(path: string) -> integer`
    ///
    /// Arguments: `path`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `pop`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/pop", [1, 2]);
    /// a.pop("Test/pop");
    /// assert_eq(a.get("Test/pop"), [1]);
    /// ```
    #[rhai_fn(global, name = "pop", return_raw)]
    pub fn pop(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<INT> {
        call(&ctx, "agency::pop", |_| Ok(calls::index(agency.pop(path)?)))
    }

    /// Inserts at the front of the array at a path.
    ///
    /// `agency.prepend(path: string, value: any) -> integer`
    ///
    /// Arguments: `path`; `value`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `prepend`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/prepend", [1]);
    /// a.prepend("Test/prepend", 0);
    /// assert_eq(a.get("Test/prepend"), [0, 1]);
    /// ```
    #[rhai_fn(global, name = "prepend", return_raw)]
    pub fn prepend(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        value: Dynamic,
    ) -> Raw<INT> {
        call(&ctx, "agency::prepend", |_| Ok(calls::index(agency.prepend(path, to_json(&value)?)?)))
    }

    /// Drops the first element of the array at a path.
    ///
    /// `agency.shift(path: string) -> integer`
    ///
    /// Arguments: `path`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `shift`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/shift", [1, 2]);
    /// a.shift("Test/shift");
    /// assert_eq(a.get("Test/shift"), [2]);
    /// ```
    #[rhai_fn(global, name = "shift", return_raw)]
    pub fn shift(ctx: NativeCallContext, agency: &mut Agency, path: &str) -> Raw<INT> {
        call(&ctx, "agency::shift", |_| Ok(calls::index(agency.shift(path)?)))
    }

    /// Removes all elements that equal a value from the array at a path.
    ///
    /// `agency.erase(path: string, value: any) -> integer`
    ///
    /// Arguments: `path`; `value`.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `erase`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/erase", [1, 2, 1]);
    /// a.erase("Test/erase", 1);
    /// assert_eq(a.get("Test/erase"), [2]);
    /// ```
    #[rhai_fn(global, name = "erase", return_raw)]
    pub fn erase(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        value: Dynamic,
    ) -> Raw<INT> {
        call(&ctx, "agency::erase", |_| Ok(calls::index(agency.erase(path, to_json(&value)?)?)))
    }

    /// Replaces all elements that equal a value in the array at a path.
    ///
    /// `agency.replace(path: string, old: any, new_value: any) -> integer`
    ///
    /// Arguments: `old`, what to look for; `new_value`, what to put there.
    /// Units: returns the log index.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: operator `replace`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/replace", [1, 2]);
    /// a.replace("Test/replace", 1, 5);
    /// assert_eq(a.get("Test/replace"), [5, 2]);
    /// ```
    #[rhai_fn(global, name = "replace", return_raw)]
    pub fn replace(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        old: Dynamic,
        new_value: Dynamic,
    ) -> Raw<INT> {
        call(&ctx, "agency::replace", |_| {
            Ok(calls::index(agency.replace(path, to_json(&old)?, to_json(&new_value)?)?))
        })
    }

    /// Sets a value if the present one equals another: compare and swap.
    ///
    /// `agency.cas(path: string, old: any, new_value: any) -> boolean`
    ///
    /// Arguments: `old`, what must be there; `()` for nothing. False when something else was there.
    /// Units: none.
    /// Errors: `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`.
    /// Legacy: `agencyMgr.casValue`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.remove("Test/cas");
    /// assert(a.cas("Test/cas", (), 1));
    /// assert(!a.cas("Test/cas", 5, 2));
    /// assert(a.cas("Test/cas", 1, 2));
    /// ```
    #[rhai_fn(global, name = "cas", return_raw)]
    pub fn cas(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        old: Dynamic,
        new_value: Dynamic,
    ) -> Raw<bool> {
        call(&ctx, "agency::cas", |_| calls::cas(agency, path, &old, &new_value))
    }

    /// Reads a value, computes a new one, sets it if nobody else was faster; else tries again.
    ///
    /// `agency.update(path: string, change: function) -> any`
    ///
    /// Arguments: `change` gets the present value (`()` when nothing is there) and returns the new one; `()` writes nothing.
    /// Inside it use `agency::current()`, not the variable that `update` is called on. Returns the value that is there afterwards.
    /// Units: none.
    /// Errors: `agency.conflict` (412) after 100 tries; `agency.forbidden` (11), `agency.operation_failed` (10), `agency.unknown_outcome` (2003), and as for `get`; what `change` raises.
    /// Legacy: `agencyMgr.casValue` in a loop.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/update", 20);
    /// assert_eq(a.update("Test/update", |old| old + 1), 21);
    /// ```
    #[rhai_fn(global, name = "update", return_raw)]
    pub fn update(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        change: FnPtr,
    ) -> Raw<Dynamic> {
        call_back(&ctx, "agency::update", |_| calls::update(&ctx, agency, path, &change))
    }

    /// Reserves numbers that nobody else in this deployment gets.
    ///
    /// `agency.unique_id(count?: integer) -> integer`
    ///
    /// Arguments: `count`, 1 unless given.
    /// Units: returns the first of them.
    /// Errors: `argument.invalid` (10), `agency.cas_exhausted` (412), `agency.type_error` (17), and as for `set`.
    /// Legacy: `agencyMgr.uniqId`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let first = a.unique_id(10);
    /// assert(a.unique_id() >= first + 10);
    /// ```
    #[rhai_fn(global, name = "unique_id", return_raw)]
    pub fn unique_id(ctx: NativeCallContext, agency: &mut Agency) -> Raw<INT> {
        call(&ctx, "agency::unique_id", |_| calls::unique_id(agency, 1))
    }

    #[rhai_fn(global, name = "unique_id", return_raw)]
    pub fn unique_ids(ctx: NativeCallContext, agency: &mut Agency, count: INT) -> Raw<INT> {
        call(&ctx, "agency::unique_id", |_| calls::unique_id(agency, count))
    }

    /// Asks for the fate of transactions by their client ids.
    ///
    /// `agency.inquire(ids: string | array) -> array`
    ///
    /// Arguments: `ids`, one or several. 0 for ids that no applied transaction carries.
    /// Units: returns a log index each.
    /// Errors: as for `get`.
    /// Legacy: `/_api/agency/inquire`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let index = a.write([[#{ "Test/inquire": 1 }, #{}, "my-id"]]).results[0];
    /// assert_eq(a.inquire(["my-id", "other"]), [index, 0]);
    /// ```
    #[rhai_fn(global, name = "inquire", return_raw)]
    pub fn inquire(ctx: NativeCallContext, agency: &mut Agency, ids: Dynamic) -> Raw<Array> {
        call(&ctx, "agency::inquire", |_| calls::inquire(agency, &ids))
    }

    /// Waits for log entries from an index on; index 0 asks for the whole tree.
    ///
    /// `agency.poll(index: integer, timeout: integer | float) -> map`
    ///
    /// Arguments: `index`; `timeout`, at most 60. Returns `commit_index`, `first_index` (`()` when nothing is new, 0 with a
    /// `snapshot`), `snapshot`, `log` (of `#{ index, operations }`).
    /// Units: seconds, cut to what the deadline leaves.
    /// Errors: as for `get`.
    /// Legacy: `/_api/agency/poll`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let index = a.set("Test/poll", 1);
    /// let answer = a.poll(index, 5);
    /// assert_eq(answer.first_index, index);
    /// assert_eq(answer.log[0].index, index);
    /// ```
    #[rhai_fn(global, name = "poll", return_raw)]
    pub fn poll(
        ctx: NativeCallContext,
        agency: &mut Agency,
        index: INT,
        timeout: Dynamic,
    ) -> Raw<Map> {
        call(&ctx, "agency::poll", |_| calls::poll(agency, index, &timeout))
    }

    /// Calls a function with the value at a path, now and after each change.
    ///
    /// `agency.watch(path: string, changed: function, timeout: integer | float) -> boolean`
    ///
    /// Arguments: `changed` gets the value (`()` when nothing is there); when it returns true the watch ends. Changes that follow
    /// each other quickly may be seen as one. Returns whether `changed` ended it.
    /// Units: seconds.
    /// Errors: as for `get`; what `changed` raises.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/watch", 1);
    /// assert(a.watch("Test/watch", |value| value == 1, 5));
    /// ```
    #[rhai_fn(global, name = "watch", return_raw)]
    pub fn watch(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        changed: FnPtr,
        timeout: Dynamic,
    ) -> Raw<bool> {
        call_back(&ctx, "agency::watch", |_| {
            let timeout = argument::seconds(&timeout, "the timeout")?;
            calls::watch(&ctx, agency, path, &changed, timeout)
        })
    }

    /// Waits until a condition holds for the value at a path.
    ///
    /// `agency.wait_until(path: string, predicate: function, timeout: integer | float) -> any`
    ///
    /// Arguments: `predicate` gets the value (`()` when nothing is there) and returns a boolean. Returns the value for which it holds.
    /// Units: seconds.
    /// Errors: `agency.wait_timeout` (408); as for `get`; what `predicate` raises.
    /// Legacy: `waitFor` loops with `sleep`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/wait", 3);
    /// assert_eq(a.wait_until("Test/wait", |value| value > 2, 5), 3);
    /// ```
    #[rhai_fn(global, name = "wait_until", return_raw)]
    pub fn wait_until(
        ctx: NativeCallContext,
        agency: &mut Agency,
        path: &str,
        predicate: FnPtr,
        timeout: Dynamic,
    ) -> Raw<Dynamic> {
        call_back(&ctx, "agency::wait_until", |_| {
            let timeout = argument::seconds(&timeout, "the timeout")?;
            calls::wait_until(&ctx, agency, path, &predicate, timeout)
        })
    }

    /// Reads an agent's configuration and Raft status.
    ///
    /// `agency.config(agent?: string) -> map`
    ///
    /// Arguments: `agent`, an id; the likely leader unless given.
    /// Units: none.
    /// Errors: `agency.unknown_agent` (10), and as for `get`.
    /// Legacy: `/_api/agency/config`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// assert(a.config().term >= 1);
    /// assert_eq(a.config(a.leader()).leaderId, a.leader());
    /// ```
    #[rhai_fn(global, name = "config", return_raw)]
    pub fn config(ctx: NativeCallContext, agency: &mut Agency) -> Raw<Dynamic> {
        call(&ctx, "agency::config", |_| Ok(from_json(agency.config(None)?)))
    }

    #[rhai_fn(global, name = "config", return_raw)]
    pub fn config_of(ctx: NativeCallContext, agency: &mut Agency, agent: &str) -> Raw<Dynamic> {
        call(&ctx, "agency::config", |_| Ok(from_json(agency.config(Some(agent))?)))
    }

    /// Reads tree and log as one agent has them; the answer can be very large.
    ///
    /// `agency.state(agent?: string) -> map | Document`
    ///
    /// Arguments: `agent`, an id; the likely leader unless given.
    /// Units: answers of more than 1048576 bytes are documents: read in place, not to be changed.
    /// Errors: `agency.unknown_agent` (10), and as for `get`.
    /// Legacy: `/_api/agency/state`, `dumpAgency`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// a.set("Test/state", 1);
    /// assert_eq(a.state().agency.arango.Test.state, 1);
    /// ```
    #[rhai_fn(global, name = "state", return_raw)]
    pub fn state(ctx: NativeCallContext, agency: &mut Agency) -> Raw<Dynamic> {
        call(&ctx, "agency::state", |run| calls::by_size(run, &agency.state_document(None)?))
    }

    #[rhai_fn(global, name = "state", return_raw)]
    pub fn state_of(ctx: NativeCallContext, agency: &mut Agency, agent: &str) -> Raw<Dynamic> {
        call(&ctx, "agency::state", |run| calls::by_size(run, &agency.state_document(Some(agent))?))
    }

    /// The id of the leading agent; waits for one to be elected.
    ///
    /// `agency.leader() -> string`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: as for `get`.
    /// Legacy: `agencyMgr.leader`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// assert(a.leader().starts_with("AGNT-"));
    /// ```
    #[rhai_fn(global, name = "leader", return_raw)]
    pub fn leader(ctx: NativeCallContext, agency: &mut Agency) -> Raw<String> {
        call(&ctx, "agency::leader", |_| Ok(calls::leader(agency)?))
    }

    /// The members of the agency, by id.
    ///
    /// `agency.agents() -> array`
    ///
    /// Arguments: none. Returns maps of `id`, `endpoint`, `leading`.
    /// Units: none.
    /// Errors: as for `get`.
    /// Legacy: `agencyMgr.agents`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// assert(a.agents().len() >= 1);
    /// ```
    #[rhai_fn(global, name = "agents", return_raw)]
    pub fn agents(ctx: NativeCallContext, agency: &mut Agency) -> Raw<Array> {
        call(&ctx, "agency::agents", |_| calls::agents(agency))
    }

    /// Asks every agent how it is.
    ///
    /// `agency.health() -> map`
    ///
    /// Arguments: none. Returns `healthy` (all answer and name the same leader), `leader_id`, `agents` (of `id`, `endpoint`,
    /// `leading`, `reachable`, `leader_id`, `term`, `commit_index`, `error`).
    /// Units: none.
    /// Errors: as for `get`.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// assert(a.health().leader_id != ());
    /// ```
    #[rhai_fn(global, name = "health", return_raw)]
    pub fn health(ctx: NativeCallContext, agency: &mut Agency) -> Raw<Map> {
        call(&ctx, "agency::health", |_| calls::health(agency))
    }
}
