//! How far a dump is, on a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::dump::{self, State};

/// Time between two looks.
const BETWEEN: Duration = Duration::from_millis(100);

/// Shows on the standard error how much has come, if that is a terminal.
pub(super) struct Progress {
    is_shown: bool,
    next: Instant,
    has_line: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let is_shown = std::io::stderr().is_terminal();
        Self { is_shown, next: Instant::now() + BETWEEN, has_line: false }
    }

    pub(super) fn show(&mut self, progress: dump::Progress<'_>) {
        if !self.is_shown || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + BETWEEN;
        let width = terminal_size::terminal_size_of(std::io::stderr())
            .map_or(80, |(width, _)| usize::from(width.0));
        let line: String = line(progress).chars().take(width.saturating_sub(1)).collect();
        self.has_line = true;
        // whoever closed it does not want to see it
        let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
    }

    /// Leaves an empty line.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.has_line) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(progress: dump::Progress<'_>) -> String {
    let agents = progress.agents.iter().zip(progress.received);
    let asked = agents.filter(|(agent, _)| agent.state == State::Alive);
    let parts: Vec<String> =
        asked.map(|(agent, bytes)| format!("{} {}", agent.name, megabytes(*bytes))).collect();
    format!("dumping: {}", parts.join(", "))
}

#[allow(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::AgentToAsk;

    #[test]
    fn those_that_are_asked_are_shown_with_what_they_sent() {
        let agent = |name: &str, state| AgentToAsk {
            name: name.to_owned(),
            state,
            ..AgentToAsk::default()
        };
        let agents =
            [agent("a", State::Alive), agent("b", State::Suspended), agent("c", State::Alive)];
        let shown = line(dump::Progress { agents: &agents, received: &[1_250_000, 0, 40] });
        assert_eq!(shown, "dumping: a 1.2 MB, c 0.0 MB");
    }
}
