//! Looks hosts up and connects; gives up when the request has to end.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

use super::call;
use super::endpoint::Endpoint;
use super::error::{HttpError, Phase};
use super::transport::{SlicedTransport, Socket, wrap};
use crate::apart::apart;
use crate::deadline::SLICE;

/// Resolves nothing: ureq would ask before each request, also when the pool has a connection.
#[derive(Debug)]
pub(super) struct LazyResolver;

impl Resolver for LazyResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Opens connections for the pool.
#[derive(Debug)]
pub(super) struct SlicedConnector;

impl Connector<()> for SlicedConnector {
    type Out = SlicedTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<SlicedTransport>, ureq::Error> {
        let socket = open(details.uri).map_err(wrap)?;
        let transport = SlicedTransport::new(socket).map_err(|source| wrap(unreachable(source)))?;
        Ok(Some(transport))
    }
}

fn open(uri: &Uri) -> Result<Socket, HttpError> {
    call::wait_for_reach(Phase::Connect)?;
    let host = uri.host().unwrap_or_default();
    if let Some(path) = Endpoint::socket_of_host(host) {
        // waits when the server accepts nothing for a while
        return in_slices(|| UnixStream::connect(path))?.map(Socket::Unix).map_err(unreachable);
    }
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
    for address in addresses(host, port)? {
        match connect(address) {
            Ok(stream) => return Ok(Socket::Tcp(stream)),
            Err(HttpError::Unreachable { source, .. }) => last = source,
            Err(error) => return Err(error),
        }
    }
    Err(unreachable(last))
}

fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, HttpError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if bare.eq_ignore_ascii_case("localhost") {
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    let name = (bare.to_owned(), port);
    in_slices(move || name.to_socket_addrs().map(Iterator::collect))?
        .map_err(|source| HttpError::Resolve { endpoint: call::endpoint(), source })
}

fn connect(address: SocketAddr) -> Result<TcpStream, HttpError> {
    if !address.ip().is_loopback() {
        let left = call::time_left(Phase::Connect)?;
        return in_slices(move || TcpStream::connect_timeout(&address, left))?.map_err(unreachable);
    }
    loop {
        let left = call::time_left(Phase::Connect)?;
        match TcpStream::connect_timeout(&address, left.min(SLICE)) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            result => return result.map_err(unreachable),
        }
    }
}

/// Stops waiting for `work` when the request has to end.
fn in_slices<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HttpError> {
    apart("http-connect", work, || call::time_left(Phase::Connect), unreachable)
}

fn unreachable(source: Error) -> HttpError {
    if source.kind() == ErrorKind::TimedOut
        && let Err(timeout) = call::time_left(Phase::Connect)
    {
        return timeout;
    }
    HttpError::Unreachable { endpoint: call::endpoint(), source }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::deadline::Deadline;

    /// Looking a name up is such work: the system's resolver may take minutes.
    #[test]
    fn h24_a_name_that_never_resolves_is_left_at_the_deadline_and_at_an_interrupt() {
        let hour = Duration::from_secs(3600);
        let outcome = |deadline: &Deadline, limit: Duration| {
            let end = Instant::now() + limit;
            let times = call::Times { end, limit, connect_end: end, connect_limit: limit };
            let endpoint = Endpoint::parse("tcp://never.invalid:1").unwrap();
            let _running = call::enter(deadline, times, endpoint, None);
            in_slices(std::thread::park)
        };
        let begin = Instant::now();
        let error = outcome(&Deadline::default(), Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, HttpError::Timeout { phase: Phase::Connect, .. }), "{error:?}");
        let deadline = Deadline::after(Some(Duration::from_millis(50)));
        let error = outcome(&deadline, hour).unwrap_err();
        assert!(matches!(error, HttpError::Stopped(_)), "{error:?}");
        let deadline = Deadline::default();
        deadline.set_script(Some(Duration::from_millis(50)));
        let error = outcome(&deadline, hour).unwrap_err();
        assert!(matches!(error, HttpError::Timeout { .. }), "{error:?}");
        let deadline = Deadline::default();
        deadline.interrupt();
        let error = outcome(&deadline, hour).unwrap_err();
        assert!(matches!(error, HttpError::Stopped(_)), "{error:?}");
        assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    }
}
