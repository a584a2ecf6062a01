//! Verbs that give all of an answer.

use rhai::plugin::*;
use rhai::{Dynamic, Map};

use super::verbs::{Verb, answer_of};
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Asks the current server with GET; gives all of the answer.
    ///
    /// `arango::get_raw(path: string, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::get`.
    /// Returns `code` (0 without an answer), `error` (true from 400 on), `headers` in lower case, `parsed_body` for JSON and VelocyPack,
    /// `body` as it was sent, and for errors `error_num` and `error_message`: those of the body, else the status and its words.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.GET_RAW`.
    ///
    /// ```rhai
    /// let answer = arango::get_raw("/_api/version");
    /// assert_eq(answer.code, 200);
    /// assert_eq(answer.parsed_body.server, "arango");
    /// assert_eq(arango::get_raw("/no/such/path").error_num, 9);
    /// ```
    #[rhai_fn(name = "get_raw", return_raw)]
    pub fn get_raw_plain(ctx: NativeCallContext, path: &str) -> Raw<Map> {
        call(&ctx, "arango::get_raw", |run| {
            answer_of(run, &Verb { method: "GET", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "get_raw", return_raw)]
    pub fn get_raw_with(ctx: NativeCallContext, path: &str, headers: Map) -> Raw<Map> {
        call(&ctx, "arango::get_raw", |run| {
            answer_of(run, &Verb { method: "GET", path, body: None, headers: &headers })
        })
    }

    /// Asks the current server with HEAD; gives all of the answer.
    ///
    /// `arango::head_raw(path: string, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::get`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.HEAD_RAW`.
    ///
    /// ```rhai
    /// assert(arango::head_raw("/_api/agency/config").error);
    /// ```
    #[rhai_fn(name = "head_raw", return_raw)]
    pub fn head_raw_plain(ctx: NativeCallContext, path: &str) -> Raw<Map> {
        call(&ctx, "arango::head_raw", |run| {
            answer_of(run, &Verb { method: "HEAD", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "head_raw", return_raw)]
    pub fn head_raw_with(ctx: NativeCallContext, path: &str, headers: Map) -> Raw<Map> {
        call(&ctx, "arango::head_raw", |run| {
            answer_of(run, &Verb { method: "HEAD", path, body: None, headers: &headers })
        })
    }

    /// Asks the current server with DELETE; gives all of the answer.
    ///
    /// `arango::delete_raw(path: string, body?: any, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::post`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.DELETE_RAW`.
    ///
    /// ```rhai
    /// assert_eq(arango::delete_raw("/no/such/path").code, 501);
    /// ```
    #[rhai_fn(name = "delete_raw", return_raw)]
    pub fn delete_raw_plain(ctx: NativeCallContext, path: &str) -> Raw<Map> {
        call(&ctx, "arango::delete_raw", |run| {
            answer_of(run, &Verb { method: "DELETE", path, body: None, headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "delete_raw", return_raw)]
    pub fn delete_raw_body(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "arango::delete_raw", |run| {
            answer_of(
                run,
                &Verb { method: "DELETE", path, body: Some(&body), headers: &Map::new() },
            )
        })
    }

    #[rhai_fn(name = "delete_raw", return_raw)]
    pub fn delete_raw_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Map> {
        call(&ctx, "arango::delete_raw", |run| {
            answer_of(run, &Verb { method: "DELETE", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a POST to the current server; gives all of the answer.
    ///
    /// `arango::post_raw(path: string, body: any, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::post`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.POST_RAW`.
    ///
    /// ```rhai
    /// let answer = arango::post_raw("/_api/agency/read", "[[\"/arango/Plan\"]]");
    /// assert_eq(answer.code, 200);
    /// ```
    #[rhai_fn(name = "post_raw", return_raw)]
    pub fn post_raw_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "arango::post_raw", |run| {
            answer_of(run, &Verb { method: "POST", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "post_raw", return_raw)]
    pub fn post_raw_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Map> {
        call(&ctx, "arango::post_raw", |run| {
            answer_of(run, &Verb { method: "POST", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a PUT to the current server; gives all of the answer.
    ///
    /// `arango::put_raw(path: string, body: any, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::post`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.PUT_RAW`.
    ///
    /// ```rhai
    /// assert_eq(arango::put_raw("/no/such/path", #{ a: 1 }).code, 501);
    /// ```
    #[rhai_fn(name = "put_raw", return_raw)]
    pub fn put_raw_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "arango::put_raw", |run| {
            answer_of(run, &Verb { method: "PUT", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "put_raw", return_raw)]
    pub fn put_raw_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Map> {
        call(&ctx, "arango::put_raw", |run| {
            answer_of(run, &Verb { method: "PUT", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends a PATCH to the current server; gives all of the answer.
    ///
    /// `arango::patch_raw(path: string, body: any, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::post`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.PATCH_RAW`.
    ///
    /// ```rhai
    /// assert_eq(arango::patch_raw("/no/such/path", #{ a: 1 }, #{ "x-a": 1 }).code, 501);
    /// ```
    #[rhai_fn(name = "patch_raw", return_raw)]
    pub fn patch_raw_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "arango::patch_raw", |run| {
            answer_of(run, &Verb { method: "PATCH", path, body: Some(&body), headers: &Map::new() })
        })
    }

    #[rhai_fn(name = "patch_raw", return_raw)]
    pub fn patch_raw_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Map> {
        call(&ctx, "arango::patch_raw", |run| {
            answer_of(run, &Verb { method: "PATCH", path, body: Some(&body), headers: &headers })
        })
    }

    /// Sends OPTIONS to the current server; gives all of the answer.
    ///
    /// `arango::options_raw(path: string, body: any, headers?: map) -> map`
    ///
    /// Arguments: as for `arango::post`. Returns what `arango::get_raw` does.
    /// Units: as for `arango::get`.
    /// Errors: as for `arango::get`.
    /// Legacy: `arango.OPTIONS_RAW`.
    ///
    /// ```rhai
    /// assert(arango::options_raw("/_api/version", ()).code > 0);
    /// ```
    #[rhai_fn(name = "options_raw", return_raw)]
    pub fn options_raw_plain(ctx: NativeCallContext, path: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "arango::options_raw", |run| {
            answer_of(
                run,
                &Verb { method: "OPTIONS", path, body: Some(&body), headers: &Map::new() },
            )
        })
    }

    #[rhai_fn(name = "options_raw", return_raw)]
    pub fn options_raw_with(
        ctx: NativeCallContext,
        path: &str,
        body: Dynamic,
        headers: Map,
    ) -> Raw<Map> {
        call(&ctx, "arango::options_raw", |run| {
            answer_of(run, &Verb { method: "OPTIONS", path, body: Some(&body), headers: &headers })
        })
    }
}
