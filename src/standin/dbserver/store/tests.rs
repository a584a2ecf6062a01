use std::fs;

use super::*;
use crate::standin::dbserver::log::kept::Change;
use crate::standin::dbserver::log::kept::tests::entry;

fn name(log: u64) -> LogName {
    LogName { database: "shop".into(), log }
}

fn append(log: u64, indices: std::ops::RangeInclusive<u64>) -> Record {
    let changes = indices.map(|index| Change::Append(entry(1, index)));
    Record { log: name(log), changes: Some(changes.collect()) }
}

async fn written(directory: &Path, records: Vec<Record>) {
    let store = LogStore::on_disk(directory).unwrap();
    for record in records {
        store.write(vec![record], false).await.unwrap();
    }
}

fn last(store: &LogStore, log: u64) -> Option<u64> {
    store.kept(&name(log)).map(|kept| kept.last().index)
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    written(path, vec![append(1, 1..=3), append(2, 1..=9), append(1, 4..=4)]).await;
    let gone = Record { log: name(1), changes: None };
    let cut = vec![Change::Truncate(8), Change::Compact(5), Change::Snapshot(false)];
    let cut = Record { log: name(2), changes: Some(cut) };
    assert_eq!(last(&LogStore::on_disk(path).unwrap(), 1), Some(4));
    written(path, vec![gone, cut, append(3, 1..=1)]).await;
    let store = LogStore::on_disk(path).unwrap();
    assert_eq!(store.names(), [name(2), name(3)]);
    let kept = store.kept(&name(2)).unwrap();
    assert_eq!((kept.base().index, kept.last().index), (5, 7));
    assert!(!kept.snapshot_available());
}

#[tokio::test]
async fn a_store_in_memory_is_shared_with_the_next_incarnation() {
    let store = LogStore::in_memory();
    store.clone().write(vec![append(1, 1..=3)], true).await.unwrap();
    assert_eq!(last(&store, 1), Some(3));
}

#[tokio::test]
async fn a_directory_has_one_user() {
    let directory = tempfile::tempdir().unwrap();
    let store = LogStore::on_disk(directory.path()).unwrap();
    let error = LogStore::on_disk(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(store);
    LogStore::on_disk(directory.path()).unwrap();
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_written_over() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), vec![append(1, 1..=2)]).await;
    let path = directory.path().join("replicated-logs.journal");
    let before = fs::read(&path).unwrap().len();
    written(directory.path(), vec![append(1, 3..=3)]).await;
    let whole = fs::read(&path).unwrap();
    for end in before..whole.len() {
        // cut off, and made longer by the system without being written
        for zeros in [0, 1, 40] {
            let mut torn = whole[..end].to_vec();
            torn.resize(end + zeros.min(whole.len() - end), 0);
            fs::write(&path, &torn).unwrap();
            let store = LogStore::on_disk(directory.path()).unwrap();
            assert_eq!(last(&store, 1), Some(2), "{end} {zeros}");
            store.write(vec![append(1, 3..=5)], true).await.unwrap();
            drop(store);
            assert_eq!(last(&LogStore::on_disk(directory.path()).unwrap(), 1), Some(5));
        }
    }
}

#[tokio::test]
async fn damage_is_refused_by_name_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), vec![append(1, 1..=1), append(1, 2..=2)]).await;
    let path = directory.path().join("replicated-logs.journal");
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bad = whole.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bad).unwrap();
        match LogStore::on_disk(directory.path()) {
            Err(error @ StoreError::Damaged { .. }) => {
                let text = error.to_string();
                assert!(text.contains("replicated-logs.journal") && text.contains("restore"));
            }
            // the last record with a byte that became zero looks as if it had not been written
            Ok(store) => {
                assert_eq!(bad[bit / 8], 0, "bit {bit}");
                assert_eq!(last(&store, 1), Some(1), "bit {bit}");
            }
            Err(other) => panic!("bit {bit}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_journal_that_is_mostly_about_what_is_gone_is_rewritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("replicated-logs.journal");
    let store = LogStore::on_disk(directory.path()).unwrap();
    store.write(vec![append(7, 1..=2)], false).await.unwrap();
    let mut longest = 0;
    for round in 0..40 {
        let gone = Record { log: name(1), changes: None };
        store.write(vec![gone, append(1, 1..=3000)], false).await.unwrap();
        longest = longest.max(fs::metadata(&path).unwrap().len());
        assert!(longest < 6 << 20, "round {round}: {longest}");
    }
    assert!(longest > 3 << 20, "{longest}");
    drop(store);
    let store = LogStore::on_disk(directory.path()).unwrap();
    assert_eq!((last(&store, 7), last(&store, 1)), (Some(2), Some(3000)));
}
