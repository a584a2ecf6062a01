//! `errors`: the shape, the numbers and the texts of errors.

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};

use super::{ErrorName, NativeError, Options, Raw, call};

/// Name, number and general text of the errors that natives and servers raise.
const TABLE: &[(&str, INT, &str)] = &[
    ("NO_ERROR", 0, "no error"),
    ("FAILED", 1, "failed"),
    ("SYS_ERROR", 2, "system error"),
    ("OUT_OF_MEMORY", 3, "out of memory"),
    ("INTERNAL", 4, "internal error"),
    ("NOT_IMPLEMENTED", 9, "not implemented"),
    ("BAD_PARAMETER", 10, "bad parameter"),
    ("FORBIDDEN", 11, "forbidden"),
    ("FILE_NOT_FOUND", 14, "file not found"),
    ("CANNOT_WRITE_FILE", 15, "cannot write file"),
    ("CANNOT_OVERWRITE_FILE", 16, "cannot overwrite file"),
    ("TYPE_ERROR", 17, "type error"),
    ("LOCK_TIMEOUT", 18, "lock timeout"),
    ("CANNOT_CREATE_DIRECTORY", 19, "cannot create directory"),
    ("CANNOT_CREATE_TEMP_FILE", 20, "cannot create temporary file"),
    ("REQUEST_CANCELED", 21, "canceled request"),
    ("FILE_EXISTS", 27, "file exists"),
    ("SHUTTING_DOWN", 30, "shutdown in progress"),
    ("CANNOT_READ_FILE", 34, "cannot read file"),
    ("DISABLED", 36, "disabled"),
    ("MALFORMED_JSON", 37, "malformed json"),
    ("HTTP_BAD_PARAMETER", 400, "bad parameter"),
    ("HTTP_UNAUTHORIZED", 401, "unauthorized"),
    ("HTTP_FORBIDDEN", 403, "forbidden"),
    ("HTTP_NOT_FOUND", 404, "not found"),
    ("HTTP_METHOD_NOT_ALLOWED", 405, "method not supported"),
    ("HTTP_REQUEST_TIMEOUT", 408, "request timeout"),
    ("HTTP_PRECONDITION_FAILED", 412, "precondition failed"),
    ("HTTP_SERVER_ERROR", 500, "internal server error"),
    ("HTTP_SERVICE_UNAVAILABLE", 503, "service unavailable"),
    ("HTTP_CORRUPTED_JSON", 600, "invalid JSON object"),
    ("ARANGO_CONFLICT", 1200, "conflict"),
    ("ARANGO_DATA_SOURCE_NOT_FOUND", 1203, "collection or view not found"),
    ("ARANGO_DATABASE_NOT_FOUND", 1228, "database not found"),
    (
        "CLUSTER_SHARD_LEADER_REFUSES_REPLICATION",
        1418,
        "the leader of the shard refuses to replicate",
    ),
    ("SIMPLE_CLIENT_UNKNOWN_ERROR", 2000, "unknown client error"),
    ("SIMPLE_CLIENT_COULD_NOT_CONNECT", 2001, "could not connect to server"),
    ("SIMPLE_CLIENT_COULD_NOT_WRITE", 2002, "could not write to server"),
    ("SIMPLE_CLIENT_COULD_NOT_READ", 2003, "could not read from server"),
    ("AGENCY_MALFORMED_GOSSIP_MESSAGE", 20001, "malformed gossip message"),
    ("AGENCY_MALFORMED_INQUIRE_REQUEST", 20002, "malformed inquire request"),
    ("AGENCY_INFORM_MUST_BE_OBJECT", 20011, "the inform message must be an object"),
    ("AGENCY_INFORM_MUST_CONTAIN_TERM", 20012, "the inform message must contain the term"),
    ("AGENCY_INFORM_MUST_CONTAIN_ID", 20013, "the inform message must contain the id"),
    (
        "AGENCY_INFORM_MUST_CONTAIN_ACTIVE",
        20014,
        "the inform message must contain the active agents",
    ),
    ("AGENCY_INFORM_MUST_CONTAIN_POOL", 20015, "the inform message must contain the pool"),
    (
        "AGENCY_INFORM_MUST_CONTAIN_MIN_PING",
        20016,
        "the inform message must contain the minimal ping",
    ),
    (
        "AGENCY_INFORM_MUST_CONTAIN_MAX_PING",
        20017,
        "the inform message must contain the maximal ping",
    ),
    (
        "AGENCY_INFORM_MUST_CONTAIN_TIMEOUT_MULT",
        20018,
        "the inform message must contain the factor of timeouts",
    ),
    ("AGENCY_CANNOT_REBUILD_DBS", 20021, "cannot rebuild the stores of the agent"),
    ("AGENCY_MALFORMED_TRANSACTION", 20030, "malformed agency transaction"),
    ("SUPERVISION_GENERAL_FAILURE", 20501, "general failure of the supervision"),
    ("QUEUE_FULL", 21003, "queue is full"),
    ("QUEUE_TIME_REQUIREMENT_VIOLATED", 21004, "queue time violated"),
];

fn find(
    wanted: impl Fn(&(&'static str, INT, &'static str)) -> bool,
) -> Option<(&'static str, INT, &'static str)> {
    TABLE.iter().copied().find(wanted)
}

/// Whether a map has the shape of a native's error.
pub(super) fn is_host_error(map: &Map) -> bool {
    ["kind", "name", "error_num", "message", "context"].iter().all(|key| map.contains_key(*key))
}

fn plain(kind: &str, message: impl Into<String>) -> NativeError {
    NativeError::plain(kind, ErrorName::Error, message)
}

fn of_kind(kind: &str, message: &str, context: Map) -> Map {
    context
        .into_iter()
        .fold(plain(kind, message), |error, (key, value)| error.with(&key, value))
        .to_map()
}

/// Any caught value as the map of a native's error.
pub(super) fn normalize(error: Dynamic) -> Map {
    if let Some(text) = error.read_lock::<ImmutableString>() {
        return plain("script.error", text.as_str()).to_map();
    }
    let Some(map) = error.read_lock::<Map>().map(|map| map.clone()) else {
        return plain("script.error", error.to_string()).with("value", error.clone()).to_map();
    };
    if is_host_error(&map) {
        return map;
    }
    let message = map.get("message").and_then(|text| text.clone().into_string().ok());
    if map.contains_key("error") && map.contains_key("message") {
        return plain("script.engine", message.unwrap_or_default()).with("engine", map).to_map();
    }
    plain("script.error", message.unwrap_or_else(|| error.to_string())).with("value", map).to_map()
}

fn is_error(error: &Dynamic, number: Option<INT>) -> bool {
    let Some(map) = error.read_lock::<Map>() else { return false };
    let name = map.get("name").and_then(|name| name.clone().into_string().ok());
    let own = map.get("error_num").and_then(|number| number.as_int().ok());
    name.as_deref() == Some("ArangoError") && own.is_some() && (number.is_none() || own == number)
}

fn make(number: INT, message: &str, context: Map) -> Map {
    let kind = find(|entry| entry.1 == number)
        .map_or("script.error".to_owned(), |entry| format!("script.{}", entry.0.to_lowercase()));
    let mut map = NativeError::arango(kind, number, message).to_map();
    map.insert("context".into(), context.into());
    map
}

/// `ArangoError 10: text`.
pub(super) fn text(error: &Map) -> String {
    let part = |key: &str| error.get(key).map(Dynamic::to_string).unwrap_or_default();
    match part("error_num") {
        number if number.is_empty() => format!("{}: {}", part("name"), part("message")),
        number => format!("{} {number}: {}", part("name"), part("message")),
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    pub const NO_ERROR: INT = 0;
    pub const FAILED: INT = 1;
    pub const SYS_ERROR: INT = 2;
    pub const OUT_OF_MEMORY: INT = 3;
    pub const INTERNAL: INT = 4;
    pub const NOT_IMPLEMENTED: INT = 9;
    pub const BAD_PARAMETER: INT = 10;
    pub const FORBIDDEN: INT = 11;
    pub const FILE_NOT_FOUND: INT = 14;
    pub const CANNOT_WRITE_FILE: INT = 15;
    pub const CANNOT_OVERWRITE_FILE: INT = 16;
    pub const TYPE_ERROR: INT = 17;
    pub const LOCK_TIMEOUT: INT = 18;
    pub const CANNOT_CREATE_DIRECTORY: INT = 19;
    pub const CANNOT_CREATE_TEMP_FILE: INT = 20;
    pub const REQUEST_CANCELED: INT = 21;
    pub const FILE_EXISTS: INT = 27;
    pub const SHUTTING_DOWN: INT = 30;
    pub const CANNOT_READ_FILE: INT = 34;
    pub const DISABLED: INT = 36;
    pub const MALFORMED_JSON: INT = 37;
    pub const HTTP_BAD_PARAMETER: INT = 400;
    pub const HTTP_UNAUTHORIZED: INT = 401;
    pub const HTTP_FORBIDDEN: INT = 403;
    pub const HTTP_NOT_FOUND: INT = 404;
    pub const HTTP_METHOD_NOT_ALLOWED: INT = 405;
    pub const HTTP_REQUEST_TIMEOUT: INT = 408;
    pub const HTTP_PRECONDITION_FAILED: INT = 412;
    pub const HTTP_SERVER_ERROR: INT = 500;
    pub const HTTP_SERVICE_UNAVAILABLE: INT = 503;
    pub const HTTP_CORRUPTED_JSON: INT = 600;
    pub const ARANGO_CONFLICT: INT = 1200;
    pub const ARANGO_DATA_SOURCE_NOT_FOUND: INT = 1203;
    pub const ARANGO_DATABASE_NOT_FOUND: INT = 1228;
    pub const CLUSTER_SHARD_LEADER_REFUSES_REPLICATION: INT = 1418;
    pub const SIMPLE_CLIENT_UNKNOWN_ERROR: INT = 2000;
    pub const SIMPLE_CLIENT_COULD_NOT_CONNECT: INT = 2001;
    pub const SIMPLE_CLIENT_COULD_NOT_WRITE: INT = 2002;
    pub const SIMPLE_CLIENT_COULD_NOT_READ: INT = 2003;
    pub const AGENCY_MALFORMED_GOSSIP_MESSAGE: INT = 20001;
    pub const AGENCY_MALFORMED_INQUIRE_REQUEST: INT = 20002;
    pub const AGENCY_INFORM_MUST_BE_OBJECT: INT = 20011;
    pub const AGENCY_INFORM_MUST_CONTAIN_TERM: INT = 20012;
    pub const AGENCY_INFORM_MUST_CONTAIN_ID: INT = 20013;
    pub const AGENCY_INFORM_MUST_CONTAIN_ACTIVE: INT = 20014;
    pub const AGENCY_INFORM_MUST_CONTAIN_POOL: INT = 20015;
    pub const AGENCY_INFORM_MUST_CONTAIN_MIN_PING: INT = 20016;
    pub const AGENCY_INFORM_MUST_CONTAIN_MAX_PING: INT = 20017;
    pub const AGENCY_INFORM_MUST_CONTAIN_TIMEOUT_MULT: INT = 20018;
    pub const AGENCY_CANNOT_REBUILD_DBS: INT = 20021;
    pub const AGENCY_MALFORMED_TRANSACTION: INT = 20030;
    pub const SUPERVISION_GENERAL_FAILURE: INT = 20501;
    pub const QUEUE_FULL: INT = 21003;
    pub const QUEUE_TIME_REQUIREMENT_VIOLATED: INT = 21004;

    /// Gives any caught value the shape of a native's error.
    ///
    /// `errors::normalize(error: any) -> map`
    ///
    /// Arguments: `error`, whatever `catch` received.
    /// Units: the result has `kind`, `name`, `error_num`, `code`, `message` and `context`.
    /// Errors: none.
    /// Legacy: none; `e instanceof ArangoError` and its like.
    ///
    /// ```rhai
    /// try { throw "oops"; } catch (e) { assert_eq(errors::normalize(e).message, "oops"); }
    /// ```
    #[rhai_fn(name = "normalize", return_raw)]
    pub fn normalize_native(ctx: NativeCallContext, error: Dynamic) -> Raw<Map> {
        call(&ctx, "errors::normalize", |_| Ok(normalize(error)))
    }

    /// Tells whether a value is an ArangoError, of one number if given.
    ///
    /// `errors::is_error(error: any, number?: integer) -> boolean`
    ///
    /// Arguments: `error`, a caught value; `number`, one of ArangoDB's.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `e instanceof ArangoError && e.errorNum === number`.
    ///
    /// ```rhai
    /// try { fs::read("/no/such/file"); } catch (e) { assert(errors::is_error(e, 14)); }
    /// ```
    #[rhai_fn(name = "is_error", return_raw)]
    pub fn is_any(ctx: NativeCallContext, error: Dynamic) -> Raw<bool> {
        call(&ctx, "errors::is_error", |_| Ok(is_error(&error, None)))
    }

    #[rhai_fn(name = "is_error", return_raw)]
    pub fn is_one(ctx: NativeCallContext, error: Dynamic, number: INT) -> Raw<bool> {
        call(&ctx, "errors::is_error", |_| Ok(is_error(&error, Some(number))))
    }

    /// Makes an error to throw or to return.
    ///
    /// `errors::make(number: integer, message: string, context?: map) -> map`
    ///
    /// Arguments: `number`, one of ArangoDB's; `context`, what else to tell.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `new ArangoError({errorNum, errorMessage})`.
    ///
    /// ```rhai
    /// try { throw errors::make(10, "no"); } catch (e) { assert_eq(e.error_num, 10); }
    /// ```
    #[rhai_fn(name = "make", return_raw)]
    pub fn make_plain(ctx: NativeCallContext, number: INT, message: &str) -> Raw<Map> {
        call(&ctx, "errors::make", |_| Ok(make(number, message, Map::new())))
    }

    #[rhai_fn(name = "make", return_raw)]
    pub fn make_with(ctx: NativeCallContext, number: INT, message: &str, context: Map) -> Raw<Map> {
        call(&ctx, "errors::make", |_| Ok(make(number, message, context)))
    }

    /// Makes an error that is told by its kind, without a number of ArangoDB's, to throw or to return.
    ///
    /// `errors::of_kind(kind: string, message: string, context?: map) -> map`
    ///
    /// Arguments: `kind`, a stable dotted name such as `wait.timeout`; `message`, one phrase; `context`, what else to tell.
    /// Units: none.
    /// Errors: none.
    /// Legacy: none; scripts threw texts, or errors that were told by their texts.
    ///
    /// ```rhai
    /// try { throw errors::of_kind("shop.closed", "the shop is closed", #{ opens_at: 9 }); }
    /// catch (e) { assert_eq(e.kind, "shop.closed"); assert_eq(e.context.opens_at, 9); }
    /// ```
    #[rhai_fn(name = "of_kind", return_raw)]
    pub fn of_kind_plain(ctx: NativeCallContext, kind: &str, message: &str) -> Raw<Map> {
        call(&ctx, "errors::of_kind", |_| Ok(of_kind(kind, message, Map::new())))
    }

    #[rhai_fn(name = "of_kind", return_raw)]
    pub fn of_kind_with(
        ctx: NativeCallContext,
        kind: &str,
        message: &str,
        context: Map,
    ) -> Raw<Map> {
        call(&ctx, "errors::of_kind", |_| Ok(of_kind(kind, message, context)))
    }

    /// Throws unless a map has none but known keys.
    ///
    /// `errors::check_options(options: map, known: array) -> ()`
    ///
    /// Arguments: `options` that a function was given; `known`, the keys that it knows.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) that names the unknown key and the nearest known one.
    /// Legacy: none; unknown options were ignored.
    ///
    /// ```rhai
    /// errors::check_options(#{ timeout: 5 }, ["timeout", "label"]);
    /// try { errors::check_options(#{ timout: 5 }, ["timeout", "label"]); throw "accepted"; }
    /// catch (e) { assert("did you mean 'timeout'?" in e.message); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_options(ctx: NativeCallContext, options: Map, known: Array) -> Raw<()> {
        call(&ctx, "errors::check_options", |_| {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Options::new(&options, &known).map(|_| ())
        })
    }

    /// Writes an error as one line.
    ///
    /// `errors::text(error: any) -> string`
    ///
    /// Arguments: `error`, any caught value.
    /// Units: `<name> <number>: <message>`, without a number `<name>: <message>`.
    /// Errors: none.
    /// Legacy: `String(error)`.
    ///
    /// ```rhai
    /// assert_eq(errors::text(errors::make(10, "no")), "ArangoError 10: no");
    /// ```
    #[rhai_fn(name = "text", return_raw)]
    pub fn text_native(ctx: NativeCallContext, error: Dynamic) -> Raw<String> {
        call(&ctx, "errors::text", |_| Ok(text(&normalize(error))))
    }

    /// Gives the general text of an error number.
    ///
    /// `errors::message_of(number: integer) -> string | ()`
    ///
    /// Arguments: `number`, one of ArangoDB's.
    /// Units: `()` for an unknown number.
    /// Errors: none.
    /// Legacy: `internal.errors`.
    ///
    /// ```rhai
    /// assert_eq(errors::message_of(36), "disabled");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn message_of(ctx: NativeCallContext, number: INT) -> Raw<Dynamic> {
        call(&ctx, "errors::message_of", |_| {
            Ok(find(|entry| entry.1 == number).map_or(Dynamic::UNIT, |entry| entry.2.into()))
        })
    }

    /// Gives the number of an error's name.
    ///
    /// `errors::number_of(name: string) -> integer | ()`
    ///
    /// Arguments: `name`, with or without `ERROR_`.
    /// Units: `()` for an unknown name.
    /// Errors: none.
    /// Legacy: `internal.errors.ERROR_NAME.code`.
    ///
    /// ```rhai
    /// assert_eq(errors::number_of("HTTP_PRECONDITION_FAILED"), 412);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn number_of(ctx: NativeCallContext, name: &str) -> Raw<Dynamic> {
        call(&ctx, "errors::number_of", |_| {
            let name = name.strip_prefix("ERROR_").unwrap_or(name);
            Ok(find(|entry| entry.0 == name).map_or(Dynamic::UNIT, |entry| entry.1.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_table_is_a_constant_and_stands_there_once() {
        let mut module = rhai::Module::new();
        natives::RHAI_MANIFEST.init_eager(&mut module);
        for (at, (name, number, message)) in TABLE.iter().enumerate() {
            assert_eq!(module.get_var_value::<INT>(name), Some(*number), "{name}");
            assert!(!message.is_empty());
            if let Some((before, less, _)) = at.checked_sub(1).map(|before| TABLE[before]) {
                assert!(less < *number, "{before} and {name}");
            }
        }
        assert_eq!(module.iter_var().count(), TABLE.len());
    }
}
