//! Which dumps have been made already: one for each reason is enough.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Remembers for which reasons there are dumps.
#[derive(Debug, Default)]
pub struct Latch {
    made: Mutex<HashSet<(String, String, String)>>,
}

impl Latch {
    /// Runs `make` unless a dump has been made for this reason, of this cluster, and in this test. One that
    /// fails may be tried again. While it is made, others for any reason wait.
    ///
    /// # Errors
    /// What `make` returns.
    pub fn once<T, E>(
        &self,
        cluster: &str,
        reason: &str,
        test: &str,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (cluster.to_owned(), reason.to_owned(), test.to_owned());
        if made.contains(&key) {
            return Ok(None);
        }
        let done = make()?;
        made.insert(key);
        Ok(Some(done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d102_there_is_one_dump_for_each_reason_and_a_failure_does_not_count() {
        let latch = Latch::default();
        let once = |reason: &str, test: &str, works: bool| {
            latch.once("1", reason, test, || if works { Ok(7) } else { Err("no") })
        };
        assert_eq!(once("forced", "", false), Err("no"));
        assert_eq!(once("forced", "", true), Ok(Some(7)));
        assert_eq!(once("forced", "", true), Ok(None));
        assert_eq!(once("test_failed", "a", true), Ok(Some(7)));
        assert_eq!(once("test_failed", "b", true), Ok(Some(7)));
        assert_eq!(once("test_failed", "a", true), Ok(None));
        assert_eq!(latch.once("2", "forced", "", || Ok::<_, ()>(7)), Ok(Some(7)));
    }
}
