//! Texts that are no JSON: only the known secrets are masked.

use std::io::{self, Write};

use super::Filter;
use super::secrets::MASK;

impl<W: Write> Filter<W> {
    /// Passes on a text up to where a secret may begin that is not complete.
    pub(super) fn take_text(&mut self, data: &[u8], is_end: bool) -> io::Result<usize> {
        // of a value that was to be picked, nothing is known any more; a body that never
        // began to be JSON is passed on all the same
        if self.pick.is_some() && !self.picking && !self.open.is_empty() {
            return Ok(data.len());
        }
        self.pick = None;
        let kept = if is_end { 0 } else { self.secrets.longest().saturating_sub(1) };
        let most = data.len().saturating_sub(kept);
        let mut done = 0;
        while let Some((at, length)) = self.secrets.first_in_text(data, done) {
            if at >= most {
                break;
            }
            self.put(&data[done..at])?;
            self.put(MASK)?;
            done = at + length;
        }
        if done < most {
            self.put(&data[done..most])?;
            done = most;
        }
        Ok(done)
    }
}
