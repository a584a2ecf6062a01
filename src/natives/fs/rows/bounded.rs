//! A bound for what one row or line may hold.

use std::cell::Cell;
use std::io::{self, Read};

/// The most that one row or line may hold, in bytes.
const MOST: u64 = 1 << 30;

/// Counts what is read since the last row, and refuses more than fits in memory: a quote that is
/// never closed makes one row of the whole file.
pub(super) struct Bounded<'c, R> {
    inner: R,
    count: &'c Count,
}

/// How many bytes have been read since the last row.
#[derive(Debug, Default)]
pub(super) struct Count(Cell<u64>);

impl Count {
    /// Notes the end of a row.
    pub(super) fn start_over(&self) {
        self.0.set(0);
    }
}

impl<'c, R: Read> Bounded<'c, R> {
    pub(super) fn new(inner: R, count: &'c Count) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.count.0.get() > MOST {
            return Err(io::Error::other("a row or line of more than 1073741824 bytes"));
        }
        let amount = self.inner.read(buffer)?;
        self.count.0.set(self.count.0.get() + amount as u64);
        Ok(amount)
    }
}
