//! `net`: which ports are free, who listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT};

use super::argument::{count, seconds, text, whole, wrong_type};
use super::{Gate, Last, NativeContext, NativeError, NativeResult, Raw, call, random};
use crate::deadline::SLICE;

/// How long `can_connect` waits unless told otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the look-up of a name may take.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many ports `find_free_port` tries.
const TRIES: usize = 20;

/// The `host:port` of an address argument.
fn host_and_port(address: &Dynamic) -> NativeResult<String> {
    if let Some(port) = whole(address) {
        return Ok(format!("0.0.0.0:{}", count(port, 1, 65_535, "the port")?));
    }
    let address = text(address, "address")?;
    let bad = || {
        NativeError::arango(
            "net.bad_address",
            10,
            format!("'{address}' is no address of the form host:port"),
        )
    };
    let rest =
        address.split_once("://").map_or(address.as_str(), |(_, rest)| rest).trim_end_matches('/');
    let (host, port) = rest.rsplit_once(':').ok_or_else(bad)?;
    if host.is_empty() || port.parse::<u16>().is_err() || host.contains('/') {
        return Err(bad());
    }
    Ok(rest.to_owned())
}

/// Runs what cannot be interrupted on a thread of its own; `None` when `timeout` passes first.
fn within<T: Send + 'static>(
    run: &NativeContext,
    timeout: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> NativeResult<Option<T>> {
    let end = Instant::now().checked_add(timeout);
    let (sender, answer) = mpsc::channel();
    let begun = std::thread::Builder::new().name("net".to_owned()).spawn(move || {
        // nobody listens any more after the timeout
        let _ = sender.send(work());
    });
    begun.map_err(|error| {
        NativeError::internal("net.no_thread", format!("cannot start a thread: {error}"))
    })?;
    loop {
        let left = end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
        // the script's deadline may have come nearer meanwhile
        let left = run.deadline.clamp(left);
        match answer.recv_timeout(left.min(SLICE)) {
            Ok(result) => return Ok(Some(result)),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
            Err(mpsc::RecvTimeoutError::Timeout) if left.is_zero() => return Ok(None),
            Err(mpsc::RecvTimeoutError::Timeout) => run.deadline.check_run()?,
        }
    }
}

/// The address itself; only a name has to be looked up, and nobody knows how long that takes.
fn resolve(run: &NativeContext, address: &Dynamic) -> NativeResult<SocketAddr> {
    let name = host_and_port(address)?;
    if let Ok(address) = name.parse() {
        return Ok(address);
    }
    run.deadline.check()?;
    // looking a name up asks servers, and tells them the name
    let (host, port) = name.rsplit_once(':').unwrap_or((&name, ""));
    if !host.eq_ignore_ascii_case("localhost") {
        run.may_connect(host, port.parse().unwrap_or_default())?;
    }
    let unknown = NativeError::arango("net.bad_address", 10, format!("'{name}' is unknown"));
    let look_up = move || name.to_socket_addrs().ok().and_then(|mut found| found.next());
    let found = within(run, run.deadline.clamp(RESOLVE_TIMEOUT), look_up)?;
    run.deadline.check()?;
    found.flatten().ok_or(unknown)
}

/// Binds without `SO_REUSEADDR`, as a server of the original does.
fn can_bind(address: SocketAddr) -> bool {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()
    } else {
        tokio::net::TcpSocket::new_v6()
    };
    socket.and_then(|socket| socket.bind(address)).is_ok()
}

/// The path of a socket in the file system, where the address names one.
fn socket_path(address: &Dynamic) -> Option<PathBuf> {
    let address = address.clone().into_immutable_string().ok()?;
    let path = address.strip_prefix("http+").unwrap_or(&address).strip_prefix("unix://")?;
    Some(PathBuf::from(path))
}

/// Whether a socket can be made there; it is removed again.
fn can_make_socket(path: &Path) -> bool {
    // what is there already, a server may use
    let made = UnixListener::bind(path).is_ok();
    made && std::fs::remove_file(path).is_ok()
}

fn port_free(run: &NativeContext, address: &Dynamic) -> NativeResult<bool> {
    run.require(Gate::Ports)?;
    if let Some(path) = socket_path(address) {
        let path = run.usable_path(&path, Last::Entry)?;
        return Ok(can_make_socket(&path));
    }
    Ok(can_bind(resolve(run, address)?))
}

fn udp_port_free(run: &NativeContext, address: &Dynamic) -> NativeResult<bool> {
    run.require(Gate::Ports)?;
    Ok(UdpSocket::bind(resolve(run, address)?).is_ok())
}

fn find_free_port(
    run: &NativeContext,
    min: INT,
    max: INT,
    exclude: &[Dynamic],
) -> NativeResult<INT> {
    run.require(Gate::Ports)?;
    count(min, 1, 65_535, "min")?;
    count(max, min, 65_535, "max")?;
    let port =
        |port| whole(port).ok_or_else(|| wrong_type("each excluded port", "an integer", port));
    let excluded = exclude.iter().map(port).collect::<NativeResult<Vec<INT>>>()?;
    for _ in 0..TRIES {
        let port = random::range(run, min, max)?;
        let address = (Ipv4Addr::UNSPECIFIED, u16::try_from(port).unwrap_or_default());
        if !excluded.contains(&port) && can_bind(address.into()) {
            return Ok(port);
        }
    }
    Err(NativeError::internal(
        "net.no_free_port",
        format!("no free port between {min} and {max} in {TRIES} tries"),
    ))
}

/// Connects on a thread of its own, so that an interrupt ends the waiting at once.
fn can_connect(run: &NativeContext, address: &Dynamic, timeout: Duration) -> NativeResult<bool> {
    run.require(Gate::Network)?;
    run.deadline.check()?;
    let name = host_and_port(address)?;
    let (host, port) = name.rsplit_once(':').unwrap_or((&name, ""));
    run.may_connect(host, port.parse().unwrap_or_default())?;
    let timeout = run.deadline.clamp(timeout);
    if timeout.is_zero() {
        return Ok(false);
    }
    let connects = move |to: SocketAddr| {
        let to = match to.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, to.port()).into(),
            IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, to.port()).into(),
            _ => to,
        };
        TcpStream::connect_timeout(&to, timeout).is_ok()
    };
    let connected = within(run, timeout, move || {
        name.to_socket_addrs().is_ok_and(|mut found| found.any(connects))
    })?;
    Ok(connected.unwrap_or(false))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Tells whether a server could listen at an address.
    ///
    /// `net::port_free(address: string | integer) -> boolean`
    ///
    /// Arguments: `address`, a port number, `host:port`, or an endpoint such as `tcp://0.0.0.0:8529` or `unix:///path`.
    /// Units: none; ports that wait for late packets count as used, and so do paths at which there is a file.
    /// Errors: `net.bad_address` and `argument.invalid` (number 10); `permission.ports` (11), for a path `permission.files` too, for a name to look up `permission.network`; `deadline.script` (36) while a name is looked up.
    /// Legacy: `SYS_TEST_PORT`, `internal.testPort(endpoint)`.
    ///
    /// ```rhai
    /// let port = net::find_free_port(20000, 60000);
    /// assert(net::port_free(port));
    /// ```
    #[rhai_fn(name = "port_free", return_raw)]
    pub fn port_free_native(ctx: NativeCallContext, address: Dynamic) -> Raw<bool> {
        call(&ctx, "net::port_free", |run| port_free(run, &address))
    }

    /// Tells whether a UDP socket could be bound at an address.
    ///
    /// `net::udp_port_free(address: string | integer) -> boolean`
    ///
    /// Arguments: `address` as for `net::port_free`.
    /// Units: none.
    /// Errors: `net.bad_address` and `argument.invalid` (number 10); `permission.ports` (11), for a name to look up `permission.network` too; `deadline.script` (36) while a name is looked up.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert(net::udp_port_free("127.0.0.1:0"));
    /// ```
    #[rhai_fn(name = "udp_port_free", return_raw)]
    pub fn udp_port_free_native(ctx: NativeCallContext, address: Dynamic) -> Raw<bool> {
        call(&ctx, "net::udp_port_free", |run| udp_port_free(run, &address))
    }

    /// Finds a port that a server could listen at.
    ///
    /// `net::find_free_port(min: integer, max: integer, exclude?: array) -> integer`
    ///
    /// Arguments: `min` and `max`, both included, 1 to 65535; `exclude`, an array of ports to leave out.
    /// Units: at most 20 random tries.
    /// Errors: `net.no_free_port` (number 4); `argument.invalid` for another range; `argument.type` for an excluded port that is no integer (both 10); `permission.ports` (11).
    /// Legacy: the port manager of the test suite.
    ///
    /// ```rhai
    /// let port = net::find_free_port(20000, 60000, [20001]);
    /// assert(port >= 20000 && port <= 60000);
    /// ```
    #[rhai_fn(name = "find_free_port", return_raw)]
    pub fn find_any(ctx: NativeCallContext, min: INT, max: INT) -> Raw<INT> {
        call(&ctx, "net::find_free_port", |run| find_free_port(run, min, max, &[]))
    }

    #[rhai_fn(name = "find_free_port", return_raw)]
    pub fn find_others(ctx: NativeCallContext, min: INT, max: INT, exclude: Array) -> Raw<INT> {
        call(&ctx, "net::find_free_port", |run| find_free_port(run, min, max, &exclude))
    }

    /// Tells whether a server accepts connections at an address.
    ///
    /// `net::can_connect(address: string | integer, timeout?: integer | float) -> boolean`
    ///
    /// Arguments: `address` as for `net::port_free`; `timeout`, 5 unless given.
    /// Units: seconds, cut to what the deadline leaves; a name that is unknown cannot be connected to.
    /// Errors: `net.bad_address` and `argument.invalid` (number 10); `deadline.script` (36); `permission.network` (11).
    /// Legacy: none.
    ///
    /// ```rhai
    /// let host = fixture_url.sub_string(7);
    /// assert(net::can_connect(host));
    /// ```
    #[rhai_fn(name = "can_connect", return_raw)]
    pub fn can_connect_soon(ctx: NativeCallContext, address: Dynamic) -> Raw<bool> {
        call(&ctx, "net::can_connect", |run| can_connect(run, &address, CONNECT_TIMEOUT))
    }

    #[rhai_fn(name = "can_connect", return_raw)]
    pub fn can_connect_within(
        ctx: NativeCallContext,
        address: Dynamic,
        timeout: Dynamic,
    ) -> Raw<bool> {
        call(&ctx, "net::can_connect", |run| {
            can_connect(run, &address, seconds(&timeout, "timeout")?)
        })
    }

    /// Tells whether a text is an IP address, and of which version.
    ///
    /// `net::ip_version(text: string) -> integer`
    ///
    /// Arguments: `text`.
    /// Units: 4, 6, or 0 for anything else; leading zeros make no address.
    /// Errors: none.
    /// Legacy: `SYS_IS_IP`, `internal.isIP(text)`.
    ///
    /// ```rhai
    /// assert_eq(net::ip_version("1.2.3.4"), 4);
    /// assert_eq(net::ip_version("::1"), 6);
    /// assert_eq(net::ip_version("01.2.3.4"), 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn ip_version(ctx: NativeCallContext, text: &str) -> Raw<INT> {
        call(&ctx, "net::ip_version", |_| {
            Ok(match text.parse() {
                Ok(IpAddr::V4(_)) => 4,
                Ok(IpAddr::V6(_)) => 6,
                Err(_) => 0,
            })
        })
    }
}
