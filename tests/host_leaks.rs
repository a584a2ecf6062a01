//! Hosts that come and go leave no memory, thread or file descriptor behind. In a process of its own, since all of it is counted
//! for the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use agencysh::Host;
#[cfg(feature = "standin")]
use agencysh::host::Target;

/// What this process has of things that could be left behind.
#[derive(Debug)]
struct Belongings {
    threads: u64,
    files: usize,
    /// Memory that is in use, in KiB.
    memory: u64,
}

impl Belongings {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
        Self { threads: number("Threads:"), files, memory: number("RssAnon:") }
    }
}

/// Makes hosts and drops them: `before` of them first, so that what the process keeps for all of them is there, and then
/// `more`, which may leave `most_memory` KiB each.
fn assert_nothing_is_left(before: u32, more: u32, most_memory: u64, host: impl Fn()) {
    (0..before).for_each(|_| host());
    let at_first = Belongings::now();
    (0..more).for_each(|_| host());
    // a thread that has been joined is counted for another moment
    let begin = Instant::now();
    let at_last = loop {
        let now = Belongings::now();
        let is_gone = now.threads <= at_first.threads && now.files <= at_first.files;
        if is_gone || begin.elapsed() > Duration::from_secs(20) {
            break now;
        }
        std::thread::yield_now();
    };
    assert!(at_last.threads <= at_first.threads, "{at_first:?}, {at_last:?}");
    assert!(at_last.files <= at_first.files, "{at_first:?}, {at_last:?}");
    let most = at_first.memory + u64::from(more) * most_memory;
    assert!(at_last.memory <= most, "{at_first:?}, {at_last:?}, at most {most}");
}

// one test: whatever runs beside it would be counted as well
#[test]
fn hosts_that_come_and_go_leave_nothing_behind() {
    let evaluates = || {
        let host = Host::builder().build().unwrap();
        let value = host.eval("fn next(x) { x + 1 } next(1)").unwrap().value;
        assert_eq!(value.as_int(), Ok(2));
    };
    assert_nothing_is_left(300, 1000, 4, evaluates);
    let fails = || {
        let host = Host::builder().build().unwrap();
        host.eval("import \"assert\" as assert; assert::equal(1, 2)").unwrap_err();
    };
    assert_nothing_is_left(20, 100, 16, fails);
    #[cfg(feature = "standin")]
    assert_nothing_is_left(10, 20, 256, || {
        let host = Host::builder().target(Target::embedded(1)).build().unwrap();
        let value = host.eval("agency::current().set(\"/a\", 7); agency::current().get(\"/a\")");
        assert_eq!(value.unwrap().value.as_int(), Ok(7));
    });
}
