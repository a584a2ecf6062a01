//! One connection: writes gathered output at once, waits in short slices.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use nix::sys::socket::{MsgFlags, recv};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::buffers::GatheringBuffers;
use super::call;
use super::error::{HttpError, Phase};
use crate::deadline::SLICE;

/// A connected socket.
#[derive(Debug)]
pub(super) enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// A socket in the file system.
    Unix(UnixStream),
}

impl Socket {
    /// Sets what stays the same for the life of the connection: no delay, and waits of one slice.
    fn prepare(&self) -> std::io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(SLICE))?;
                stream.set_write_timeout(Some(SLICE))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(SLICE))?;
                stream.set_write_timeout(Some(SLICE))
            }
        }
    }

    fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(bytes),
            Self::Unix(stream) => (&*stream).write(bytes),
        }
    }

    /// Whether the peer is still there and has sent nothing unasked: one system call.
    fn is_quiet(&self) -> bool {
        let descriptor = match self {
            Self::Tcp(stream) => stream.as_raw_fd(),
            Self::Unix(stream) => stream.as_raw_fd(),
        };
        let mut byte = [0];
        let seen = recv(descriptor, &mut byte, MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT);
        matches!(seen, Err(nix::errno::Errno::EAGAIN))
    }
}

/// A connection of the pool.
#[derive(Debug)]
pub(super) struct SlicedTransport {
    socket: Socket,
    buffers: GatheringBuffers,
    used: bool,
}

impl SlicedTransport {
    pub(super) fn new(socket: Socket) -> std::io::Result<Self> {
        socket.prepare()?;
        Ok(Self { socket, buffers: GatheringBuffers::new(), used: false })
    }

    fn write_gathered(&mut self) -> Result<(), ureq::Error> {
        self.used = true;
        let mut rest = self.buffers.take_gathered();
        while !rest.is_empty() {
            check_reach(Phase::Write)?;
            // a server that takes a little at a time never makes a slice end
            call::time_left(Phase::Write).map_err(wrap)?;
            match self.socket.write(rest) {
                Ok(0) => return Err(broken(Phase::Write, ErrorKind::WriteZero.into())),
                Ok(written) if written == rest.len() => break,
                Ok(written) => {
                    rest = &rest[written..];
                    // a peer that takes a little at a time does not make the time longer
                    call::time_left(Phase::Write).map_err(wrap)?;
                }
                Err(error) => wait_on(error, Phase::Write)?,
            }
        }
        Ok(())
    }
}

impl Transport for SlicedTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        if self.buffers.gather(amount) {
            self.write_gathered()?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        if self.buffers.has_gathered() {
            // An early answer explains a failed write better than the failure does.
            if let Err(error) = self.write_gathered()
                && self.socket.is_quiet()
            {
                return Err(error);
            }
        }
        // a peer that sends a little at a time does not make the time longer
        call::time_left(Phase::Read).map_err(wrap)?;
        loop {
            // a server that goes on sending never makes a slice end
            call::time_left(Phase::Read).map_err(wrap)?;
            check_reach(Phase::Read)?;
            let buffer = self.buffers.input_append_buf();
            match self.socket.read(buffer) {
                Ok(amount) => {
                    // what came across a cut that was made meanwhile is lost
                    check_reach(Phase::Read)?;
                    if let Some(first) = buffer[..amount].first() {
                        call::note_received(*first);
                    }
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) => wait_on(error, Phase::Read)?,
            }
        }
    }

    /// Asked twice per request: right after use, which tells nothing new, and when taken from the pool.
    fn is_open(&mut self) -> bool {
        if std::mem::take(&mut self.used) {
            return true;
        }
        // one across a cut is given up: another one is opened when there is a way again
        !call::is_cut() && self.socket.is_quiet()
    }
}

/// A connection is lost with the network under it, which shows only in silence: until the time is
/// up, or the server can be reached again and says that it knows of no such connection.
fn check_reach(phase: Phase) -> Result<(), ureq::Error> {
    match call::wait_for_reach(phase).map_err(wrap)? {
        true => Err(broken(phase, ErrorKind::ConnectionReset.into())),
        false => Ok(()),
    }
}

/// Goes on waiting after the end of a slice; anything else ends the request.
fn wait_on(error: std::io::Error, phase: Phase) -> Result<(), ureq::Error> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(()),
        _ => Err(broken(phase, error)),
    }
}

fn broken(phase: Phase, source: std::io::Error) -> ureq::Error {
    wrap(HttpError::Broken { endpoint: call::endpoint(), phase, source })
}

/// Carries an error of ours through ureq.
pub(super) fn wrap(error: HttpError) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}
