//! The load generator's HTTP: as little of it as possible.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    pub(crate) fn open(host: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// A connection that gives up soon.
    pub(crate) fn open_impatient(host: &str, patience: Duration) -> std::io::Result<Self> {
        let address: SocketAddr = host.parse().map_err(std::io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> std::io::Result<String> {
        self.request("POST", path, body)
    }

    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<String> {
        self.request("GET", path, "")
    }

    /// The body of an answer with status 200; any other status is an error.
    fn request(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.contains(" 200 ") {
            return Err(std::io::Error::other(line));
        }
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content)?;
        String::from_utf8(content).map_err(std::io::Error::other)
    }
}
