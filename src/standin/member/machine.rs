//! What a member tells of the machine that it runs on.

use std::fs;

/// The machine of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    /// Its name.
    pub(super) host: String,
    /// Bytes of memory; 0 if nobody tells.
    pub(super) memory: u64,
    /// Processors that may be used.
    pub(super) cores: usize,
}

impl Machine {
    /// Looks at it.
    pub(super) fn look() -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            host: host.trim().to_owned(),
            memory: memory_of(&memory).unwrap_or(0),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// The line `MemTotal:  16384 kB`, in bytes.
fn memory_of(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_read_in_bytes() {
        assert_eq!(memory_of("MemFree: 1 kB\nMemTotal:   16384 kB\n"), Some(16_777_216));
        assert_eq!(memory_of("MemTotal: many"), None);
        assert!(Machine::look().cores > 0);
    }
}
