//! Handshakes with clients that may be slow, hostile, or in the wrong door.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ServerCertificate;

/// Time that a client gets.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many may be going on at once.
const MOST: usize = 256;

/// Begins handshakes, and keeps their number bounded: when there are too many, the oldest gives
/// way, because one that lasts belongs to a client that does not mean to finish it.
pub(in crate::standin) struct Handshakes {
    acceptor: TlsAcceptor,
    patience: Duration,
    most: usize,
    /// Dropping one of these ends its handshake.
    ongoing: VecDeque<oneshot::Sender<()>>,
}

/// Why a connection did not become a TLS connection.
#[derive(Debug, thiserror::Error)]
pub(in crate::standin) enum HandshakeError {
    #[error("the client does not speak TLS as it should")]
    Failed(#[from] std::io::Error),
    #[error("the client did not finish its handshake in time")]
    Slow,
    #[error("the handshake gave way to younger ones")]
    GaveWay,
}

impl Handshakes {
    pub(in crate::standin) fn new(certificate: &ServerCertificate) -> Self {
        let acceptor = TlsAcceptor::from(certificate.config());
        Self { acceptor, patience: PATIENCE, most: MOST, ongoing: VecDeque::new() }
    }

    /// The handshake over `stream`; it goes on while the future is polled.
    pub(in crate::standin) fn begin<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: S,
    ) -> impl Future<Output = Result<TlsStream<S>, HandshakeError>> + use<S> {
        if self.ongoing.len() >= self.most {
            self.ongoing.retain(|one| !one.is_closed());
        }
        if self.ongoing.len() >= self.most {
            self.ongoing.pop_front();
        }
        let (keep, must_end) = oneshot::channel();
        self.ongoing.push_back(keep);
        let handshake = self.acceptor.accept(stream);
        let patience = self.patience;
        async move {
            tokio::select! {
                done = tokio::time::timeout(patience, handshake) => match done {
                    Ok(stream) => Ok(stream?),
                    Err(_) => Err(HandshakeError::Slow),
                },
                _ = must_end => Err(HandshakeError::GaveWay),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn handshakes(patience: Duration, most: usize) -> Handshakes {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let pem = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
        std::fs::write(file.path(), pem).unwrap();
        let certificate = ServerCertificate::from_file(file.path()).unwrap();
        Handshakes { patience, most, ..Handshakes::new(&certificate) }
    }

    #[tokio::test]
    async fn a_silent_client_is_not_waited_for_forever() {
        let (_client, server) = duplex(64);
        let mut handshakes = handshakes(Duration::from_millis(20), 8);
        assert!(matches!(handshakes.begin(server).await, Err(HandshakeError::Slow)));
    }

    #[tokio::test]
    async fn plain_http_is_answered_with_an_alert() {
        let (mut client, server) = duplex(4096);
        let mut handshakes = handshakes(PATIENCE, 8);
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(matches!(handshakes.begin(server).await, Err(HandshakeError::Failed(_))));
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer[..2], [21, 3], "{answer:?}");
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_handshakes_gives_way() {
        let mut handshakes = handshakes(PATIENCE, 2);
        let clients: Vec<_> = (0..3).map(|_| duplex(64)).collect();
        let (_open, servers): (Vec<_>, Vec<_>) = clients.into_iter().unzip();
        let mut begun: VecDeque<_> =
            servers.into_iter().map(|server| Box::pin(handshakes.begin(server))).collect();
        let oldest = begun.pop_front().unwrap();
        assert!(matches!(oldest.await, Err(HandshakeError::GaveWay)));
        assert_eq!(handshakes.ongoing.len(), 2);
        // those that have ended make room without anybody giving way
        drop(begun);
        let (_client, server) = duplex(64);
        let _next = handshakes.begin(server);
        assert_eq!(handshakes.ongoing.len(), 1);
    }
}
