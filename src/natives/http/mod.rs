//! `http`: requests to any server; transport failures are answers, not errors.

mod calls;
mod download;
mod velocypack;

use rhai::plugin::*;
use rhai::{Dynamic, Map};

use super::{Raw, call};
use calls::request;
pub(super) use calls::{response_map, text_of};
use download::download;

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Sends a request and returns the answer, whatever its status.
    ///
    /// `http::request(method: string, url: string, options?: map) -> map`
    ///
    /// Arguments: `method`, in any case; `url`, in which a user and password become Basic credentials, or
    /// a path on the current server of `arango`, without its credentials; `options` with
    /// `body` (string or blob), `json` (any value), `headers`, `query` (maps), `timeout` (10), `follow_redirects` (true),
    /// `max_redirects` (5), `body_on_error` (true), `as_blob` (false), `jwt`, `username`, `password`,
    /// `verify_certificates` (false), `verify_depth` (10), `min_tls` ("1.2", nothing else), `ca_file`, `user_agent`.
    /// Returns `code`, `message`, `headers`, `body`, `url`, `transport_error`. A server that cannot be reached or
    /// does not answer is code 500 with `transport_error`, not an error. A body in VelocyPack arrives as JSON.
    /// Units: seconds, cut to what the deadline leaves; bodies up to 1 GiB.
    /// Errors: `http.bad_url` (SyntaxError); `argument.invalid`, `argument.type` and `http.bad_request` (number 10);
    /// `http.ca_file` (10); `http.too_many_redirects` and `http.bad_redirect` (4);
    /// `arango.no_connection` (2001) for a path in a run without a current server; `deadline.script` (36); `permission.network` (11).
    /// Legacy: `SYS_DOWNLOAD`, `internal.download(url, body, options)`, `require("@arangodb/request")`.
    ///
    /// ```rhai
    /// let answer = http::request("POST", fixture_url + "/echo", #{ json: #{ a: 1 }, query: #{ q: "x y" } });
    /// assert_eq(answer.code, 200);
    /// let seen = json::parse(answer.body);
    /// assert_eq(seen.body, "{\"a\":1}");
    /// assert_eq(seen.query, "q=x%20y");
    /// ```
    #[rhai_fn(name = "request", return_raw)]
    pub fn request_plain(ctx: NativeCallContext, method: &str, url: &str) -> Raw<Map> {
        call(&ctx, "http::request", |run| request(run, method, url, None, &Map::new()))
    }

    #[rhai_fn(name = "request", return_raw)]
    pub fn request_with(ctx: NativeCallContext, method: &str, url: &str, options: Map) -> Raw<Map> {
        call(&ctx, "http::request", |run| request(run, method, url, None, &options))
    }

    /// Sends a GET request.
    ///
    /// `http::get(url: string, options?: map) -> map`
    ///
    /// Arguments: as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.get(url, options)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse(http::get(fixture_url + "/json").body).answer, 42);
    /// assert_eq(http::get(fixture_url + "/status/404", #{ body_on_error: false }).body, ());
    /// ```
    #[rhai_fn(name = "get", return_raw)]
    pub fn get_plain(ctx: NativeCallContext, url: &str) -> Raw<Map> {
        call(&ctx, "http::get", |run| request(run, "GET", url, None, &Map::new()))
    }

    #[rhai_fn(name = "get", return_raw)]
    pub fn get_with(ctx: NativeCallContext, url: &str, options: Map) -> Raw<Map> {
        call(&ctx, "http::get", |run| request(run, "GET", url, None, &options))
    }

    /// Sends a HEAD request.
    ///
    /// `http::head(url: string, options?: map) -> map`
    ///
    /// Arguments: as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.head(url, options)`.
    ///
    /// ```rhai
    /// assert_eq(http::head(fixture_url + "/json").body, "");
    /// ```
    #[rhai_fn(name = "head", return_raw)]
    pub fn head_plain(ctx: NativeCallContext, url: &str) -> Raw<Map> {
        call(&ctx, "http::head", |run| request(run, "HEAD", url, None, &Map::new()))
    }

    #[rhai_fn(name = "head", return_raw)]
    pub fn head_with(ctx: NativeCallContext, url: &str, options: Map) -> Raw<Map> {
        call(&ctx, "http::head", |run| request(run, "HEAD", url, None, &options))
    }

    /// Sends a DELETE request.
    ///
    /// `http::delete(url: string, options?: map) -> map`
    ///
    /// Arguments: as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.delete(url, options)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse(http::delete(fixture_url + "/echo").body).method, "DELETE");
    /// ```
    #[rhai_fn(name = "delete", return_raw)]
    pub fn delete_plain(ctx: NativeCallContext, url: &str) -> Raw<Map> {
        call(&ctx, "http::delete", |run| request(run, "DELETE", url, None, &Map::new()))
    }

    #[rhai_fn(name = "delete", return_raw)]
    pub fn delete_with(ctx: NativeCallContext, url: &str, options: Map) -> Raw<Map> {
        call(&ctx, "http::delete", |run| request(run, "DELETE", url, None, &options))
    }

    /// Sends a POST request.
    ///
    /// `http::post(url: string, body: string | blob, options?: map) -> map`
    ///
    /// Arguments: `body`, as it goes over the wire; the rest as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.post(url, options)`.
    ///
    /// ```rhai
    /// let answer = http::post(fixture_url + "/echo", "[[\"/\"]]", #{ jwt: "T" });
    /// let seen = json::parse(answer.body);
    /// assert_eq(seen.body, "[[\"/\"]]");
    /// assert_eq(seen.headers.authorization, "bearer T");
    /// ```
    #[rhai_fn(name = "post", return_raw)]
    pub fn post_plain(ctx: NativeCallContext, url: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "http::post", |run| request(run, "POST", url, Some(&body), &Map::new()))
    }

    #[rhai_fn(name = "post", return_raw)]
    pub fn post_with(ctx: NativeCallContext, url: &str, body: Dynamic, options: Map) -> Raw<Map> {
        call(&ctx, "http::post", |run| request(run, "POST", url, Some(&body), &options))
    }

    /// Sends a PUT request.
    ///
    /// `http::put(url: string, body: string | blob, options?: map) -> map`
    ///
    /// Arguments: `body`, as it goes over the wire; the rest as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.put(url, options)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse(http::put(fixture_url + "/echo", "x").body).method, "PUT");
    /// ```
    #[rhai_fn(name = "put", return_raw)]
    pub fn put_plain(ctx: NativeCallContext, url: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "http::put", |run| request(run, "PUT", url, Some(&body), &Map::new()))
    }

    #[rhai_fn(name = "put", return_raw)]
    pub fn put_with(ctx: NativeCallContext, url: &str, body: Dynamic, options: Map) -> Raw<Map> {
        call(&ctx, "http::put", |run| request(run, "PUT", url, Some(&body), &options))
    }

    /// Sends a PATCH request.
    ///
    /// `http::patch(url: string, body: string | blob, options?: map) -> map`
    ///
    /// Arguments: `body`, as it goes over the wire; the rest as for `http::request`.
    /// Units: as for `http::request`.
    /// Errors: as for `http::request`.
    /// Legacy: `request.patch(url, options)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse(http::patch(fixture_url + "/echo", "x").body).method, "PATCH");
    /// ```
    #[rhai_fn(name = "patch", return_raw)]
    pub fn patch_plain(ctx: NativeCallContext, url: &str, body: Dynamic) -> Raw<Map> {
        call(&ctx, "http::patch", |run| request(run, "PATCH", url, Some(&body), &Map::new()))
    }

    #[rhai_fn(name = "patch", return_raw)]
    pub fn patch_with(ctx: NativeCallContext, url: &str, body: Dynamic, options: Map) -> Raw<Map> {
        call(&ctx, "http::patch", |run| request(run, "PATCH", url, Some(&body), &options))
    }

    /// Stores the body of a GET request in a file, which appears only when it is complete.
    ///
    /// `http::download(url: string, path: string, options?: map) -> map`
    ///
    /// Arguments: `path` of the file; `options` as for `http::request` without `body`, `json` and `as_blob`, and
    /// `overwrite` (false). For an answer that is no success no file appears, unless `body_on_error` (here false) says so.
    /// Returns the answer as `http::request` does, without `body`.
    /// Units: as for `http::request`.
    /// Errors: `fs.exists` (number 16) before any request; `fs.cannot_write` (15); `argument.invalid` (10) for an
    /// empty path; `permission.files` (11); and as for `http::request`.
    /// Legacy: `SYS_DOWNLOAD` with an output file.
    ///
    /// ```rhai
    /// let path = fixture_dir + "/answer.json";
    /// assert_eq(http::download(fixture_url + "/json", path).code, 200);
    /// assert_eq(json::parse(fs::read(path)).answer, 42);
    /// ```
    #[rhai_fn(name = "download", return_raw)]
    pub fn download_plain(ctx: NativeCallContext, url: &str, path: &str) -> Raw<Map> {
        call(&ctx, "http::download", |run| download(run, url, path, &Map::new()))
    }

    #[rhai_fn(name = "download", return_raw)]
    pub fn download_with(ctx: NativeCallContext, url: &str, path: &str, options: Map) -> Raw<Map> {
        call(&ctx, "http::download", |run| download(run, url, path, &options))
    }

    /// Turns an endpoint into the URL that requests to it begin with.
    ///
    /// `http::endpoint_to_url(endpoint: string) -> string`
    ///
    /// Arguments: `endpoint` such as `tcp://127.0.0.1:8529` or `ssl://db:8529`.
    /// Units: none.
    /// Errors: none; anything but `ssl` becomes `http`.
    /// Legacy: `SYS_ENDPOINT_TO_URL`, `endpointToURL(endpoint)`.
    ///
    /// ```rhai
    /// assert_eq(http::endpoint_to_url("tcp://127.0.0.1:8529"), "http://127.0.0.1:8529");
    /// assert_eq(http::endpoint_to_url("ssl://db:1"), "https://db:1");
    /// ```
    pub fn endpoint_to_url(endpoint: &str) -> String {
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
        match scheme.to_ascii_lowercase().as_str() {
            "ssl" | "https" | "http+ssl" => format!("https://{rest}"),
            _ => format!("http://{rest}"),
        }
    }
}
