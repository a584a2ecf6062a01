//! Sends requests: time limits, redirects, bodies, errors.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use base64::Engine as _;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{self, HeaderName, HeaderValue, header};
use ureq::unversioned::transport::{Connector, RustlsConnector};

use super::call;
use super::connect::{LazyResolver, SlicedConnector};
use super::endpoint::Endpoint;
use super::error::{HttpError, Phase};
use super::message::{Auth, Request, Response};
use super::options::HttpOptions;
use super::tls;
use crate::deadline::Deadline;

/// Idle connections are closed after this time.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// Bounds of the pieces in which bodies are passed on, in bytes.
const SMALLEST_PIECE: usize = 512;
const LARGEST_PIECE: usize = 256 * 1024;

/// Sends requests over a pool of kept-alive connections; clones share the pool.
#[derive(Debug, Clone)]
pub struct HttpClient {
    agent: Agent,
    options: HttpOptions,
}

impl HttpClient {
    /// A client with its own pool.
    ///
    /// # Errors
    /// [`HttpError::Authorities`] when the file with authorities cannot be used.
    pub fn new(options: HttpOptions) -> Result<Self, HttpError> {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_age(MAX_IDLE)
            .max_idle_connections(64)
            .max_idle_connections_per_host(16)
            .user_agent(options.user_agent.as_str())
            .tls_config(tls::config(&options.tls)?)
            .build();
        let agent = Agent::with_parts(
            config,
            SlicedConnector.chain(RustlsConnector::default()),
            LazyResolver,
        );
        Ok(Self { agent, options })
    }

    /// Sends `request` and returns the answer, whatever its status.
    ///
    /// Limited by the request's timeout or the client's, and by `deadline`.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn send(&self, request: Request, deadline: &Deadline) -> Result<Response, HttpError> {
        let mut body = Vec::new();
        let mut response =
            self.send_to(request, deadline, |_| Some(&mut body as &mut dyn Write))?;
        response.body = body;
        Ok(response)
    }

    /// Sends `request`; the last answer's body goes where `sink` says for its status, or nowhere.
    ///
    /// The returned response has an empty body.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn send_to<'s>(
        &self,
        mut request: Request,
        deadline: &Deadline,
        sink: impl FnOnce(u16) -> Option<&'s mut dyn Write>,
    ) -> Result<Response, HttpError> {
        deadline.check().map_err(HttpError::Stopped)?;
        let limit = deadline.clamp(request.timeout.unwrap_or(self.options.timeout));
        if limit.is_zero() {
            return Err(HttpError::NoTime { url: request.url });
        }
        let start = Instant::now();
        let end = start.checked_add(limit).unwrap_or_else(far_future);
        let mut followed = 0;
        loop {
            let (endpoint, _) = Endpoint::split_url(&request.url).map_err(|error| {
                HttpError::BadUrl { url: request.url.clone(), reason: error.to_string() }
            })?;
            if self.options.hosts.as_ref().is_some_and(|hosts| !hosts.contain_endpoint(&endpoint)) {
                return Err(HttpError::HostRefused { endpoint: endpoint.to_string() });
            }
            // each server on the way has its own time to accept a connection
            let connect_limit = request.connect_timeout.map_or(limit, |most| most.min(limit));
            let connect_end = match followed {
                0 => start,
                _ => Instant::now(),
            };
            let connect_end =
                connect_end.checked_add(connect_limit).map_or(end, |own| own.min(end));
            let times = call::Times { end, limit, connect_end, connect_limit };
            let local = matches!(endpoint, Endpoint::Unix { .. });
            let _running = call::enter(deadline, times, endpoint, self.options.reach.clone());
            let answer = self.exchange(&request, local)?;
            let status = answer.status().as_u16();
            if !matches!(status, 301 | 302 | 307) || request.max_redirects == 0 {
                return self.receive(answer, request.url, sink(status));
            }
            let location = target(&request.url, answer.headers())?;
            self.receive(answer, String::new(), None)?;
            if followed == request.max_redirects {
                return Err(HttpError::TooManyRedirects { limit: followed, location });
            }
            followed += 1;
            request.url = location;
            request.headers.retain(|(name, _)| {
                name.eq_ignore_ascii_case("content-type") && !request.body.is_empty()
            });
        }
    }

    fn exchange(
        &self,
        request: &Request,
        local: bool,
    ) -> Result<http::Response<ureq::Body>, HttpError> {
        let bad = |reason: String| HttpError::BadRequest { url: request.url.clone(), reason };
        let method = http::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| bad(error.to_string()))?;
        let needs_body = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        let uri = uri_of(&request.url)?;
        let mut message = http::Request::new(());
        *message.method_mut() = method;
        *message.uri_mut() = uri;
        let headers = message.headers_mut();
        for (name, value) in &request.headers {
            if name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad(error.to_string()))?;
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|error| bad(error.to_string()))?;
            headers.append(name, value);
        }
        if let Some(auth) = &request.auth {
            let value = HeaderValue::from_str(&authorization(auth))
                .map_err(|error| bad(error.to_string()))?;
            headers.insert(header::AUTHORIZATION, value);
        }
        if local && !headers.contains_key(header::HOST) {
            headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        }
        let result = if request.body.is_empty() && !needs_body {
            self.agent.run(message)
        } else {
            self.agent.run(message.map(|()| request.body.as_slice()))
        };
        result.map_err(|error| translate(error, &request.url))
    }

    fn receive(
        &self,
        answer: http::Response<ureq::Body>,
        url: String,
        sink: Option<&mut dyn Write>,
    ) -> Result<Response, HttpError> {
        let (parts, mut body) = answer.into_parts();
        let length = body.content_length();
        let limit = self.options.max_body.unwrap_or(u64::MAX);
        if length.is_some_and(|length| length > limit) {
            return Err(HttpError::TooLarge { endpoint: call::endpoint(), limit });
        }
        let mut reader = body.with_config().limit(limit).reader();
        let encoding = parts.headers.get(header::CONTENT_ENCODING);
        let deflated = encoding.is_some_and(|value| value.as_bytes() == b"deflate");
        let mut nowhere = std::io::sink();
        let sink = sink.unwrap_or(&mut nowhere);
        if deflated {
            let mut reader = inflating(reader).map_err(|error| translate(error.into(), &url))?;
            copy(&mut reader, sink, None, limit, &url)?;
        } else {
            copy(&mut reader, sink, length, limit, &url)?;
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Response {
            status: parts.status.as_u16(),
            message: parts.status.canonical_reason().unwrap_or_default().to_owned(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: Vec::new(),
            url,
        })
    }
}

/// Passes a body on in large pieces; the buffer is as large as the body seems to be.
fn copy(
    reader: &mut dyn Read,
    sink: &mut dyn Write,
    length: Option<u64>,
    limit: u64,
    url: &str,
) -> Result<(), HttpError> {
    let mut left = limit;
    let piece = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(LARGEST_PIECE);
    let mut buffer = vec![0; piece.clamp(SMALLEST_PIECE, LARGEST_PIECE)];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(amount) => {
                // what a decoder makes of a small body can be large
                left = left
                    .checked_sub(amount as u64)
                    .ok_or_else(|| HttpError::TooLarge { endpoint: call::endpoint(), limit })?;
                sink.write_all(&buffer[..amount])
                    .map_err(|source| HttpError::Sink { endpoint: call::endpoint(), source })?;
                call::time_left(Phase::Read)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(translate(error.into(), url)),
        }
    }
}

fn authorization(auth: &Auth) -> String {
    match auth {
        Auth::Bearer(token) => format!("bearer {token}"),
        Auth::Basic { username, password } => {
            let pair =
                base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            format!("Basic {pair}")
        }
    }
}

fn uri_of(url: &str) -> Result<http::Uri, HttpError> {
    let bad = |reason: String| HttpError::BadUrl { url: url.to_owned(), reason };
    if let Ok(uri) = http::Uri::try_from(url) {
        return Ok(uri);
    }
    let escaped = url::Url::parse(url).map_err(|error| bad(error.to_string()))?;
    http::Uri::try_from(escaped.as_str()).map_err(|error| bad(error.to_string()))
}

/// Where a redirect leads, resolved against the URL that redirects.
fn target(url: &str, headers: &http::HeaderMap) -> Result<String, HttpError> {
    let bad = || HttpError::BadRedirect { url: url.to_owned() };
    let location =
        headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).ok_or_else(bad)?;
    let target = url::Url::parse(url).and_then(|base| base.join(location)).map_err(|_| bad())?;
    if !matches!(target.scheme(), "http" | "https") || !target.has_host() {
        return Err(bad());
    }
    Ok(target.into())
}

/// Decodes `deflate`: with zlib's frame as the standard says, or bare as some servers send it.
fn inflating<'r>(mut packed: impl Read + 'r) -> std::io::Result<Box<dyn Read + 'r>> {
    let mut head = Vec::with_capacity(2);
    packed.by_ref().take(2).read_to_end(&mut head)?;
    let framed = matches!(head[..], [method, flags]
        if method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31));
    let whole = std::io::Cursor::new(head.clone()).chain(packed);
    Ok(match framed {
        _ if head.is_empty() => Box::new(whole),
        true => Box::new(flate2::read::ZlibDecoder::new(whole)),
        false => Box::new(flate2::read::DeflateDecoder::new(whole)),
    })
}

/// What ureq reports, in our terms.
fn translate(error: ureq::Error, url: &str) -> HttpError {
    let endpoint = call::endpoint();
    match error {
        ureq::Error::Other(inner) => match inner.downcast::<HttpError>() {
            Ok(ours) => *ours,
            Err(other) => HttpError::Protocol { endpoint, reason: other.to_string() },
        },
        ureq::Error::Io(source) => translate_io(source, endpoint),
        ureq::Error::BadUri(reason) => HttpError::BadUrl { url: url.to_owned(), reason },
        ureq::Error::Http(reason) => {
            HttpError::BadRequest { url: url.to_owned(), reason: reason.to_string() }
        }
        ureq::Error::BodyExceedsLimit(limit) => HttpError::TooLarge { endpoint, limit },
        ureq::Error::Rustls(error) => tls::failure(&error, endpoint),
        ureq::Error::Tls(reason) => HttpError::Tls { endpoint, reason: reason.to_owned() },
        ureq::Error::TlsRequired => {
            HttpError::Tls { endpoint, reason: "no TLS connection".to_owned() }
        }
        _ if call::is_tls_only() => HttpError::TlsOnly { endpoint },
        other => HttpError::Protocol { endpoint, reason: other.to_string() },
    }
}

fn translate_io(source: std::io::Error, endpoint: String) -> HttpError {
    use std::io::ErrorKind;
    if let Some(error) = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls::failure(error, endpoint);
    }
    match source.kind() {
        ErrorKind::UnexpectedEof if call::has_received() => HttpError::Truncated { endpoint },
        ErrorKind::UnexpectedEof => HttpError::Closed { endpoint },
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            HttpError::Protocol { endpoint, reason: source.to_string() }
        }
        _ => HttpError::Broken { endpoint, phase: Phase::Read, source },
    }
}

fn far_future() -> Instant {
    Instant::now() + Duration::from_secs(365 * 24 * 3600)
}
