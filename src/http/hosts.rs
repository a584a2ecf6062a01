//! Which servers may be asked.

use std::path::PathBuf;

use super::endpoint::Endpoint;

/// The servers that a client may ask; it connects to no other one, also when redirected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<HostPattern>);

/// One server, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// A name or an address, at one port or at all.
    Host {
        /// In small letters, without brackets; with `*.` before it, every name below it.
        name: String,
        /// The port; `None` means all.
        port: Option<u16>,
    },
    /// A socket file.
    Unix(PathBuf),
}

/// A text that names no servers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' names no server: write HOST, HOST:PORT, *.DOMAIN, [IPV6], [IPV6]:PORT or unix:PATH"
)]
pub struct HostPatternError {
    /// What was given.
    pub text: String,
}

impl HostPattern {
    /// Reads `HOST`, `HOST:PORT`, `*.DOMAIN`, `[IPV6]:PORT` or `unix:PATH`.
    ///
    /// # Errors
    /// The text is none of these.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let bad = || HostPatternError { text: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(bad()) } else { Ok(Self::Unix(path.into())) };
        }
        let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => {
                (name, rest.strip_prefix(':').or(Some(rest).filter(|rest| !rest.is_empty())))
            }
            // an address of version 6 without brackets
            None if text.matches(':').count() > 1 => (text, None),
            None => match text.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            },
        };
        let port = port.map(|port| port.parse::<u16>().map_err(|_| bad())).transpose()?;
        let plain = name.strip_prefix("*.").unwrap_or(name);
        let fits = |letter: char| letter.is_alphanumeric() || ".-_:".contains(letter);
        if plain.is_empty() || !plain.chars().all(fits) {
            return Err(bad());
        }
        Ok(Self::Host { name: name.to_lowercase(), port })
    }

    fn takes_name(&self, asked: &str, asked_port: u16) -> bool {
        let Self::Host { name, port } = self else { return false };
        if port.is_some_and(|port| port != asked_port) {
            return false;
        }
        match name.strip_prefix("*.") {
            Some(domain) => asked.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => name == asked || name == "localhost" && is_loopback(asked),
        }
    }
}

fn is_loopback(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Hosts {
    /// Those that fit one of the patterns.
    pub fn new(patterns: Vec<HostPattern>) -> Self {
        Self(patterns)
    }

    /// The same and those that fit one pattern more.
    pub fn add(&mut self, pattern: HostPattern) {
        self.0.push(pattern);
    }

    /// Whether a host may be asked at a port.
    pub fn contain(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_lowercase();
        self.0.iter().any(|pattern| pattern.takes_name(&host, port))
    }

    /// Whether a server may be asked.
    pub fn contain_endpoint(&self, endpoint: &Endpoint) -> bool {
        match endpoint {
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port } => {
                self.contain(host, *port)
            }
            Endpoint::Unix { path } => self
                .0
                .iter()
                .any(|pattern| matches!(pattern, HostPattern::Unix(known) if known == path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Hosts {
        Hosts::new(vec![HostPattern::parse(text).unwrap()])
    }

    #[test]
    fn a_name_stands_for_all_its_ports() {
        assert!(hosts("Example.org").contain("example.ORG", 1));
        assert!(!hosts("example.org").contain("a.example.org", 1));
        assert!(!hosts("example.org").contain("notexample.org", 1));
    }

    #[test]
    fn a_port_is_the_only_one() {
        assert!(hosts("127.0.0.1:8531").contain("127.0.0.1", 8531));
        assert!(!hosts("127.0.0.1:8531").contain("127.0.0.1", 8532));
        assert!(hosts("[::1]:8531").contain("[::1]", 8531));
        assert!(hosts("::1").contain("[::1]", 7));
    }

    #[test]
    fn a_star_stands_for_everything_below_a_domain() {
        assert!(hosts("*.example.org").contain("a.b.example.org", 80));
        assert!(!hosts("*.example.org").contain("example.org", 80));
        assert!(!hosts("*.example.org").contain("badexample.org", 80));
    }

    #[test]
    fn localhost_is_each_of_its_addresses() {
        assert!(hosts("localhost").contain("127.0.0.1", 80));
        assert!(hosts("localhost").contain("[::1]", 80));
        assert!(!hosts("127.0.0.1").contain("localhost", 80));
    }

    #[test]
    fn socket_files_are_named() {
        let endpoint = Endpoint::parse("unix:///tmp/a.sock").unwrap();
        assert!(hosts("unix:/tmp/a.sock").contain_endpoint(&endpoint));
        assert!(!hosts("localhost").contain_endpoint(&endpoint));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "a/b", "http://a", "a:b", "[::1]x", "*.", "a:70000", "unix:"] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }
}
