//! `arango`: the current server of the run, as arangosh's `arango` object.
//!
//! At first it is the server that the run was started for; `arango::reconnect` chooses another one.
//! Plain verbs give the body, those with `_raw` all of the answer.

mod error;
mod results;
mod server;
mod switch;
mod target;
mod verbs;

use rhai::plugin::*;
use rhai::{Dynamic, FLOAT, Map};

use super::{Raw, call};
use verbs::{Verb, answer_of, body_of};

pub use target::{ArangoTarget, Connector};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
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

    /// Makes another server the current one; the one before is parked under its handle.
    ///
    /// `arango::reconnect(endpoint: string, options?: map) -> boolean`
    ///
    /// Arguments: `endpoint`, such as `tcp://127.0.0.1:8529`; `options` with `database` ("_system"), `jwt` (a finished token), `jwt_secret`
    /// (signs tokens in the name of `arangosh`), `username` ("root"), `password` (""), `warn` (true: a failure is logged). A token wins over a
    /// secret, and that over a user. A user is asked for once at `/_open/auth`; servers that have no tokens get Basic credentials. Nothing is
    /// ever asked for at the terminal. The server has to answer `/_api/version` first. Certificates are judged as the run's options say.
    /// Units: at most 30 seconds.
    /// Errors: number 10: `endpoint.invalid`; `arango.unreachable`, `arango.timeout` and their like with the text of the system; `arango.refused` with
    /// that of the server and its status as `code`; `argument.invalid`. `permission.network` (11); `deadline.script` (36). The server before stays current.
    /// Legacy: `arango.reconnect(endpoint, database, username, password, warn, jwtSecret)`.
    ///
    /// ```rhai
    /// let here = arango::endpoint();
    /// assert(arango::reconnect(here, #{ username: "root", warn: false }));
    /// assert_eq(arango::user(), "root");
    /// ```
    #[rhai_fn(name = "reconnect", return_raw)]
    pub fn reconnect_plain(ctx: NativeCallContext, endpoint: &str) -> Raw<bool> {
        call(&ctx, "arango::reconnect", |run| switch::reconnect(run, endpoint, &Map::new()))
    }

    #[rhai_fn(name = "reconnect", return_raw)]
    pub fn reconnect_with(ctx: NativeCallContext, endpoint: &str, options: Map) -> Raw<bool> {
        call(&ctx, "arango::reconnect", |run| switch::reconnect(run, endpoint, &options))
    }

    /// Names the current connection, so that it can be used again after others.
    ///
    /// `arango::handle() -> string`
    ///
    /// Arguments: none.
    /// Units: 32 hexadecimal digits: equal server and credentials give equal handles in one run.
    /// Errors: `arango.no_connection` (number 2001).
    /// Legacy: `arango.getConnectionHandle()`.
    ///
    /// ```rhai
    /// let mine = arango::handle();
    /// arango::reconnect(arango::endpoint(), #{ username: "other" });
    /// assert(arango::handle() != mine);
    /// assert(arango::use_handle(mine));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn handle(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::handle", switch::handle)
    }

    /// Makes a parked connection the current one again, with its database and credentials.
    ///
    /// `arango::use_handle(handle: string) -> boolean`
    ///
    /// Arguments: `handle`, from `arango::handle()`. Nothing is sent.
    /// Units: none.
    /// Errors: `arango.unknown_handle` (number 2001).
    /// Legacy: `arango.connectHandle(handle)`.
    ///
    /// ```rhai
    /// assert(arango::use_handle(arango::handle()));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn use_handle(ctx: NativeCallContext, handle: &str) -> Raw<bool> {
        call(&ctx, "arango::use_handle", |run| switch::use_handle(run, handle))
    }

    /// Closes a connection; tells whether there was one with this handle.
    ///
    /// `arango::drop_handle(handle: string) -> boolean`
    ///
    /// Arguments: `handle`. After that of the current connection there is no current one.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `arango.disconnectHandle(handle)`.
    ///
    /// ```rhai
    /// let mine = arango::handle();
    /// assert(arango::drop_handle(mine));
    /// assert(!arango::drop_handle(mine));
    /// assert(!arango::is_connected());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn drop_handle(ctx: NativeCallContext, handle: &str) -> Raw<bool> {
        call(&ctx, "arango::drop_handle", |run| Ok(switch::drop_handle(run, handle)))
    }

    /// Tells where the current server is.
    ///
    /// `arango::endpoint() -> string`
    ///
    /// Arguments: none.
    /// Units: none; spelled as it was given.
    /// Errors: `arango.no_connection` (number 2001); `deadline.script` (36).
    /// Legacy: `arango.getEndpoint()`.
    ///
    /// ```rhai
    /// assert(arango::endpoint().starts_with("http+tcp://127.0.0.1:"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn endpoint(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::endpoint", server::endpoint)
    }

    /// Tells the database that paths belong to.
    ///
    /// `arango::database() -> string`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: `arango.no_connection` (number 2001); `deadline.script` (36).
    /// Legacy: `arango.getDatabaseName()`.
    ///
    /// ```rhai
    /// assert_eq(arango::database(), "_system");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn database(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::database", server::database)
    }

    /// Changes the database that paths belong to, for the current connection.
    ///
    /// `arango::set_database(name: string) -> boolean`
    ///
    /// Arguments: `name`. Whether there is such a database, the next request shows.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) for an empty name; `arango.no_connection` (2001); `deadline.script` (36).
    /// Legacy: `arango.setDatabaseName(name)`.
    ///
    /// ```rhai
    /// arango::set_database("other");
    /// assert_eq(arango::get("/_db/_system/_api/version").server, "arango");
    /// assert_eq(arango::database(), "other");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_database(ctx: NativeCallContext, name: &str) -> Raw<bool> {
        call(&ctx, "arango::set_database", |run| server::set_database(run, name))
    }

    /// Tells in which user's name requests are sent.
    ///
    /// `arango::user() -> string`
    ///
    /// Arguments: none.
    /// Units: none; empty with tokens, secrets, or no credentials.
    /// Errors: `arango.no_connection` (number 2001).
    /// Legacy: `arango.connectedUser()`.
    ///
    /// ```rhai
    /// assert_eq(arango::user(), "");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn user(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::user", server::user)
    }

    /// Asks whether the current server answers and accepts the credentials.
    ///
    /// `arango::is_connected() -> boolean`
    ///
    /// Arguments: none.
    /// Units: at most 5 seconds.
    /// Errors: `deadline.script` (number 36); no server is `false`.
    /// Legacy: `arango.isConnected()`.
    ///
    /// ```rhai
    /// assert(arango::is_connected());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_connected(ctx: NativeCallContext) -> Raw<bool> {
        call(&ctx, "arango::is_connected", server::is_connected)
    }

    /// Asks the current server for its version.
    ///
    /// `arango::version() -> string`
    ///
    /// Arguments: none.
    /// Units: none; asked anew each time.
    /// Errors: `arango.no_connection`, `arango.unreachable` (number 2001), `arango.timeout` (408) and their like; `arango.refused` with the server's
    /// status as number and `code`; `deadline.script` (36).
    /// Legacy: `arango.getVersion()`.
    ///
    /// ```rhai
    /// assert(arango::version().contains("."));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn version(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::version", |run| Ok(server::details(run)?.version))
    }

    /// Asks the current server for its role; empty when it does not tell.
    ///
    /// `arango::role() -> string`
    ///
    /// Arguments: none.
    /// Units: none; asked anew each time.
    /// Errors: `arango.no_connection`, `arango.unreachable` (number 2001), `arango.timeout` (408) and their like; `arango.refused` with the server's
    /// status as number and `code`; `deadline.script` (36).
    /// Legacy: `arango.getRole()`.
    ///
    /// ```rhai
    /// assert_eq(arango::role(), "AGENT");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn role(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::role", |run| Ok(server::details(run)?.role))
    }

    /// Asks the current server for its mode; empty when it does not tell.
    ///
    /// `arango::mode() -> string`
    ///
    /// Arguments: none.
    /// Units: none; asked anew each time.
    /// Errors: `arango.no_connection`, `arango.unreachable` (number 2001), `arango.timeout` (408) and their like; `arango.refused` with the server's
    /// status as number and `code`; `deadline.script` (36).
    /// Legacy: `arango.getMode()`.
    ///
    /// ```rhai
    /// assert_eq(arango::mode(), "server");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mode(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::mode", |run| Ok(server::details(run)?.mode))
    }

    /// Tells what is spoken with the servers: `http`, with or without TLS.
    ///
    /// `arango::protocol() -> string`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `arango.protocol()`.
    ///
    /// ```rhai
    /// assert_eq(arango::protocol(), "http");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn protocol(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "arango::protocol", |run| Ok(server::protocol(run).to_owned()))
    }

    /// Tells how long a request may take, with the login that it may need.
    ///
    /// `arango::timeout() -> float`
    ///
    /// Arguments: none.
    /// Units: seconds; 1200 unless `--timeout` or the script says otherwise.
    /// Errors: `deadline.script` (number 36).
    /// Legacy: `arango.timeout()`.
    ///
    /// ```rhai
    /// assert(arango::timeout() > 0.0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn timeout(ctx: NativeCallContext) -> Raw<FLOAT> {
        call(&ctx, "arango::timeout", server::timeout)
    }

    /// Changes how long a request on any connection of the run may take.
    ///
    /// `arango::set_timeout(seconds: number) -> ()`
    ///
    /// Arguments: `seconds`, integer or float; 0 stands for a day.
    /// Units: seconds; what the deadline leaves is never exceeded.
    /// Errors: `argument.invalid` (number 10) for negative ones; `deadline.script` (36).
    /// Legacy: `arango.timeout(seconds)`.
    ///
    /// ```rhai
    /// arango::set_timeout(2.5);
    /// assert_eq(arango::timeout(), 2.5);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_timeout(ctx: NativeCallContext, seconds: Dynamic) -> Raw<()> {
        call(&ctx, "arango::set_timeout", |run| server::set_timeout(run, &seconds))
    }

    /// Says whether values go out, and are asked for, as JSON in place of VelocyPack.
    ///
    /// `arango::set_force_json(on: boolean) -> ()`
    ///
    /// Arguments: `on`, for all connections of the run.
    /// Units: none.
    /// Errors: `deadline.script` (number 36).
    /// Legacy: `arango.forceJson(on)`.
    ///
    /// ```rhai
    /// arango::set_force_json(true);
    /// assert_eq(type_of(arango::get_raw("/_api/version").body), "string");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_force_json(ctx: NativeCallContext, on: bool) -> Raw<()> {
        call(&ctx, "arango::set_force_json", |run| server::set_force_json(run, on))
    }

    /// Says whether answers are asked for in compressed form.
    ///
    /// `arango::set_compress(on: boolean) -> ()`
    ///
    /// Arguments: `on`, for all connections of the run; off at first. Scripts see the same answers.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `arango.compressTransfer(on)`.
    ///
    /// ```rhai
    /// arango::set_compress(true);
    /// assert_eq(arango::get("/_api/version").server, "arango");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_compress(ctx: NativeCallContext, on: bool) -> Raw<()> {
        call(&ctx, "arango::set_compress", |run| {
            server::set_compress(run, on);
            Ok(())
        })
    }

    /// Gives a result without its `error` member, and raises one that is an error.
    ///
    /// `arango::check(result: any) -> any`
    ///
    /// Arguments: `result`, what a verb returned, plain or raw; it stays as it is.
    /// Units: none.
    /// Errors: `arango.error` with the server's number and status; `arango.timeout`, `arango.unreachable` and their like for a request without an answer;
    /// `arango.type` (TypeError) for number 17; `arango.no_result` (number 4, code 500) for `()`. The result is in `context.response`.
    /// Legacy: `arangosh.checkRequestResult(result)`.
    ///
    /// ```rhai
    /// assert_eq(arango::check(arango::get("/_api/version")).server, "arango");
    /// try { arango::check(arango::get("/no/such/path")); throw "unexpected"; }
    /// catch (e) { assert_eq([e.kind, e.error_num, e.code], ["arango.error", 9, 501]); }
    /// ```
    #[rhai_fn(name = "check", return_raw)]
    pub fn check_native(ctx: NativeCallContext, result: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "arango::check", |_| results::check(result))
    }
}
