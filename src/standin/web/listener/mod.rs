//! The listener of a server and its connections.

mod incoming;
mod pace;
mod places;
mod transport;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::limits::Limits;
use super::tls::{Handshakes, ServerCertificate};
use super::turned_true;
use incoming::PacedBody;
use places::{Place, Places};
use transport::{Transport, Wire};

pub(in crate::standin) use incoming::BodyError;

/// Time that connections get to finish their answers at shutdown.
const GRACE: Duration = Duration::from_millis(1500);

/// Pause when the system allows no more connections.
const PAUSE: Duration = Duration::from_millis(20);

/// Time between two questions to a silent HTTP/2 client whether it is still there, and time for
/// its answer.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// What is served, and to whom.
#[derive(Clone)]
pub(in crate::standin) struct Site {
    /// What answers.
    pub(in crate::standin) router: Router,
    /// Whether a request is one of another server.
    pub(in crate::standin) is_peer: Arc<dyn Fn(&Parts) -> bool + Send + Sync>,
    /// What clients have to keep to.
    pub(in crate::standin) limits: Limits,
    /// What clients are shown; without it they speak no TLS.
    pub(in crate::standin) certificate: Option<ServerCertificate>,
}

/// Serves `listener` until `shutdown` turns true; then ends all connections.
pub(in crate::standin) async fn run(
    listener: TcpListener,
    site: Site,
    shutdown: watch::Receiver<bool>,
) {
    let mut connections = accept(&listener, site, shutdown).await;
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        connections.shutdown().await;
    }
}

/// Serves a listener until `shutdown` turns true; the connections that are left.
pub(in crate::standin) async fn accept(
    listener: &TcpListener,
    site: Site,
    mut shutdown: watch::Receiver<bool>,
) -> JoinSet<()> {
    let places = Places::new(site.limits.clone());
    let protocol = protocol(&site.limits);
    let mut handshakes = site.certificate.as_ref().map(Handshakes::new);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: give others time.
                    tracing::warn!(%error, "connection not accepted");
                    places.make_room();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            () = turned_true(&mut shutdown) => return connections,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection lost before its first request");
            continue;
        }
        let place = Arc::new(places.enter());
        let (protocol, site, mut down) = (protocol.clone(), site.clone(), shutdown.clone());
        let Some(handshakes) = &mut handshakes else {
            connections.spawn(serve(stream, place, protocol, site, down));
            continue;
        };
        let handshake = handshakes.begin(stream);
        connections.spawn(async move {
            let shaken = tokio::select! {
                shaken = handshake => shaken,
                () = place.told_to_leave() => return,
                () = turned_true(&mut down) => return,
            };
            match shaken {
                Ok(stream) => serve(stream, place, protocol, site, down).await,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::debug!(error, "connection ended before its first request");
                }
            }
        });
    }
}

/// HTTP/1.1, and HTTP/2 for clients that begin with its preface. Names of
/// headers are spelled as agents spell them; there is no `Date`. A client may
/// close its side, or leave, once it has sent its request: that is run to its
/// end and answered.
fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(true)
        .title_case_headers(true)
        .auto_date_header(false);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .auto_date_header(false);
    protocol
}

async fn serve(
    stream: impl Wire,
    place: Arc<Place>,
    protocol: auto::Builder<TokioExecutor>,
    site: Site,
    mut shutdown: watch::Receiver<bool>,
) {
    let transport = TokioIo::new(Transport::new(stream, place.clone(), &site.limits));
    let patience = site.limits.patience;
    let asked = place.clone();
    let service = hyper::service::service_fn(move |request| {
        let (site, place) = (site.clone(), asked.clone());
        async move { Ok::<_, Infallible>(answer(&site, &place, request).await) }
    });
    let connection = protocol.serve_connection(transport, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.told_to_leave() => {
            tracing::debug!("a connection makes room for others");
            // An idle one ends at once; others finish what they are at, but not for ever.
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(patience, connection.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
        () = turned_true(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(site: &Site, place: &Arc<Place>, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let running = place.begin(|| (site.is_peer)(&head));
    let body = Body::new(PacedBody::new(body, place, &site.limits));
    let request = Request::from_parts(head, body);
    if running.is_refused() {
        return super::no_place(request, site.limits.body).await;
    }
    let answered = TowerToHyperService::new(site.router.clone()).call(request).await;
    answered.unwrap_or_else(|never| match never {})
}
