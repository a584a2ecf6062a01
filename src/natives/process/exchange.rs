//! Gives a child its input and takes its output until it ends, whatever it does first.
//!
//! No pipe is ever waited for alone, so that nobody waits for somebody who waits for him.

use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::super::{NativeContext, NativeError, NativeResult};
use super::pipes::write_some;
use super::status::{Patience, Status, Wait, look};
use super::streams::Streams;
use super::table::Children;

/// The most that is kept of each of the two outputs, in bytes.
pub(super) const LARGEST_OUTPUT: usize = 64 << 20;
/// How much is read at once, and of one output before the other gets its turn, in bytes.
const PIECE: usize = 64 << 10;
const TURN: usize = 16 * PIECE;

/// What goes to and comes from a child.
#[derive(Debug)]
pub(super) struct Exchange {
    streams: Streams,
    /// What the child gets; without it the script may write to it later.
    input: Option<Vec<u8>>,
    written: usize,
    /// What came of output and errors, where they lead here.
    taken: [Option<Vec<u8>>; 2],
}

impl Exchange {
    /// Without `capture` the child only gets its input.
    pub(super) fn new(streams: Streams, input: Option<Vec<u8>>, capture: bool) -> Self {
        let taken = [&streams.output, &streams.errors]
            .map(|pipe| pipe.as_ref().filter(|_| capture).map(|_| Vec::new()));
        Self { streams, input, written: 0, taken }
    }

    /// The pipes that have not come to their end, and what was taken.
    pub(super) fn into_parts(self) -> (Streams, [Option<Vec<u8>>; 2]) {
        (self.streams, self.taken)
    }

    /// Goes on until the child has ended, or for as long as patience and deadlines let it.
    pub(super) fn carry_out(
        &mut self,
        run: &NativeContext,
        children: &Children,
        pid: i32,
        patience: Patience,
    ) -> NativeResult<Status> {
        let wait = Wait::begin(patience);
        loop {
            let ended = look(children, pid.into(), |pid, child| {
                child.state.is_end().then(|| Status::report(pid, child))
            });
            // after the end, so that nothing is left out that the child has written before
            self.move_bytes()?;
            match ended {
                Some(None) => {}
                Some(Some(status)) => return Ok(status),
                None => return Ok(Status::not_found(pid.into())),
            }
            if wait.is_over(run)? {
                return Ok(Status::new(pid.into(), "TIMEOUT"));
            }
            if !self.wait_for_pipes(&wait, run) {
                wait.pause(run);
            }
        }
    }

    fn move_bytes(&mut self) -> NativeResult<()> {
        if let (Some(pipe), Some(input)) = (&self.streams.input, &self.input) {
            match write_some(pipe, &input[self.written..]) {
                Some(count) => self.written += count,
                // it does not read to the end, as it may
                None => self.written = input.len(),
            }
            if self.written == input.len() {
                self.streams.input = None;
            }
        }
        let [output, errors] = &mut self.taken;
        take(&mut self.streams.output, output)?;
        take(&mut self.streams.errors, errors)
    }

    /// Waits a little for the pipes; false when there are none.
    fn wait_for_pipes(&self, wait: &Wait, run: &NativeContext) -> bool {
        let Streams { input, output, errors, .. } = &self.streams;
        let input = input.as_ref().filter(|_| self.input.is_some());
        let input = input.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT));
        let taken = [output, errors].into_iter().zip(&self.taken);
        let outputs = taken.filter_map(|(pipe, taken)| {
            let pipe = pipe.as_ref().filter(|_| taken.is_some())?;
            Some(PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
        });
        let mut pipes: Vec<PollFd<'_>> = input.into_iter().chain(outputs).collect();
        let slice = PollTimeout::try_from(wait.slice(run)).unwrap_or(PollTimeout::ZERO);
        // what has changed is seen when bytes are moved next
        !pipes.is_empty() && poll(&mut pipes, slice).is_ok()
    }
}

/// Takes what is there, but leaves the other output its turn.
fn take(pipe: &mut Option<PipeReader>, taken: &mut Option<Vec<u8>>) -> NativeResult<()> {
    let (Some(reader), Some(taken)) = (&mut *pipe, taken) else { return Ok(()) };
    let mut piece = vec![0; PIECE];
    let mut moved = 0;
    while moved < TURN {
        match reader.read(&mut piece) {
            Ok(0) => {
                *pipe = None;
                return Ok(());
            }
            Ok(count) if taken.len() + count > LARGEST_OUTPUT => return Err(too_much()),
            Ok(count) => {
                taken.extend_from_slice(&piece[..count]);
                moved += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                *pipe = None;
                return Ok(());
            }
        }
    }
    Ok(())
}

fn too_much() -> NativeError {
    let most = LARGEST_OUTPUT >> 20;
    NativeError::arango(
        "process.too_much_output",
        3,
        format!(
            "the process writes more than the {most} MiB that are kept; let it write to a file"
        ),
    )
}
