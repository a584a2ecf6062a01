//! Which server is the current one.

use rhai::Map;
use rhai::plugin::*;

use super::switch;
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
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
}
