//! What makes a good file for the raft log: an append file in three manners,
//! and redb.
//!
//! `cargo bench --bench log [DIRECTORY]` prints, for one entry of 200 bytes at
//! a time and for batches of 64, how long it takes until they are on disk. The
//! candidates take turns, so that all meet the same weather.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redb::{Database, TableDefinition};

const ENTRY: usize = 200;
const BATCH: u64 = 64;
const ROUNDS: usize = 5;
const PERIOD: Duration = Duration::from_millis(1500);
const PREALLOCATED: u64 = 64 << 20;

/// Something that keeps entries.
trait Candidate {
    fn name(&self) -> &'static str;
    /// Stores entries; returns when they are on disk.
    fn append(&mut self, first: u64, entries: &[Vec<u8>]);
}

fn frame(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = vec![0; 8];
    entries.iter().for_each(|entry| frame.extend_from_slice(entry));
    let length = (frame.len() - 8) as u32;
    let crc = crc32fast::hash(&frame[8..]);
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
    frame
}

/// A file that grows with every write.
struct Growing(File);

impl Candidate for Growing {
    fn name(&self) -> &'static str {
        "growing file"
    }

    fn append(&mut self, _first: u64, entries: &[Vec<u8>]) {
        self.0.write_all(&frame(entries)).unwrap();
        self.0.sync_data().unwrap();
    }
}

/// A file whose bytes are there before they are needed.
struct Prepared {
    name: &'static str,
    file: File,
    end: u64,
}

impl Prepared {
    fn new(path: &Path, name: &'static str, prepare: impl Fn(&mut File)) -> Self {
        let mut file = create(path);
        prepare(&mut file);
        file.sync_all().unwrap();
        Self { name, file, end: 0 }
    }
}

impl Candidate for Prepared {
    fn name(&self) -> &'static str {
        self.name
    }

    fn append(&mut self, _first: u64, entries: &[Vec<u8>]) {
        let frame = frame(entries);
        if self.end + frame.len() as u64 > PREALLOCATED {
            self.end = 0;
        }
        self.file.write_all_at(&frame, self.end).unwrap();
        self.file.sync_data().unwrap();
        self.end += frame.len() as u64;
    }
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");

/// A B-tree with transactions.
struct Redb(Database);

impl Candidate for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn append(&mut self, first: u64, entries: &[Vec<u8>]) {
        let transaction = self.0.begin_write().unwrap();
        {
            let mut table = transaction.open_table(TABLE).unwrap();
            for (index, entry) in (first..).zip(entries) {
                table.insert(index, entry.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
}

fn create(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap()
}

fn main() {
    let parent = std::env::args().skip(1).find(|a| !a.starts_with('-')).map(PathBuf::from);
    let directory = tempfile::tempdir_in(parent.unwrap_or_else(std::env::temp_dir)).unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut candidates: Vec<Box<dyn Candidate>> = vec![
        Box::new(Growing(create(&path("growing")))),
        Box::new(Prepared::new(&path("allocated"), "allocated file", |file| {
            nix::fcntl::posix_fallocate(file, 0, PREALLOCATED as i64).unwrap();
        })),
        Box::new(Prepared::new(&path("zeroed"), "file of zeros", |file| {
            file.write_all(&vec![0; PREALLOCATED as usize]).unwrap();
        })),
        Box::new(Redb(Database::create(path("redb")).unwrap())),
    ];
    for batch in [1, BATCH] {
        let entries: Vec<Vec<u8>> = (0..batch).map(|_| vec![b'x'; ENTRY]).collect();
        let mut latencies: Vec<Vec<Duration>> = vec![Vec::new(); candidates.len()];
        let mut index = 0;
        for _ in 0..ROUNDS {
            for (candidate, latencies) in candidates.iter_mut().zip(&mut latencies) {
                let begin = Instant::now();
                while begin.elapsed() < PERIOD {
                    let sent = Instant::now();
                    candidate.append(index, &entries);
                    latencies.push(sent.elapsed());
                    index += batch;
                }
            }
        }
        println!("{batch} x {ENTRY} bytes at a time");
        for (candidate, mut latencies) in candidates.iter().zip(latencies) {
            latencies.sort();
            let total: Duration = latencies.iter().sum();
            let quantile = |q: f64| latencies[((latencies.len() - 1) as f64 * q) as usize];
            println!(
                "  {:<15} p50 {:>9.1?}  p99 {:>9.1?}  {:>8.0} entries/s",
                candidate.name(),
                quantile(0.5),
                quantile(0.99),
                (latencies.len() as u64 * batch) as f64 / total.as_secs_f64()
            );
        }
    }
}
