//! The buffers of one connection.

use ureq::unversioned::transport::Buffers;

/// Bytes that one read can take at first.
const INPUT: usize = 64 * 1024;
/// Bytes that one read can take on a connection that brings much at once.
const WIDE_INPUT: usize = 256 * 1024;
/// Bytes that are gathered before a write.
const OUTPUT: usize = 64 * 1024;
/// With less room than this left, gathered output is written.
const ROOM: usize = 16 * 1024;

/// Input that waits to be parsed, output that waits to be written.
///
/// Unlike ureq's own, the output side gathers: what is transmitted stays in the
/// buffer until an answer is awaited or room gets short, so that head and body
/// of a request leave in one write.
#[derive(Debug)]
pub(super) struct GatheringBuffers {
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    gathered: usize,
    progress: bool,
}

impl GatheringBuffers {
    pub(super) fn new() -> Self {
        Self {
            input: vec![0; INPUT],
            start: 0,
            end: 0,
            output: vec![0; OUTPUT],
            gathered: 0,
            progress: false,
        }
    }

    /// Keeps `amount` bytes of the output; tells whether it is time to write.
    pub(super) fn gather(&mut self, amount: usize) -> bool {
        self.gathered = (self.gathered + amount).min(self.output.len());
        self.output.len() - self.gathered < ROOM
    }

    /// The gathered output, to be written; it counts as written from now on.
    pub(super) fn take_gathered(&mut self) -> &[u8] {
        let gathered = std::mem::take(&mut self.gathered);
        &self.output[..gathered]
    }

    /// Whether output waits to be written.
    pub(super) fn has_gathered(&self) -> bool {
        self.gathered > 0
    }
}

impl Buffers for GatheringBuffers {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output[self.gathered..]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.end == self.input.len() {
            if self.start > 0 {
                self.input.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            } else {
                let longer = self.input.len() + INPUT;
                self.input.resize(longer, 0);
            }
        }
        &mut self.input[self.end..]
    }

    fn input_appended(&mut self, amount: usize) {
        self.end = (self.end + amount).min(self.input.len());
        if self.end == self.input.len() && self.input.len() < WIDE_INPUT {
            self.input.resize(WIDE_INPUT, 0);
        }
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.start = (self.start + amount).min(self.end);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.input_append_buf();
        (&mut self.input[self.end..], &mut self.output[self.gathered..])
    }

    fn can_use_input(&self) -> bool {
        self.start < self.end && self.progress
    }
}
