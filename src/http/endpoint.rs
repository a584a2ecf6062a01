//! Every spelling of a server's address, brought to one form.

use std::path::{Path, PathBuf};

/// The port of an endpoint that names none.
const DEFAULT_PORT: u16 = 8529;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Plain TCP.
    Tcp {
        /// Name or address; IPv6 in brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// TLS over TCP.
    Tls {
        /// Name or address; IPv6 in brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A socket in the file system.
    Unix {
        /// The socket file.
        path: PathBuf,
    },
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The scheme is none of those known.
    #[error("'{text}' has an unknown scheme; use http, https, tcp, ssl or unix")]
    Scheme {
        /// What was given.
        text: String,
    },
    /// Host or port is missing or malformed.
    #[error("'{text}' has no valid host and port")]
    Address {
        /// What was given.
        text: String,
    },
    /// An address that means "all interfaces" cannot be connected to.
    #[error("'{text}' is an address to listen on, not to connect to")]
    AnyAddress {
        /// What was given.
        text: String,
    },
}

impl EndpointError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        "endpoint.invalid"
    }
}

impl Endpoint {
    /// Reads `http`, `https`, `tcp`, `ssl`, `unix` with or without `http+` or `h2+` before, or a bare
    /// `host:port`. HTTP/1.1 is spoken with all of them.
    ///
    /// Port 8529 when missing; one trailing `/` is dropped.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Self::with_ports(text, DEFAULT_PORT, DEFAULT_PORT)
    }

    /// Scheme, host and port of a URL, with the ports of HTTP (80, 443) when missing; the rest of the URL.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn split_url(url: &str) -> Result<(Self, &str), EndpointError> {
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let end =
            url[after_scheme..].find(['/', '?', '#']).map_or(url.len(), |at| after_scheme + at);
        let endpoint = match Self::with_ports(&url[..end], 80, 443)? {
            Self::Tcp { host, port } => match Self::socket_of_host(&host) {
                Some(path) => Self::Unix { path },
                None => Self::Tcp { host, port },
            },
            other => other,
        };
        Ok((endpoint, &url[end..]))
    }

    fn with_ports(text: &str, plain: u16, tls: u16) -> Result<Self, EndpointError> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("tcp".to_owned(), text),
        };
        let bare = ["http+", "h2+"].iter().find_map(|protocol| scheme.strip_prefix(protocol));
        let bare = bare.unwrap_or(&scheme);
        match bare {
            "http" | "tcp" | "h2" => {
                let (host, port) = address(text, rest, plain)?;
                Ok(Self::Tcp { host, port })
            }
            "https" | "ssl" | "h2s" => {
                let (host, port) = address(text, rest, tls)?;
                Ok(Self::Tls { host, port })
            }
            "unix" => socket_file(text, rest),
            _ => Err(EndpointError::Scheme { text: text.to_owned() }),
        }
    }

    /// The start of every URL of this server, such as `http://127.0.0.1:8531`.
    pub fn url(&self) -> String {
        match self {
            Self::Tcp { host, port } => format!("http://{host}:{port}"),
            Self::Tls { host, port } => format!("https://{host}:{port}"),
            Self::Unix { path } => {
                format!("http://{}{UNIX_SUFFIX}", hex::encode(path.as_os_str().as_encoded_bytes()))
            }
        }
    }

    /// The socket file, when a URL's host stands for one.
    pub(super) fn socket_of_host(host: &str) -> Option<PathBuf> {
        let bytes = hex::decode(host.strip_suffix(UNIX_SUFFIX)?).ok()?;
        String::from_utf8(bytes).ok().map(PathBuf::from)
    }
}

/// Marks the host of a URL that stands for a socket file; `.invalid` never resolves.
const UNIX_SUFFIX: &str = ".unix-socket.invalid";

impl std::fmt::Display for Endpoint {
    /// The form that ArangoDB's own messages use, such as `http+tcp://127.0.0.1:8529`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(formatter, "http+tcp://{host}:{port}"),
            Self::Tls { host, port } => write!(formatter, "http+ssl://{host}:{port}"),
            Self::Unix { path } => write!(formatter, "http+unix://{}", path.display()),
        }
    }
}

fn socket_file(text: &str, rest: &str) -> Result<Endpoint, EndpointError> {
    let path = Path::new(rest);
    if rest.is_empty() {
        return Err(EndpointError::Address { text: text.to_owned() });
    }
    Ok(Endpoint::Unix { path: path.to_owned() })
}

fn address(text: &str, rest: &str, default_port: u16) -> Result<(String, u16), EndpointError> {
    let invalid = || EndpointError::Address { text: text.to_owned() };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (host, port) = match rest.strip_prefix('[') {
        Some(inner) => {
            let (host, tail) = inner.split_once(']').ok_or_else(invalid)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| invalid())?;
            (
                format!("[{host}]"),
                tail.strip_prefix(':').or((tail.is_empty()).then_some("")).ok_or_else(invalid)?,
            )
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host.to_ascii_lowercase(), port),
            None => (rest.to_ascii_lowercase(), ""),
        },
    };
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:%".contains(&byte);
    if host.is_empty() || !host.bytes().all(valid) {
        return Err(invalid());
    }
    let port = if port.is_empty() { default_port } else { port.parse().map_err(|_| invalid())? };
    if port == 0 {
        return Err(invalid());
    }
    if host == "0.0.0.0" || host == "[::]" {
        return Err(EndpointError::AnyAddress { text: text.to_owned() });
    }
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_every_spelling_of_an_endpoint_is_brought_to_one_url() {
        for (text, url) in [
            ("tcp://127.0.0.1:8531", "http://127.0.0.1:8531"),
            ("http+tcp://127.0.0.1:8531/", "http://127.0.0.1:8531"),
            ("HTTP://Agent.Example:1", "http://agent.example:1"),
            ("ssl://h:2", "https://h:2"),
            ("http+ssl://h:2", "https://h:2"),
            ("https://h", "https://h:8529"),
            ("h2+tcp://h:3", "http://h:3"),
            ("H2+SSL://h:3", "https://h:3"),
            ("tcp://localhost:1", "http://localhost:1"),
            ("h", "http://h:8529"),
            ("localhost.example:7", "http://localhost.example:7"),
            ("tcp://[::1]:8531", "http://[::1]:8531"),
            ("tcp://[::1]", "http://[::1]:8529"),
        ] {
            assert_eq!(
                Endpoint::parse(text).map(|endpoint| endpoint.url()),
                Ok(url.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_socket_file_survives_the_way_through_a_url() {
        let endpoint = Endpoint::parse("unix:///tmp/a b.sock").unwrap();
        let url = endpoint.url();
        let host = url.strip_prefix("http://").unwrap();
        assert_eq!(Endpoint::socket_of_host(host), Some(PathBuf::from("/tmp/a b.sock")));
    }

    #[test]
    fn texts_that_are_no_endpoints_are_refused() {
        for text in [
            "",
            "ftp://x",
            "tcp://",
            "tcp://h:70000",
            "tcp://h:x",
            "tcp://[::1",
            "tcp://h:0",
            "a b:1",
            "srv://h",
            "h2+http+tcp://h:1",
            "unix://",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        assert!(matches!(
            Endpoint::parse("tcp://0.0.0.0:1"),
            Err(EndpointError::AnyAddress { .. })
        ));
        assert!(matches!(Endpoint::parse("tcp://[::]:1"), Err(EndpointError::AnyAddress { .. })));
    }

    #[test]
    fn a_url_is_split_after_its_authority() {
        let (endpoint, rest) = Endpoint::split_url("http://h/_api/agency/read?x=1").unwrap();
        assert_eq!(endpoint.url(), "http://h:80");
        assert_eq!(rest, "/_api/agency/read?x=1");
    }
}
