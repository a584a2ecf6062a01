//! A cluster that somebody in this process watches over, and gives orders to.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::control::Status;
use super::options::ClusterOptions;
use super::processes::{Cluster, Event, LOOK};
use super::topology::Topology;
use super::{ClusterError, ServerRole};

/// A cluster whose servers are watched on a thread of its own until it is dropped; they end then.
#[derive(Debug)]
pub struct RunningCluster {
    shared: Arc<Shared>,
    watching: Option<JoinHandle<()>>,
}

struct Shared {
    cluster: Mutex<Cluster>,
    events: Mutex<Vec<Event>>,
    ended: AtomicBool,
    on_event: Box<dyn Fn(&Event) + Send + Sync>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RunningCluster")
    }
}

impl Shared {
    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, cluster: &mut Cluster) {
        cluster.look(&mut |event| {
            (self.on_event)(&event);
            self.events().push(event);
        });
    }

    fn watch(&self) {
        while !self.ended.load(Ordering::SeqCst) {
            let ordered_down = {
                let mut cluster = self.cluster();
                self.look(&mut cluster);
                cluster.take_orders()
            };
            if ordered_down {
                return;
            }
            std::thread::park_timeout(LOOK);
        }
    }
}

impl RunningCluster {
    /// Starts a cluster, as [`Cluster::start`] does, and watches it; `on_event` is told what happens
    /// unasked, soon after it happens.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing runs any more then.
    pub fn start(
        options: ClusterOptions,
        interrupted: &dyn Fn() -> bool,
        on_event: Box<dyn Fn(&Event) + Send + Sync>,
    ) -> Result<Self, ClusterError> {
        let cluster = Mutex::new(Cluster::start(options, interrupted)?);
        let (events, ended) = (Mutex::default(), AtomicBool::default());
        let shared = Arc::new(Shared { cluster, events, ended, on_event });
        let watched = Arc::clone(&shared);
        let watching = std::thread::Builder::new()
            .name("cluster-watch".to_owned())
            .spawn(move || watched.watch())
            .map_err(ClusterError::Thread)?;
        Ok(Self { shared, watching: Some(watching) })
    }

    /// Where the servers are.
    pub fn topology(&self) -> Topology {
        self.shared.cluster().topology()
    }

    /// What all servers do.
    pub fn status(&self) -> Vec<Status> {
        let mut cluster = self.shared.cluster();
        self.shared.look(&mut cluster);
        cluster.status()
    }

    /// What has happened unasked so far.
    pub fn events(&self) -> Vec<Event> {
        self.shared.look(&mut self.shared.cluster());
        self.shared.events().clone()
    }

    /// The words that a server was started with.
    ///
    /// # Errors
    /// There is no such server.
    pub fn arguments(&self, server: &str) -> Result<Vec<OsString>, ClusterError> {
        let cluster = self.shared.cluster();
        let place = cluster.place(server)?;
        Ok(cluster.processes[place].program.1.clone())
    }

    /// Suspends a server.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn suspend(&self, server: &str) -> Result<(), ClusterError> {
        self.shared.cluster().on(server, |cluster, place| cluster.pause(place))
    }

    /// Lets a suspended server go on.
    ///
    /// # Errors
    /// There is no such server, or it is not suspended.
    pub fn resume(&self, server: &str) -> Result<(), ClusterError> {
        self.shared.cluster().on(server, |cluster, place| cluster.resume(place))
    }

    /// Ends a server with a signal and waits until it is gone.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn kill(&self, server: &str, signal: Signal) -> Result<(), ClusterError> {
        self.shared.cluster().on(server, |cluster, place| cluster.kill(place, signal))
    }

    /// Ends a server in good order and waits until it is gone.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn stop(&self, server: &str) -> Result<(), ClusterError> {
        self.shared.cluster().on(server, Cluster::stop_one)
    }

    /// Starts a server again, with these options in place of those of the same names; it is
    /// stopped first if it runs. Returns when it answers.
    ///
    /// # Errors
    /// There is no such server, or it does not come back.
    pub fn restart(
        &self,
        server: &str,
        arguments: &[OsString],
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        self.shared
            .cluster()
            .on(server, |cluster, place| cluster.restart_one(place, arguments, interrupted))
    }

    /// Ends all servers and waits until they are gone; the end of those that take longer is forced.
    pub fn end(&self, patience: Duration) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.cluster().stop_within(patience);
    }

    /// Starts one more DB-server; gives its name.
    ///
    /// # Errors
    /// It does not start, or is not ready in time.
    pub fn add_dbserver(&self, interrupted: &dyn Fn() -> bool) -> Result<String, ClusterError> {
        self.shared.cluster().add_member(ServerRole::DbServer, interrupted)
    }
}

impl Drop for RunningCluster {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(watching) = self.watching.take() {
            watching.thread().unpark();
            // it ends at its next look
            let _ = watching.join();
        }
        self.shared.cluster().stop_for_good();
    }
}
