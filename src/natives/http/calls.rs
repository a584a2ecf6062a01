//! What the functions of `http` do: check options, send, build the answer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rhai::{Dynamic, Map};

use super::velocypack;
use crate::http::{
    Auth, Endpoint, EndpointError, Hosts, HttpClient, HttpError, HttpOptions, Request, Response,
    TlsOptions,
};
use crate::natives::arango::ArangoTarget;
use crate::natives::fs::at;
use crate::natives::options::bytes;
use crate::natives::transport::TransportFailure;
use crate::natives::{
    ErrorName, NativeContext, NativeError, NativeResult, Options, argument, to_json,
};

/// The largest body that a script receives.
const MAX_BODY: u64 = 1 << 30;
/// Limit of a request that names none.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The verbs that scripts may use.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
/// The options of every function.
const OPTIONS: [&str; 17] = [
    "body",
    "json",
    "headers",
    "query",
    "timeout",
    "follow_redirects",
    "max_redirects",
    "body_on_error",
    "as_blob",
    "jwt",
    "username",
    "password",
    "verify_certificates",
    "verify_depth",
    "min_tls",
    "ca_file",
    "user_agent",
];
/// What stands for itself in a query: letters, digits, `-`, `.`, `_` and `~`.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The connections of one run: a client for each way to judge servers.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<Vec<(TlsOptions, HttpClient)>>);

impl Clients {
    pub(super) fn get(
        &self,
        tls: TlsOptions,
        hosts: Option<Arc<Hosts>>,
    ) -> NativeResult<HttpClient> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == tls) {
            return Ok(client.clone());
        }
        let options = HttpOptions {
            timeout: TIMEOUT,
            max_body: Some(MAX_BODY),
            tls: tls.clone(),
            hosts,
            ..HttpOptions::default()
        };
        let client = HttpClient::new(options)
            .map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
        clients.push((tls, client.clone()));
        Ok(client)
    }
}

/// What a call asks for, checked.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) tls: TlsOptions,
    pub(super) body_on_error: bool,
    as_blob: bool,
}

pub(super) fn checked(
    run: &NativeContext,
    method: &str,
    url: &str,
    body: Option<&Dynamic>,
    options: &Options<'_>,
    keep_errors: bool,
) -> NativeResult<Asked> {
    let method = method.to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        return Err(NativeError::bad_parameter(format!(
            "unknown method '{method}': use {}",
            METHODS.join(", ")
        )));
    }
    let (url, user) = checked_url(run, url)?;
    run.may_send(&method, &url)?;
    let mut request = Request::new(method, url);
    append_query(&mut request.url, options.map("query")?);
    for (name, value) in options.map("headers")?.into_iter().flatten() {
        request.headers.push((name.to_string(), value.to_string()));
    }
    set_body(&mut request, body, options)?;
    request.auth = auth(options)?.or(user);
    request.timeout = Some(options.number("timeout")?.map_or(TIMEOUT, argument::duration));
    let follow = options.bool("follow_redirects", true)?;
    let most = options.int("max_redirects")?.unwrap_or(5);
    let most = u32::try_from(most)
        .map_err(|_| NativeError::bad_parameter("option 'max_redirects' must not be negative"))?;
    request.max_redirects = if follow && run.may_follow(&request.method) { most } else { 0 };
    if let Some(agent) = options.string("user_agent")? {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("user-agent"));
        request.headers.push(("user-agent".to_owned(), agent));
    }
    if options.int("verify_depth")?.is_some_and(|depth| depth < 1) {
        return Err(NativeError::bad_parameter("option 'verify_depth' must be at least 1"));
    }
    if options.string("min_tls")?.is_some_and(|version| version != "1.2") {
        return Err(NativeError::bad_parameter(
            "option 'min_tls' must be \"1.2\": TLS 1.2 and 1.3 are spoken",
        ));
    }
    let ca_file = options.string("ca_file")?.map(|file| authorities(run, &file)).transpose()?;
    Ok(Asked {
        request,
        tls: TlsOptions { insecure: !options.bool("verify_certificates", false)?, ca_file },
        body_on_error: options.bool("body_on_error", keep_errors)?,
        as_blob: options.bool("as_blob", false)?,
    })
}

/// The path of a file with authorities. Reading a pipe could take for ever.
fn authorities(run: &NativeContext, file: &str) -> NativeResult<PathBuf> {
    let path = at(run, file)?;
    if path.exists() && !path.is_file() {
        let message = format!("cannot use the authorities in '{file}': not a regular file");
        return Err(NativeError::arango("http.ca_file", 10, message).with("path", file.to_owned()));
    }
    Ok(path)
}

/// The URL to request, and the credentials of the user that it names.
fn checked_url(run: &NativeContext, url: &str) -> NativeResult<(String, Option<Auth>)> {
    let bad = |reason: &str| {
        NativeError::plain("http.bad_url", ErrorName::SyntaxError, format!("'{url}' {reason}"))
            .with("url", url.to_owned())
    };
    if url.starts_with('/') {
        let current = run.extension::<ArangoTarget>().current(&run.deadline)?;
        return Ok((format!("{}{url}", current.endpoint().url()), None));
    }
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| bad("is no URL; begin with http:// or https://"))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" | "h2" => "http",
        "https" | "h2s" => "https",
        _ => return Err(bad("is no HTTP URL; `http::endpoint_to_url` turns an endpoint into one")),
    };
    let (user, rest) = without_user(rest);
    let url = format!("{scheme}://{rest}");
    match Endpoint::split_url(&url) {
        Ok(_) => Ok((url, user)),
        Err(error @ EndpointError::AnyAddress { .. }) => {
            Err(NativeError::bad_parameter(error.to_string()))
        }
        Err(error) => Err(bad(&format!("cannot be requested: {error}"))),
    }
}

/// Takes `user:password@` out of what follows the scheme of a URL.
fn without_user(rest: &str) -> (Option<Auth>, String) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return (None, rest.to_owned()) };
    let (username, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let auth = Auth::Basic { username: decoded(username), password: decoded(password) };
    (Some(auth), format!("{host}{path}"))
}

fn append_query(url: &mut String, query: Option<Map>) {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return };
    let encoded = |text: &str| utf8_percent_encode(text, IN_QUERY).to_string();
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(&value.to_string())))
        .collect();
    let fragment = url.find('#').map(|at| url.split_off(at)).unwrap_or_default();
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(&pairs.join("&"));
    url.push_str(&fragment);
}

fn set_body(
    request: &mut Request,
    body: Option<&Dynamic>,
    options: &Options<'_>,
) -> NativeResult<()> {
    let json = options.value("json");
    for body in body.into_iter().chain(options.value("body")) {
        let body = bytes(body, "the body")?;
        if !request.body.is_empty() && !body.is_empty() {
            return Err(NativeError::bad_parameter("the body is given twice"));
        }
        if !body.is_empty() {
            request.body = body;
        }
    }
    if let Some(json) = json {
        if !request.body.is_empty() {
            return Err(NativeError::bad_parameter(
                "give either a body or option 'json', not both",
            ));
        }
        let text = serde_json::to_vec(&to_json(json)?);
        request.body = text.map_err(|error| NativeError::bad_parameter(error.to_string()))?;
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
    }
    if !request.body.is_empty() && matches!(request.method.as_str(), "GET" | "HEAD") {
        return Err(NativeError::bad_parameter(format!(
            "a {} request has no body",
            request.method
        )));
    }
    Ok(())
}

fn auth(options: &Options<'_>) -> NativeResult<Option<Auth>> {
    if let Some(token) = options.string("jwt")? {
        return Ok(Some(Auth::Bearer(token)));
    }
    let password = options.string("password")?.unwrap_or_default();
    Ok(options.string("username")?.map(|username| Auth::Basic { username, password }))
}

pub(super) fn request(
    run: &NativeContext,
    method: &str,
    url: &str,
    body: Option<&Dynamic>,
    options: &Map,
) -> NativeResult<Map> {
    let hosts = run.hosts()?;
    let options = Options::new(options, &OPTIONS)?;
    let asked = checked(run, method, url, body, &options, true)?;
    let client = run.extension::<Clients>().get(asked.tls, hosts)?;
    let url = asked.request.url.clone();
    let failed = |error| {
        let mut map = failure(error, &url)?;
        map.insert("body".into(), Dynamic::UNIT);
        Ok(map)
    };
    match client.send(asked.request, &run.deadline) {
        Err(error) => failed(error),
        Ok(mut response) => {
            let body = std::mem::take(&mut response.body);
            let body = if !asked.body_on_error && !(200..300).contains(&response.status) {
                Dynamic::UNIT
            } else {
                match velocypack::to_json(&response, body, &run.deadline) {
                    Ok(body) if asked.as_blob => Dynamic::from_blob(body),
                    Ok(body) => text_of(body).into(),
                    Err(error) => return failed(error),
                }
            };
            let mut map = response_map(&response);
            map.insert("body".into(), body);
            Ok(map)
        }
    }
}

pub(in crate::natives) fn text_of(body: Vec<u8>) -> String {
    String::from_utf8(body)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

pub(in crate::natives) fn response_map(response: &Response) -> Map {
    let headers: Map = response
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().into(), value.clone().into()))
        .collect();
    let mut map = Map::new();
    map.insert("code".into(), i64::from(response.status).into());
    map.insert("message".into(), response.message.clone().into());
    map.insert("headers".into(), headers.into());
    map.insert("url".into(), response.url.clone().into());
    map.insert("transport_error".into(), Dynamic::UNIT);
    map
}

/// The answer that stands for a transport failure; what is wrong with the request itself is raised.
pub(super) fn failure(error: HttpError, url: &str) -> NativeResult<Map> {
    let failure = TransportFailure::of(error, url)?;
    let mut map = Map::new();
    map.insert("code".into(), Dynamic::from(failure.code));
    map.insert("message".into(), failure.message.into());
    map.insert("headers".into(), Map::new().into());
    map.insert("url".into(), url.to_owned().into());
    map.insert("transport_error".into(), failure.word.into());
    Ok(map)
}
