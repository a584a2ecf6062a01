//! What one agent takes upon itself, so that no client can stall the others.
//!
//! These are all the limits of an agent that depend on its clients. A limit of size or number is
//! answered with an error; a limit of time ends the connection, or what it asked for.

use std::time::Duration;

/// The limits of one agent; the default is what agents ship with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of clients that are served. One more takes the place of the one that has been
    /// idle for longest; its request is answered with 503 when all are busy.
    pub connections: usize,
    /// Connections beyond that which are held until their first request tells whose they are.
    pub doorway: usize,
    /// Connections of the other agents, which do not count as those of clients.
    pub peers: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams: u32,
    /// Time from the first byte of a request to the end of its head.
    pub head: Duration,
    /// How long a client may leave a body, or an answer, where it is.
    pub patience: Duration,
    /// Bytes that buy a client another second of patience.
    pub bytes_per_second: u32,
    /// Bytes of a request's body, before and after decompression.
    pub body: usize,
    /// Polls that wait for an index. One more is answered with 503.
    pub polls: usize,
    /// Deferred requests that run. One more is answered with 503.
    pub jobs: usize,
    /// Time that a deferred request may run.
    pub job_time: Duration,
    /// Answers kept for clients that may never fetch them; beyond that the oldest are forgotten.
    pub answers: usize,
    /// Bytes of the bodies of the answers kept.
    pub answer_bytes: usize,
    /// Time that an answer is kept.
    pub answer_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            doorway: 64,
            peers: 256,
            streams: 200,
            head: Duration::from_secs(15),
            patience: Duration::from_secs(30),
            bytes_per_second: 1024,
            body: 1 << 30,
            polls: 2048,
            jobs: 10_000,
            // Longer than any poll.
            job_time: Duration::from_secs(20 * 60),
            answers: 10_000,
            answer_bytes: 512 << 20,
            answer_time: Duration::from_secs(3600),
        }
    }
}
