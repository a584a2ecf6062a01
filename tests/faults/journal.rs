//! What was done to the agents, and when: printed when a scenario fails.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Notes with the time since the beginning.
pub struct Journal {
    begin: Instant,
    notes: Mutex<Vec<String>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { begin: Instant::now(), notes: Mutex::default() }
    }
}

impl Journal {
    pub fn note(&self, text: impl AsRef<str>) {
        let line = format!("{:8.3} s  {}", self.begin.elapsed().as_secs_f64(), text.as_ref());
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub fn text(&self) -> String {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }
}
