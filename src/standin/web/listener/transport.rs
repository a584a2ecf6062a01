//! A connection that gives up on a client that stalls.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::super::limits::Limits;
use super::pace::Pace;
use super::places::Place;

/// How connections of HTTP/2 begin.
const HTTP2: &[u8] = b"PRI ";

/// What requests come over, with TLS or without.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Ends when the head of a request takes too long, or the client does not take its answer.
/// One that is silent between two requests may stay. (hyper's own time limit of heads begins
/// with the end of the request before, and would end these as well.)
pub(super) struct Transport<S> {
    stream: S,
    place: Arc<Place>,
    head: Duration,
    /// Runs while a head is incomplete, with the number of requests before it.
    head_due: Option<(u64, Pin<Box<Sleep>>)>,
    /// The first bytes that came, as many as tell HTTP/2.
    beginning: Vec<u8>,
    pace: Pace,
    /// Runs while an answer does not get on.
    answer_due: Option<Pin<Box<Sleep>>>,
}

impl<S: Wire> Transport<S> {
    pub(super) fn new(stream: S, place: Arc<Place>, limits: &Limits) -> Self {
        Self {
            stream,
            place,
            head: limits.head,
            head_due: None,
            beginning: Vec::with_capacity(HTTP2.len()),
            pace: Pace::new(limits),
            answer_due: None,
        }
    }

    /// Notes that bytes came, the first of a request perhaps.
    fn came(&mut self, bytes: &[u8]) {
        let requests = self.place.requests();
        if bytes.is_empty() || self.place.is_busy() {
            return;
        }
        let missing = HTTP2.len() - self.beginning.len();
        self.beginning.extend(bytes.iter().take(missing));
        // HTTP/2 sends frames that belong to no request; only its beginning is timed.
        let timed = self.head_due.as_ref().is_some_and(|(before, _)| *before == requests);
        let untimed = self.beginning == HTTP2 && requests > 0;
        if !timed && !untimed {
            self.head_due = Some((requests, Box::pin(tokio::time::sleep(self.head))));
        }
    }

    /// Whether a head is overdue.
    fn overdue(&mut self, context: &mut Context<'_>) -> bool {
        let requests = self.place.requests();
        match &mut self.head_due {
            Some((before, due)) if *before == requests => due.as_mut().poll(context).is_ready(),
            _ => {
                self.head_due = None;
                false
            }
        }
    }

    /// Notes whether an answer gets on, and gives up if it does not for too long.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.pace.moved(bytes, now);
                self.answer_due = None;
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let deadline = self.pace.waits(now).into();
                let due = self
                    .answer_due
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                if due.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                // What was not taken must not stay with the system either.
                let _ = self.stream.tcp().set_zero_linger();
                Poll::Ready(Err(too_slow("the client does not take its answer")))
            }
        }
    }
}

fn too_slow(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: Wire> AsyncRead for Transport<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer)?;
        if read.is_ready() {
            this.came(buffer.filled().get(before..).unwrap_or_default());
            return Poll::Ready(Ok(()));
        }
        if this.overdue(context) {
            return Poll::Ready(Err(too_slow("the head of a request takes too long")));
        }
        Poll::Pending
    }
}

impl<S: Wire> AsyncWrite for Transport<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, bytes);
        this.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
