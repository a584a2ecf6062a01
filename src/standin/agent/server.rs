//! The agent's listener and its connections.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::tls::Handshakes;
use super::{Agent, api, turned_true};

/// Time that connections get to finish their answers at shutdown.
const GRACE: Duration = Duration::from_millis(1500);

/// Serves `listener` until `shutdown` turns true; then ends all connections.
pub(super) async fn run(
    agent: Arc<Agent>,
    listener: TcpListener,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut handshakes = agent.config.certificate.as_ref().map(Handshakes::new);
    let router = api::router(agent);
    let protocol = protocol();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: give others time.
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            () = turned_true(&mut shutdown) => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection ended before its first request");
            continue;
        }
        let (protocol, router) = (protocol.clone(), router.clone());
        let mut down = shutdown.clone();
        let Some(handshakes) = &mut handshakes else {
            connections.spawn(serve(stream, protocol, router, down));
            continue;
        };
        let handshake = handshakes.begin(stream);
        connections.spawn(async move {
            let shaken = tokio::select! {
                shaken = handshake => shaken,
                () = turned_true(&mut down) => return,
            };
            match shaken {
                Ok(stream) => serve(stream, protocol, router, down).await,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::debug!(error, "connection ended before its first request");
                }
            }
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        connections.shutdown().await;
    }
}

/// HTTP/1.1, and HTTP/2 for clients that begin with its preface. Names of
/// headers are spelled as agents spell them; there is no `Date`. A client may
/// close its side, or leave, once it has sent its request: that is run to its
/// end and answered.
fn protocol() -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(true)
        .title_case_headers(true)
        .auto_date_header(false);
    protocol.http2().timer(TokioTimer::new()).auto_date_header(false);
    protocol
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    protocol: auto::Builder<TokioExecutor>,
    router: axum::Router,
    mut shutdown: watch::Receiver<bool>,
) {
    let connection =
        protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = turned_true(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
