//! What the system counts for a process.

use rhai::{INT, Map};

use super::super::{NativeContext, NativeResult};
use super::allowed;

/// What the system counts for a process; all zero where it counts nothing.
#[derive(Debug, Default)]
struct Statistics {
    minor_page_faults: INT,
    major_page_faults: INT,
    user_time: f64,
    system_time: f64,
    number_of_threads: INT,
    resident_size: INT,
    resident_size_percent: f64,
    virtual_size: INT,
}

impl Statistics {
    #[cfg(target_os = "linux")]
    #[allow(clippy::cast_precision_loss, reason = "times and sizes far below 2^53")]
    fn of(pid: i32) -> Option<Self> {
        use procfs::Current;
        let stat = procfs::process::Process::new(pid).and_then(|process| process.stat()).ok()?;
        let integer = |number: u64| INT::try_from(number).unwrap_or(INT::MAX);
        let ticks = procfs::ticks_per_second().max(1) as f64;
        let resident = stat.rss.saturating_mul(procfs::page_size());
        let memory = procfs::Meminfo::current().map_or(0, |memory| memory.mem_total);
        Some(Self {
            minor_page_faults: integer(stat.minflt),
            major_page_faults: integer(stat.majflt),
            user_time: stat.utime as f64 / ticks,
            system_time: stat.stime as f64 / ticks,
            number_of_threads: stat.num_threads,
            resident_size: integer(resident),
            resident_size_percent: if memory == 0 { 0.0 } else { resident as f64 / memory as f64 },
            virtual_size: integer(stat.vsize),
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: i32) -> Option<Self> {
        None
    }

    fn to_map(&self) -> Map {
        Map::from_iter([
            ("minor_page_faults".into(), self.minor_page_faults.into()),
            ("major_page_faults".into(), self.major_page_faults.into()),
            ("user_time".into(), self.user_time.into()),
            ("system_time".into(), self.system_time.into()),
            ("number_of_threads".into(), self.number_of_threads.into()),
            ("resident_size".into(), self.resident_size.into()),
            ("resident_size_percent".into(), self.resident_size_percent.into()),
            ("virtual_size".into(), self.virtual_size.into()),
        ])
    }
}

/// The statistics of a process.
pub(super) fn statistics(run: &NativeContext, pid: INT) -> NativeResult<Map> {
    allowed(run)?;
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0);
    Ok(pid.and_then(Statistics::of).unwrap_or_default().to_map())
}
