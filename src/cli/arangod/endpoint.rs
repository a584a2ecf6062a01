//! Where a server listens, and whether it speaks TLS there.

/// An endpoint to listen on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListenEndpoint {
    /// Host and port.
    pub(super) address: String,
    /// Whether clients have to speak TLS.
    pub(super) tls: bool,
}

impl ListenEndpoint {
    /// Reads `tcp://` or `ssl://`, with or without `http+` before, or the URLs of the same.
    pub(super) fn parse(endpoint: &str) -> Option<Self> {
        let plain = endpoint.strip_prefix("http+").unwrap_or(endpoint);
        let (scheme, rest) = plain.split_once("://")?;
        let tls = match scheme {
            "tcp" | "http" => false,
            "ssl" | "https" => true,
            _ => return None,
        };
        let address = rest.trim_end_matches('/');
        let (host, port) = address.rsplit_once(':')?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return None;
        }
        Some(Self { address: address.to_owned(), tls })
    }

    /// How others reach it when it listens on `bound`.
    pub(super) fn advertised(&self, bound: std::net::SocketAddr) -> String {
        let scheme = if self.tls { "ssl" } else { "tcp" };
        format!("{scheme}://{bound}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_to_listen_on_name_scheme_host_and_port() {
        for (text, address, tls) in [
            ("tcp://127.0.0.1:8529", "127.0.0.1:8529", false),
            ("http+ssl://[::]:0/", "[::]:0", true),
            ("https://h:1", "h:1", true),
        ] {
            let expected = ListenEndpoint { address: address.to_owned(), tls };
            assert_eq!(ListenEndpoint::parse(text), Some(expected), "{text}");
        }
        for text in ["", "h:1", "tcp://h", "ssl://:1", "tcp://h:70000", "unix:///x:1", "ftp://h:1"]
        {
            assert_eq!(ListenEndpoint::parse(text), None, "{text}");
        }
    }
}
