//! What time it is, for a script: the system's clocks, or one that only moves when somebody waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The clock of a run; clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    manual: Option<Arc<Manual>>,
}

/// A clock that begins with the time of the system and stands still.
#[derive(Debug)]
struct Manual {
    began: Instant,
    began_system: SystemTime,
    passed: Mutex<Duration>,
}

impl Clock {
    /// A clock for tests: it stands still, and whoever waits by it moves it on in place of waiting.
    ///
    /// Agencies and other servers do not go by it.
    pub fn manual() -> Self {
        let manual = Manual {
            began: Instant::now(),
            began_system: SystemTime::now(),
            passed: Mutex::default(),
        };
        Self { manual: Some(Arc::new(manual)) }
    }

    /// A time that never goes back.
    pub fn now(&self) -> Instant {
        match &self.manual {
            None => Instant::now(),
            Some(manual) => manual.began.checked_add(manual.passed()).unwrap_or(manual.began),
        }
    }

    /// The time of day.
    pub fn system_now(&self) -> SystemTime {
        match &self.manual {
            None => SystemTime::now(),
            Some(manual) => {
                manual.began_system.checked_add(manual.passed()).unwrap_or(manual.began_system)
            }
        }
    }

    /// Moves a clock for tests on by `duration`; false for the system's, which goes by itself.
    pub fn advance(&self, duration: Duration) -> bool {
        let Some(manual) = &self.manual else { return false };
        let mut passed = manual.passed.lock().unwrap_or_else(PoisonError::into_inner);
        *passed = passed.saturating_add(duration);
        true
    }
}

impl Manual {
    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_it_is_moved() {
        let clock = Clock::manual();
        let before = (clock.now(), clock.system_now());
        assert_eq!(before, (clock.now(), clock.system_now()));
        assert!(clock.clone().advance(Duration::from_secs(3600)));
        assert_eq!(clock.now() - before.0, Duration::from_secs(3600));
        assert_eq!(clock.system_now(), before.1 + Duration::from_secs(3600));
        assert!(!Clock::default().advance(Duration::from_secs(1)));
    }
}
