//! What lies between agents: a line for each pair and direction, which can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

/// Takes connections on a port of its own and passes on what comes. While it is cut everything
/// disappears without a sign, as on a network that is torn; whoever waits is not told.
pub struct Line {
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    /// Held for reading while something is passed on: once it is cut, nothing is.
    cut: RwLock<bool>,
    streams: Mutex<Vec<TcpStream>>,
    ended: Mutex<bool>,
}

impl Line {
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            cut: RwLock::default(),
            streams: Mutex::default(),
            ended: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, shared }
    }

    /// Where to connect to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on nothing passes.
    pub fn cut(&self) {
        *self.shared.cut.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Connections that are made from now on pass; those that lost something end.
    pub fn heal(&self) {
        let mut cut = self.shared.cut.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *cut) {
            self.shared.end_streams();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        *lock(&self.shared.ended) = true;
        self.shared.end_streams();
        // whoever accepts takes notice
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for incoming in listener.incoming() {
            if *lock(&self.ended) {
                return;
            }
            let Ok(incoming) = incoming else { continue };
            let Ok(outgoing) = TcpStream::connect(&self.target) else {
                // as refused as it can be once it was accepted
                continue;
            };
            let _ = (incoming.set_nodelay(true), outgoing.set_nodelay(true));
            let mut streams = lock(&self.streams);
            self.pass_on(&incoming, &outgoing);
            self.pass_on(&outgoing, &incoming);
            streams.retain(|stream| stream.peer_addr().is_ok());
            streams.extend([incoming, outgoing]);
        }
    }

    fn pass_on(self: &Arc<Self>, from: &TcpStream, to: &TcpStream) {
        let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(amount @ 1..) = from.read(&mut buffer) {
                let cut = shared.cut.read().unwrap_or_else(PoisonError::into_inner);
                if !*cut && to.write_all(&buffer[..amount]).is_err() {
                    break;
                }
            }
            // the end of a connection is a sign as well
            let cut = shared.cut.read().unwrap_or_else(PoisonError::into_inner);
            if !*cut {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            }
        });
    }

    fn end_streams(&self) {
        for stream in lock(&self.streams).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
