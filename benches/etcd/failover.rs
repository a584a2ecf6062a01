//! How long nobody can write after the leader was killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::servers::{Servers, wait};

/// An attempt that takes longer is given up and made again.
const PATIENCE: Duration = Duration::from_millis(100);

/// Kills the leader with SIGKILL and returns the time until the first write that succeeds; the
/// member is back then, and all are ready.
pub(crate) fn failover(servers: &mut dyn Servers) -> Duration {
    let leader = servers.leader();
    let members = servers.members();
    let (path, body) = servers.write();
    let written = AtomicBool::new(false);
    servers.kill(leader);
    let begin = Instant::now();
    let gap = std::thread::scope(|scope| {
        let attempts: Vec<_> = members
            .iter()
            .enumerate()
            .filter(|(member, _)| *member != leader)
            .map(|(_, address)| {
                let written = &written;
                scope.spawn(move || {
                    while !written.load(Ordering::Relaxed) {
                        let attempt = Connection::open_impatient(address, PATIENCE)
                            .and_then(|mut connection| connection.post(path, &body(0)));
                        if attempt.is_ok() {
                            written.store(true, Ordering::Relaxed);
                            return Some(begin.elapsed());
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    None
                })
            })
            .collect();
        attempts.into_iter().filter_map(|attempt| attempt.join().unwrap()).min().unwrap()
    });
    servers.start_again(leader);
    wait(|| (0..members.len()).all(|member| servers.follows(member)).then_some(()));
    gap
}
