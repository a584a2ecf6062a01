//! What is known of the current server, how it is asked, and its errors.

use rhai::plugin::*;
use rhai::{Dynamic, FLOAT};

use super::{results, server};
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
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
