//! What is read back after crashes, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openraft::storage::{RaftLogStorage, RaftLogStorageExt};
use openraft::{CommittedLeaderId, EntryPayload, RaftSnapshotBuilder};
use serde_json::json;
use tempfile::TempDir;

use crate::agency::entry::LogEntry;
use crate::agency::value::Value;

use super::super::replica::CompactionRule;
use super::super::storage::{Storage, Stored};
use super::super::types::{Command, Entry, LogId, Vote, node_id};
use super::frame::HEADER;
use super::record::Record;
use super::segments::{Segments, aligned, path_of};
use super::*;

const SIZE: u64 = 4096;
const ID: &str = "AGNT-test";

fn log_id(index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(1, 7), index)
}

fn entry(index: u64) -> Entry {
    let request = Value::from(json!({ "key": index, "text": "x".repeat(50) }));
    let entry = LogEntry { request, client_id: Some("id".into()), epoch_millis: 1 };
    let command = Command::Write { term: 1, first_index: index, entries: vec![Arc::new(entry)] };
    Entry { log_id: log_id(index), payload: EntryPayload::Normal(command) }
}

/// A raft log with small segments.
struct Log {
    _directory: TempDir,
    path: PathBuf,
    segments: Segments,
}

impl Log {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("raft-log");
        Segments::create(&path, SIZE).unwrap();
        let (segments, _) = recovery::open(&path, SIZE, false).unwrap();
        Self { _directory: directory, path, segments }
    }

    /// Writes records as one frame; where it is.
    fn put(&mut self, records: Vec<Record>) -> (u64, u64) {
        let mut frame = vec![0; HEADER];
        let mut highest = None;
        let mut purge = None;
        for record in records {
            record::encode(&mut frame, &record).unwrap();
            match record {
                Record::Entry(entry) => highest = highest.max(Some(entry.log_id.index)),
                Record::Purge(upto) => purge = Some(upto),
                _ => {}
            }
        }
        self.segments.write(&mut frame, highest).unwrap();
        if let Some(upto) = purge {
            self.segments.purged(upto).unwrap();
        }
        let length = frame.len() as u64;
        (self.segments.current.end - aligned(length), length)
    }

    fn reopen(&mut self) -> Result<Recovered, DiskError> {
        let (segments, recovered) = recovery::open(&self.path, SIZE, false)?;
        self.segments = segments;
        Ok(recovered)
    }

    fn segment(&self, number: u64) -> PathBuf {
        path_of(&self.path, number)
    }

    /// The error of opening it with other bytes in one of its files, which is named.
    fn refused(&mut self, path: &Path, bytes: &[u8]) -> DiskError {
        let good = fs::read(path).unwrap();
        fs::write(path, bytes).unwrap();
        let error = self.reopen().unwrap_err();
        assert!(error.to_string().starts_with(&*path.to_string_lossy()), "{error}");
        fs::write(path, good).unwrap();
        error
    }
}

fn indices(recovered: &Recovered) -> Vec<u64> {
    recovered.entries.keys().copied().collect()
}

#[test]
fn f4_a_tail_torn_at_any_byte_is_removed_and_the_log_goes_on() {
    let mut log = Log::new();
    log.put(vec![Record::Entry(entry(0))]);
    let (begin, length) = log.put(vec![Record::Entry(entry(1)), Record::Entry(entry(2))]);
    let path = log.segment(1);
    let good = fs::read(&path).unwrap();
    for offset in begin..begin + length {
        let mut torn = good.clone();
        torn[offset as usize..].fill(0);
        fs::write(&path, &torn).unwrap();
        assert_eq!(indices(&log.reopen().unwrap()), [0], "torn at {offset}");
        log.put(vec![Record::Entry(entry(1))]);
        assert_eq!(indices(&log.reopen().unwrap()), [0, 1], "after {offset}");
    }
}

#[test]
fn f4_any_flipped_bit_is_refused() {
    let mut log = Log::new();
    log.put(vec![Record::Entry(entry(0))]);
    log.put(vec![Record::Entry(entry(1))]);
    let path = log.segment(1);
    let good = fs::read(&path).unwrap();
    let end = good.iter().rposition(|b| *b != 0).unwrap() + 1;
    for bit in 0..end * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bad).unwrap();
        match log.reopen() {
            Err(error) => assert_eq!(error.kind(), "disk.damaged", "bit {bit}: {error}"),
            // Only between frames, where nothing is.
            Ok(log) => assert_eq!((indices(&log), good[bit / 8]), (vec![0, 1], 0), "bit {bit}"),
        }
    }
}

#[test]
fn f4_a_file_that_became_shorter_is_refused() {
    let mut log = Log::new();
    log.put(vec![Record::Entry(entry(0))]);
    let path = log.segment(1);
    let good = fs::read(&path).unwrap();
    for end in 0..good.len() {
        assert_eq!(log.refused(&path, &good[..end]).kind(), "disk.damaged", "{end} bytes");
    }
}

#[test]
fn f4_an_unknown_format_is_refused() {
    let mut log = Log::new();
    let path = log.segment(1);
    let mut later = fs::read(&path).unwrap();
    later[8] = 2;
    let check = crc32fast::hash(&later[..20]);
    later[20..24].copy_from_slice(&check.to_le_bytes());
    assert_eq!(log.refused(&path, &later).kind(), "disk.format");
}

/// A log of several segments.
fn long_log() -> Log {
    let mut log = Log::new();
    for index in 0..100 {
        log.put(vec![Record::Entry(entry(index))]);
    }
    assert!(log.segments.older.len() >= 3);
    log
}

#[test]
fn f4_a_missing_segment_is_refused() {
    let mut log = long_log();
    for number in 1..=log.segments.current.number {
        let path = log.segment(number);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = log.reopen().unwrap_err();
        assert_eq!(error.kind(), "disk.missing", "segment {number}: {error}");
        assert!(error.to_string().starts_with(&*path.to_string_lossy()), "{error}");
        fs::write(&path, good).unwrap();
    }
    assert_eq!(log.reopen().unwrap().entries.len(), 100);
}

#[test]
fn f4_an_end_is_torn_only_in_the_last_segment() {
    let mut log = long_log();
    let path = log.segment(2);
    let mut bad = fs::read(&path).unwrap();
    let end = bad.iter().rposition(|b| *b != 0).unwrap();
    bad[end - 5..].fill(0);
    assert_eq!(log.refused(&path, &bad).kind(), "disk.damaged");
}

#[test]
fn f4_a_frame_bigger_than_a_segment_gets_its_own() {
    let mut log = Log::new();
    let many: Vec<Record> = (0..100).map(|index| Record::Entry(entry(index))).collect();
    log.put(many);
    log.put(vec![Record::Entry(entry(100))]);
    assert_eq!(log.reopen().unwrap().entries.len(), 101);
}

/// After each of many operations, what a crash would leave is what was written.
#[test]
fn f4_truncating_and_purging_survive_a_crash_at_any_time() {
    use rand::{RngExt, SeedableRng};
    let mut log = Log::new();
    let mut model: BTreeMap<u64, Entry> = BTreeMap::new();
    let (mut next, mut purged) = (0_u64, None::<u64>);
    let seed: u64 = rand::random();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    for step in 0..400 {
        let first = purged.map_or(0, |p| p + 1);
        match random.random_range(0..10) {
            0 if next > first => {
                let from = random.random_range(first..next);
                log.put(vec![Record::Truncate(from)]);
                model.split_off(&from);
                next = from;
            }
            1 if next > first + 30 => {
                let upto = random.random_range(first..next - 20);
                log.put(vec![Record::Purge(log_id(upto))]);
                model = model.split_off(&(upto + 1));
                purged = Some(upto);
            }
            2 => {
                // What an installed snapshot does: everything before it goes.
                if random.random_range(0..10) == 0 {
                    next += 50;
                    log.put(vec![Record::Purge(log_id(next - 1))]);
                    model.clear();
                    purged = Some(next - 1);
                }
            }
            _ => {
                let count = random.random_range(1..6);
                log.put((next..next + count).map(|i| Record::Entry(entry(i))).collect());
                model.extend((next..next + count).map(|i| (i, entry(i))));
                next += count;
            }
        }
        let recovered = log.reopen().unwrap_or_else(|e| panic!("seed {seed}, step {step}: {e}"));
        assert_eq!(
            indices(&recovered),
            model.keys().copied().collect::<Vec<_>>(),
            "seed {seed}, step {step}"
        );
        assert_eq!(recovered.purged.map(|p| p.index), purged, "seed {seed}, step {step}");
    }
    assert!(log.segments.older.front().is_none_or(|oldest| oldest.number > 1));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn start(directory: &Path) -> Result<Stored, DiskError> {
    let storage = Storage::Disk(directory.to_owned());
    storage.open(ID, CompactionRule { step: 5, keep: 10 }, true)
}

async fn stop(stored: Stored) {
    stored.machine.close();
    stored.log.close().await;
}

/// A directory with everything in it.
fn used() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let mut stored = start(directory.path()).unwrap();
        assert!(!stored.restarted);
        stored.log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
        stored.log.blocking_append((0..5).map(entry)).await.unwrap();
        stored.log.save_committed(Some(log_id(3))).await.unwrap();
        openraft::storage::RaftStateMachine::apply(&mut stored.machine, (0..5).map(entry))
            .await
            .unwrap();
        stored.machine.build_snapshot().await.unwrap();
        stop(stored).await;
    });
    directory
}

#[test]
fn f4_log_vote_and_snapshot_are_there_again() {
    let directory = used();
    block_on(async {
        let mut stored = start(directory.path()).unwrap();
        assert!(stored.restarted);
        // The lease of another leader goes on.
        assert_eq!(stored.log.read_vote().await.unwrap(), Some(Vote::new_committed(1, 7)));
        assert_eq!(stored.log.read_committed().await.unwrap(), Some(log_id(3)));
        let state = stored.log.get_log_state().await.unwrap();
        assert_eq!(state.last_log_id, Some(log_id(4)));
        let snapshot =
            openraft::storage::RaftStateMachine::get_current_snapshot(&mut stored.machine).await;
        assert_eq!(snapshot.unwrap().unwrap().meta.last_log_id, Some(log_id(4)));
        stop(stored).await;
    });
}

#[test]
fn an_agent_that_led_has_to_be_elected_again() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let own = node_id(ID);
        let mut stored = start(directory.path()).unwrap();
        stored.log.save_vote(&Vote::new_committed(3, own)).await.unwrap();
        stop(stored).await;
        let mut stored = start(directory.path()).unwrap();
        assert_eq!(stored.log.read_vote().await.unwrap(), Some(Vote::new(3, own)));
        stop(stored).await;
    });
}

#[test]
fn f4_nothing_is_purged_before_a_snapshot_has_it() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let mut stored = start(directory.path()).unwrap();
        stored.log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
        stored.log.blocking_append((0..5).map(entry)).await.unwrap();
        stored.log.purge(log_id(4)).await.unwrap();
        stop(stored).await;
        let mut stored = start(directory.path()).unwrap();
        let state = stored.log.get_log_state().await.unwrap();
        assert_eq!((state.last_purged_log_id, state.last_log_id), (None, Some(log_id(4))));
        stored.log.purge(log_id(3)).await.unwrap();
        stored.log.snapshot_is_durable(4);
        stop(stored).await;
        // The snapshot, of which nothing is there, is missed now.
        assert_eq!(start(directory.path()).unwrap_err().kind(), "disk.missing");
    });
}

/// Entries behind a snapshot that is being installed are stored after it, or not at all.
#[test]
fn f4_entries_behind_a_snapshot_wait_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft-log");
    block_on(async {
        let mut stored = start(directory.path()).unwrap();
        stored.log.save_vote(&Vote::new_committed(1, 7)).await.unwrap();
        stored.log.blocking_append((0..5).map(entry)).await.unwrap();
        stored.log.purge(log_id(10)).await.unwrap();
        let mut log = stored.log.clone();
        let (appended, ()) = tokio::join!(log.blocking_append([entry(11)]), stored.log.close());
        assert!(appended.is_err());
        stop(stored).await;
        let (_, recovered) = recovery::open(&path, SIZE, true).unwrap();
        assert_eq!(indices(&recovered), [0, 1, 2, 3, 4]);

        let mut stored = start(directory.path()).unwrap();
        stored.log.purge(log_id(10)).await.unwrap();
        let mut log = stored.log.clone();
        let installed = async { stored.log.snapshot_is_durable(10) };
        let (appended, ()) = tokio::join!(log.blocking_append([entry(11)]), installed);
        appended.unwrap();
        stop(stored).await;
        let (_, recovered) = recovery::open(&path, SIZE, true).unwrap();
        assert_eq!((indices(&recovered), recovered.purged), (vec![11], Some(log_id(10))));
    });
}

#[test]
fn f4_a_directory_is_used_by_one_agent_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let stored = start(directory.path()).unwrap();
    let error = start(directory.path()).unwrap_err();
    assert_eq!(error.kind(), "disk.locked");
    assert!(error.to_string().contains("in use by another agent"), "{error}");
    block_on(stop(stored));
    block_on(stop(start(directory.path()).unwrap()));
}

#[test]
fn f4_a_directory_keeps_its_agent() {
    let directory = tempfile::tempdir().unwrap();
    let id = agent_id(&directory.path().join("new")).unwrap();
    assert!(id.starts_with("AGNT-"));
    assert_eq!(agent_id(&directory.path().join("new")).unwrap(), id);
    let error = start(&directory.path().join("new")).unwrap_err();
    assert_eq!(error.kind(), "disk.other_agent");
    assert!(error.to_string().contains(&id), "{error}");
}

/// Damage to any file but a snapshot keeps the agent from starting, with an error that names
/// the file.
#[test]
fn f4_damage_to_any_file_is_refused() {
    let directory = used();
    let files = [
        (directory.path().join("agent.json"), "disk.missing"),
        (directory.path().join("vote.json"), "disk.missing"),
        (directory.path().join("raft-log/newest"), "disk.missing"),
        (directory.path().join("raft-log/0000000001.segment"), "disk.missing"),
    ];
    for (path, kind) in &files {
        let good = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        let error = start(directory.path()).unwrap_err();
        assert_eq!(error.kind(), *kind, "{error}");
        assert!(error.to_string().starts_with(&*path.to_string_lossy()), "{error}");
        fs::write(path, good).unwrap();
    }
    for (path, _) in &files {
        let good = fs::read(path).unwrap();
        let written = good.iter().rposition(|b| *b != 0).unwrap() + 1;
        let length = written.min(1000);
        for at in (0..length).step_by(length.div_ceil(40)) {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            fs::write(path, &bad).unwrap();
            match start(directory.path()) {
                Ok(stored) => {
                    assert_eq!(good[at], 0, "{} at {at}", path.display());
                    block_on(stop(stored));
                }
                Err(error) => {
                    assert_eq!(error.kind(), "disk.damaged", "{error}");
                    assert!(error.to_string().starts_with(&*path.to_string_lossy()), "{error}");
                }
            }
        }
        fs::write(path, &good[..written / 2]).unwrap();
        assert_eq!(start(directory.path()).unwrap_err().kind(), "disk.damaged");
        fs::write(path, good).unwrap();
    }
    block_on(stop(start(directory.path()).unwrap()));
}

/// The snapshots of a directory, oldest first.
fn snapshots(directory: &TempDir) -> Vec<PathBuf> {
    let listed = fs::read_dir(directory.path().join("snapshots")).unwrap();
    let mut paths: Vec<PathBuf> = listed.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Damages a file in many ways; the closure sees each.
fn damage(path: &Path, mut look: impl FnMut()) {
    let good = fs::read(path).unwrap();
    let mut damaged = vec![Vec::new(), good[..good.len() / 2].to_vec(), vec![0; good.len()]];
    damaged.extend((0..good.len()).step_by(good.len().div_ceil(40)).map(|at| {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        bad
    }));
    for bad in damaged {
        fs::write(path, bad).unwrap();
        look();
    }
    fs::write(path, good).unwrap();
}

/// Applies entries beyond those of [`used`], takes snapshots after some, and purges the log.
async fn go_on(directory: &TempDir, snapshots: &[u64], purge: Option<u64>) {
    let mut stored = start(directory.path()).unwrap();
    for index in 5..20 {
        stored.log.blocking_append([entry(index)]).await.unwrap();
        openraft::storage::RaftStateMachine::apply(&mut stored.machine, [entry(index)])
            .await
            .unwrap();
        if snapshots.contains(&index) {
            stored.machine.build_snapshot().await.unwrap();
        }
    }
    if let Some(upto) = purge {
        stored.log.purge(log_id(upto)).await.unwrap();
    }
    stop(stored).await;
}

async fn applied(directory: &TempDir) -> Result<u64, DiskError> {
    let mut stored = start(directory.path())?;
    let state = openraft::storage::RaftStateMachine::applied_state(&mut stored.machine).await;
    stop(stored).await;
    Ok(state.unwrap().0.map_or(0, |last| last.index))
}

#[test]
fn f4_a_damaged_snapshot_is_made_good_by_the_log() {
    let directory = used();
    let [snapshot] = snapshots(&directory).try_into().unwrap();
    block_on(async {
        assert_eq!(applied(&directory).await.unwrap(), 4);
    });
    damage(&snapshot, || {
        block_on(async { assert_eq!(applied(&directory).await.unwrap(), 0, "all from the log") });
    });
}

#[test]
fn f4_a_damaged_snapshot_is_made_good_by_the_one_before_it() {
    let directory = used();
    block_on(go_on(&directory, &[9, 14], Some(7)));
    let [before, newest] = snapshots(&directory).try_into().unwrap();
    assert!(newest > before, "the oldest is gone");
    block_on(async { assert_eq!(applied(&directory).await.unwrap(), 14) });
    damage(&newest, || {
        block_on(async { assert_eq!(applied(&directory).await.unwrap(), 9) });
    });
    // With both of them damaged, it is the newest that is told of.
    fs::write(&before, b"").unwrap();
    damage(&newest, || {
        let error = start(directory.path()).unwrap_err();
        assert_eq!(error.kind(), "disk.damaged");
        let text = error.to_string();
        assert!(text.starts_with(&*newest.to_string_lossy()) && text.contains("restore"), "{text}");
    });
}

#[test]
fn f4_a_snapshot_that_the_log_does_not_reach_makes_nothing_good() {
    let directory = used();
    block_on(go_on(&directory, &[9, 14], Some(12)));
    let [_, newest] = snapshots(&directory).try_into().unwrap();
    damage(&newest, || {
        assert_eq!(start(directory.path()).unwrap_err().kind(), "disk.damaged");
    });
    block_on(async { assert_eq!(applied(&directory).await.unwrap(), 14) });
}

#[test]
fn f4_later_formats_are_refused() {
    let directory = used();
    let path = directory.path().join("agent.json");
    files::write_small(&path, &json!({ "format": 2, "whatever": true })).unwrap();
    assert_eq!(start(directory.path()).unwrap_err().kind(), "disk.format");
}

#[test]
fn f4_a_vote_older_than_the_log_is_refused() {
    let directory = used();
    files::write_small(&directory.path().join("vote.json"), &None::<Vote>).unwrap();
    assert_eq!(start(directory.path()).unwrap_err().kind(), "disk.damaged");
}
