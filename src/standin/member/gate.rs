//! Whether a member that runs in this process is suspended, as SIGSTOP suspends a process of its own.

use tokio::sync::watch;

/// Passed by everything that a member does of itself; clones are the same gate.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Gate {
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: watch::Sender::new(true) }
    }
}

impl Gate {
    /// Suspends the member.
    pub(in crate::standin) fn close(&self) {
        self.open.send_replace(false);
    }

    /// Lets the member go on.
    pub(in crate::standin) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Whether the member runs.
    pub(in crate::standin) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Returns once the member runs.
    pub(in crate::standin) async fn passed(&self) {
        let mut open = self.open.subscribe();
        // the sender is in self
        let _ = open.wait_for(|open| *open).await;
    }
}
