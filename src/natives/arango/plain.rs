//! Verbs that give the body of an answer.

use rhai::plugin::*;
use rhai::{Dynamic, Map};

use super::verbs;
use super::verbs::{Verb, body_of};
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Asks the current server with GET; gives the body.
    ///
    /// `arango::get(path: string, headers?: map) -> any`
    ///
    /// Arguments: `path`, in the current database unless it begins with `/_db/`; `headers`.
    /// Returns the body: the value of JSON or VelocyPack, a string, or a blob, whatever the status. Without a body it is a map
    /// with `code` and `error`; without an answer one with `code` 500, `error` true, `error_num` and `error_message`.
    /// Units: `error_num` 408 timeout, 2001 not connected or closed, 2002 not written, 2003 not read, 2000 other.
    /// Errors: `arango.no_connection` (number 2001); `deadline.script` (36); `argument.invalid` (10) for a body without a JSON form;
    /// `http.bad_request`, `http.bad_url` for headers and paths that cannot be sent.
    /// Legacy: `arango.GET`.
    ///
    /// ```rhai
    /// assert_eq(arango::get("/_api/version").server, "arango");
    /// assert(arango::get("/no/such/path").error);
    /// ```
    #[rhai_fn(name = "get", return_raw)]
    pub fn get_plain(ctx: NativeCallContext, path: &str) -> Raw<Dynamic> {
        call(&ctx, "arango::get", |run| {
            body_of(run, &Verb { method: "GET", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "get", return_raw)]
    pub fn get_with(ctx: NativeCallContext, path: &str, headers: Map) -> Raw<Dynamic> {
        call(&ctx, "arango::get", |run| {
            body_of(run, &Verb { method: "GET", path, body: None, headers: &headers })
        })
    }

    /// Asks the current server with HEAD; gives the status, since there is no body.
    ///
    /// `arango::head(path: string, headers?: map) -> any`
    ///
    /// Arguments: as for `arango::get`.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.HEAD`.
    ///
    /// ```rhai
    /// assert_eq(arango::head("/_api/agency/config").code, 405);
    /// ```
    #[rhai_fn(name = "head", return_raw)]
    pub fn head_plain(ctx: NativeCallContext, path: &str) -> Raw<Dynamic> {
        call(&ctx, "arango::head", |run| {
            body_of(run, &Verb { method: "HEAD", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "head", return_raw)]
    pub fn head_with(ctx: NativeCallContext, path: &str, headers: Map) -> Raw<Dynamic> {
        call(&ctx, "arango::head", |run| {
            body_of(run, &Verb { method: "HEAD", path, body: None, headers: &headers })
        })
    }

    /// Asks the current server with DELETE; gives the body.
    ///
    /// `arango::delete(path: string, body?: any, headers?: map) -> any`
    ///
    /// Arguments: as for `arango::post`.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.DELETE`.
    ///
    /// ```rhai
    /// assert(arango::delete("/no/such/path").error);
    /// ```
    #[rhai_fn(name = "delete", return_raw)]
    pub fn delete_plain(ctx: NativeCallContext, path: &str) -> Raw<Dynamic> {
        call(&ctx, "arango::delete", |run| {
            body_of(run, &Verb { method: "DELETE", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "delete", return_raw)]
    pub fn delete_body(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::delete", |run| {
            body_of(run, &Verb { method: "DELETE", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "delete", return_raw)]
    pub fn delete_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::delete", |run| {
            body_of(run, &Verb { method: "DELETE", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a POST to the current server; gives the body.
    ///
    /// `arango::post(path: string, body: any, headers?: map) -> any`
    ///
    /// Arguments: `path` and `headers` as for `arango::get`; `body`: a string goes out as it is, as JSON unless a header says otherwise,
    /// a blob as it is, `()` as nothing, any other value in VelocyPack, or in JSON after `arango::set_force_json(true)`.
    /// Returns what `arango::get` does. Nothing is ever sent twice.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.POST`.
    ///
    /// ```rhai
    /// let trees = arango::post("/_api/agency/read", [["/arango/Plan"]]);
    /// assert_eq(type_of(trees), "array");
    /// ```
    #[rhai_fn(name = "post", return_raw)]
    pub fn post_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::post", |run| {
            body_of(run, &Verb { method: "POST", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "post", return_raw)]
    pub fn post_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::post", |run| {
            body_of(run, &Verb { method: "POST", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a PUT to the current server; gives the body.
    ///
    /// `arango::put(path: string, body: any, headers?: map) -> any`
    ///
    /// Arguments: as for `arango::post`.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.PUT`.
    ///
    /// ```rhai
    /// assert(arango::put("/no/such/path", ()).error);
    /// ```
    #[rhai_fn(name = "put", return_raw)]
    pub fn put_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::put", |run| {
            body_of(run, &Verb { method: "PUT", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "put", return_raw)]
    pub fn put_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::put", |run| {
            body_of(run, &Verb { method: "PUT", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a PATCH to the current server; gives the body.
    ///
    /// `arango::patch(path: string, body: any, headers?: map) -> any`
    ///
    /// Arguments: as for `arango::post`.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.PATCH`.
    ///
    /// ```rhai
    /// assert(arango::patch("/no/such/path", #{ a: 1 }).error);
    /// ```
    #[rhai_fn(name = "patch", return_raw)]
    pub fn patch_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::patch", |run| {
            body_of(run, &Verb { method: "PATCH", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "patch", return_raw)]
    pub fn patch_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::patch", |run| {
            body_of(run, &Verb { method: "PATCH", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends OPTIONS to the current server; gives the body.
    ///
    /// `arango::options(path: string, body: any, headers?: map) -> any`
    ///
    /// Arguments: as for `arango::post`.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.OPTIONS`.
    ///
    /// ```rhai
    /// assert(type_of(arango::options("/_api/version", ())) != "()");
    /// ```
    #[rhai_fn(name = "options", return_raw)]
    pub fn options_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::options", |run| {
            body_of(run, &Verb { method: "OPTIONS", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "options", return_raw)]
    pub fn options_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::options", |run| {
            body_of(run, &Verb { method: "OPTIONS", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a file to the current server with POST; gives the body.
    ///
    /// `arango::send_file(path: string, file: string, headers?: map) -> any`
    ///
    /// Arguments: `path` and `headers` as for `arango::get`; `file`, the bytes of which are the body; only a header says what they are.
    /// Units: as for `arango::get`.
    /// Errors: as for `fs::read_blob` and `arango::get`; `permission.files` (number 11).
    /// Legacy: `arango.SEND_FILE`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/body", "[[\"/arango/Plan\"]]");
    /// assert_eq(arango::send_file("/_api/agency/read", fixture_dir + "/body").len, 1);
    /// ```
    #[rhai_fn(name = "send_file", return_raw)]
    pub fn send_file_plain(ctx: NativeCallContext, path: &str, file: &str) -> Raw<Dynamic> {
        call(&ctx, "arango::send_file", |run| verbs::send_file(run, path, file, &Map::new()))
    }

    #[rhai_fn(name = "send_file", return_raw)]
    pub fn send_file_with(
        ctx: NativeCallContext,
        path: &str,
        file: &str,
        headers: Map,
    ) -> Raw<Dynamic> {
        call(&ctx, "arango::send_file", |run| verbs::send_file(run, path, file, &headers))
    }
}
