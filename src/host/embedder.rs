//! What a program has of its host besides runs: interrupts, the agency, the cluster, and tests.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "standin")]
use super::Cluster;
use super::testing::{self, Cancel, Observer, Selection, TestRun, TestRunner, TestSettings};
use super::{Crash, Host, HostError};
use crate::client::AgencyClient;
use crate::deadline::{Deadline, GLANCE};
use crate::natives::agency::AgencyTarget;
use crate::natives::cluster::Clusters;

/// Interrupts the run of a host, from any thread; it keeps nothing of the host alive.
#[derive(Debug, Clone)]
pub struct InterruptHandle {
    deadline: Deadline,
    tests: Arc<Mutex<Vec<Cancel>>>,
}

impl InterruptHandle {
    /// Ends the run, or the tests that run, within 20 ms where it waits and within some steps where it computes; a
    /// script can catch it only after `time::interrupt_sets_deadline(true)`. What is not running now is not concerned:
    /// an interrupt that comes before a run begins is forgotten. A native of your own ends when it looks at the
    /// deadline of its run.
    ///
    /// Operations of the clients of [`Host::agency`] have deadlines of their own, and go on.
    pub fn interrupt(&self) {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Cancel::cancel);
        self.deadline.interrupt();
    }
}

impl Host {
    /// Which servers of the run's own clusters have ended unasked so far.
    pub fn crashes(&self) -> Vec<Crash> {
        self.context.extension::<Clusters>().crashes()
    }

    /// What interrupts this host's runs, also those that begin later.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// let (sender, begun) = mpsc::channel();
    /// let host = agencysh::Host::builder().output(move |_| sender.send(()).unwrap()).build()?;
    /// let handle = host.interrupt_handle();
    /// let interrupter = std::thread::spawn(move || {
    ///     begun.recv().unwrap();
    ///     handle.interrupt();
    /// });
    /// let error = host.eval("print(); loop { try { sleep(60); } catch { } }").unwrap_err();
    /// assert!(error.is_interrupted());
    /// # interrupter.join().unwrap();
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    pub fn interrupt_handle(&self) -> InterruptHandle {
        let (deadline, tests) = (self.context.deadline.clone(), Arc::clone(&self.tests));
        InterruptHandle { deadline, tests }
    }

    /// A client of the host's agency, to be used without a script; each time the same. Its servers are started now,
    /// unless they run, within the time that [`HostBuilder::deadline`](super::HostBuilder::deadline) gives.
    ///
    /// The client has a deadline of its own, [`AgencyClient::deadline`], which nothing but its user sets, and is free to
    /// write whatever the permissions of scripts are.
    ///
    /// # Errors
    /// The host has no agency, or its servers do not start. That no agent listens is no error yet.
    pub fn agency(&self) -> Result<AgencyClient, HostError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let target = self.context.extension::<AgencyTarget>();
        let made = match target.made() {
            Some(made) => made,
            None => {
                let _running = self.lock_run();
                self.begin(None, self.limit);
                target.client(&self.context.deadline)?.ok_or(HostError::NoTarget)?
            }
        };
        let own = made.with_deadline(self.context.deadline.sibling());
        Ok(self.client.get_or_init(|| own).clone())
    }

    /// The cluster that the host was built for. Its servers are started when something is first done with them.
    ///
    /// # Errors
    /// The host has no target, or one that names nothing but endpoints.
    #[cfg(feature = "standin")]
    pub fn cluster(&self) -> Result<Cluster, HostError> {
        let clusters = self.context.extension::<Clusters>();
        Ok(Cluster::of(clusters.current()?.another(), self.context.deadline.sibling()))
    }

    /// Runs the tests of scripts in files, and in the files `*_test.rhai` of folders; tests that fail are results, no
    /// errors. The observer sees what happens meanwhile; `&()` sees nothing.
    ///
    /// Where the host's servers would be started for it, each file has such servers for itself; where they exist, all
    /// files use them one after the other. Output, logs and errors of the tests are in the results, and not in the
    /// sinks of the host. The deadline of the host does not concern tests: [`TestSettings::timeout`] and
    /// [`TestSettings::ends_at`] do.
    ///
    /// ```
    /// use agencysh::Host;
    /// use agencysh::host::testing::{Selection, TestSettings, Verdict};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("sum_test.rhai");
    /// std::fs::write(&file, "fn test_sum() { if 1 + 1 != 2 { throw 2; } }\nfn test_no() { throw \"no\"; }")?;
    ///
    /// let host = Host::builder().build()?;
    /// let run = host.tests(&[file], TestSettings::default(), &Selection::default(), &())?;
    /// assert_eq!((run.count(Verdict::Passed), run.count(Verdict::Failed)), (1, 1));
    /// let failure = &run.files[0].tests[1].failures[0];
    /// assert_eq!(failure.error.location.as_ref().map(|place| place.line), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A path leads nowhere, or there can be no thread.
    ///
    /// # Panics
    /// When the hook of [`HostBuilder::while_waiting`](super::HostBuilder::while_waiting) does, once all tests have been
    /// interrupted. A native that panics fails its test.
    pub fn tests(
        &self,
        paths: &[PathBuf],
        settings: TestSettings,
        selection: &Selection,
        observer: &dyn Observer,
    ) -> Result<TestRun, HostError> {
        let files = testing::find_files(paths)?;
        let world = testing::World::of(self.builder.test_target());
        let runner = TestRunner::new(self.builder.clone(), world, settings);
        let cancel = runner.cancel();
        self.running_tests().push(cancel.clone());
        let (running, ended) = sync_channel::<()>(0);
        let mut hook_panic = None;
        let run = std::thread::scope(|scope| {
            let tests = std::thread::Builder::new().name("agencysh-tests".to_owned());
            let thread = tests.spawn_scoped(scope, move || {
                let _running = running;
                runner.run(&files, selection, observer)
            })?;
            while ended.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
                let glance = AssertUnwindSafe(|| self.context.deadline.glance());
                if hook_panic.is_none() {
                    hook_panic = catch_unwind(glance).err().inspect(|_| cancel.cancel());
                }
            }
            Ok(thread.join())
        });
        self.running_tests().retain(|one| !one.is(&cancel));
        if let Some(panic) = hook_panic {
            resume_unwind(panic);
        }
        run.map_err(HostError::Thread)?.map_or_else(|panic| resume_unwind(panic), Ok)
    }

    fn running_tests(&self) -> MutexGuard<'_, Vec<Cancel>> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
