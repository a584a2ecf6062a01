//! The hook that whoever waits calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::ThreadId;
use std::time::Duration;

use agencysh::deadline::{Deadline, Stop};
use agencysh::host::InterruptHandle;
use agencysh::{Host, Target};

use crate::PATIENCE;

#[test]
fn a_hook_can_end_the_run_that_waits() {
    let handle: Arc<OnceLock<InterruptHandle>> = Arc::default();
    let (calls, threads) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Vec<ThreadId>>>::default());
    let (theirs, count, seen) = (Arc::clone(&handle), Arc::clone(&calls), Arc::clone(&threads));
    let host = Host::builder()
        .while_waiting(move || {
            seen.lock().unwrap().push(std::thread::current().id());
            if count.fetch_add(1, Ordering::SeqCst) == 3 {
                theirs.get().unwrap().interrupt();
            }
        })
        .build()
        .unwrap();
    handle.set(host.interrupt_handle()).unwrap();
    for code in ["sleep(600)", "loop { }"] {
        calls.store(0, Ordering::SeqCst);
        threads.lock().unwrap().clear();
        assert!(host.eval(code).unwrap_err().is_interrupted(), "{code}");
        let own = std::thread::current().id();
        assert!(threads.lock().unwrap().contains(&own), "{code}: called where the run was started");
    }
}

#[test]
fn a_hook_can_end_a_client_that_waits() {
    let deadline: Arc<OnceLock<Deadline>> = Arc::default();
    let theirs = Arc::clone(&deadline);
    let host = Host::builder()
        .target(Target::embedded(1))
        .while_waiting(move || theirs.get().into_iter().for_each(Deadline::interrupt))
        .build()
        .unwrap();
    let agency = host.agency().unwrap();
    let index = agency.poll(0, Duration::ZERO).unwrap().commit_index;
    deadline.set(agency.deadline().clone()).unwrap();
    let error = agency.poll(index + 1000, PATIENCE * 10).unwrap_err();
    assert_eq!(agency.deadline().check(), Err(Stop::Interrupted), "{error}");
}

#[test]
fn a_hook_is_called_while_tests_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a_test.rhai"), "fn test_pause() { sleep(0.3) }").unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let host = Host::builder()
        .while_waiting(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    let paths = [folder.path().to_owned()];
    let run = host.tests(&paths, Default::default(), &Default::default(), &()).unwrap();
    assert!(run.succeeded());
    assert!(calls.load(Ordering::SeqCst) >= 3, "{calls:?}");
}
