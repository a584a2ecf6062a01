//! `net`: which ports are free, who listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT};

use super::argument::{count, seconds, text};
use super::{Gate, NativeContext, NativeError, NativeResult, Raw, call, random};
use crate::deadline::SLICE;

/// How long `can_connect` waits unless told otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many ports `find_free_port` tries.
const TRIES: usize = 20;

/// The `host:port` of an address argument.
fn host_and_port(address: &Dynamic) -> NativeResult<String> {
    if let Ok(port) = address.as_int() {
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

fn resolve(address: &Dynamic) -> NativeResult<SocketAddr> {
    let name = host_and_port(address)?;
    let found = name.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| NativeError::arango("net.bad_address", 10, format!("'{name}' is unknown")))
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

fn port_free(run: &NativeContext, address: &Dynamic) -> NativeResult<bool> {
    run.require(Gate::Network)?;
    Ok(can_bind(resolve(address)?))
}

fn udp_port_free(run: &NativeContext, address: &Dynamic) -> NativeResult<bool> {
    run.require(Gate::Network)?;
    Ok(UdpSocket::bind(resolve(address)?).is_ok())
}

fn find_free_port(
    run: &NativeContext,
    min: INT,
    max: INT,
    exclude: &[Dynamic],
) -> NativeResult<INT> {
    run.require(Gate::Network)?;
    count(min, 1, 65_535, "min")?;
    count(max, min, 65_535, "max")?;
    let excluded: Vec<INT> = exclude.iter().filter_map(|port| port.as_int().ok()).collect();
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
    let name = host_and_port(address)?.replace("0.0.0.0:", "127.0.0.1:");
    let timeout = run.deadline.clamp(timeout);
    if timeout.is_zero() {
        return Ok(false);
    }
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let connects = |to: SocketAddr| TcpStream::connect_timeout(&to, timeout).is_ok();
        let connected = name.to_socket_addrs().is_ok_and(|mut found| found.any(connects));
        // nobody listens any more after the timeout
        let _ = sender.send(connected);
    });
    let end = Instant::now().checked_add(timeout);
    loop {
        match answer.recv_timeout(SLICE) {
            Ok(connected) => return Ok(connected),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(false),
            Err(mpsc::RecvTimeoutError::Timeout) => run.deadline.check_run()?,
        }
        if end.is_some_and(|end| end <= Instant::now()) {
            return Ok(false);
        }
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Tells whether a server could listen at an address.
    ///
    /// `net::port_free(address: string | integer) -> boolean`
    ///
    /// Arguments: `address`, a port number, `host:port`, or an endpoint such as `tcp://0.0.0.0:8529`.
    /// Units: none; ports that wait for late packets count as used.
    /// Errors: `net.bad_address` (number 10); `permission.network` (number 11).
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
    /// Errors: `net.bad_address` (number 10); `permission.network` (number 11).
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
    /// Errors: `net.no_free_port` (number 4); `argument.invalid` for another range; `permission.network`.
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
    /// Units: seconds, cut to what the deadline leaves.
    /// Errors: `net.bad_address` (number 10); `deadline.script` (number 36); `permission.network` (number 11).
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
