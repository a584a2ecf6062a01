//! The clusters of a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map as JsonMap, Value};

use super::handles::Cluster;
use super::provider::{Adopted, Crash, Launcher};
use crate::natives::{NativeError, NativeResult};

/// The clusters of a run: the one that it was started for, and those that its scripts launch.
#[derive(Default)]
pub struct Clusters {
    current: Option<Cluster>,
    launcher: Option<Arc<dyn Launcher>>,
    launched: Mutex<Vec<Cluster>>,
}

impl Clusters {
    /// The clusters of a run that can launch more.
    pub fn new(current: Option<Cluster>, launcher: Arc<dyn Launcher>) -> Self {
        Self { current, launcher: Some(launcher), launched: Mutex::default() }
    }

    /// The one that the run was started for.
    ///
    /// # Errors
    /// `cluster.not_ours`.
    pub fn current(&self) -> NativeResult<&Cluster> {
        self.current.as_ref().ok_or_else(|| {
            NativeError::arango(
                "cluster.not_ours",
                11,
                "this run has no cluster of its own: start it with --embedded or --processes, or tell with --topology which one",
            )
        })
    }

    pub(super) fn launch(&self, options: &JsonMap<String, Value>) -> NativeResult<Cluster> {
        let cluster = Cluster::new(self.launcher()?.launch(options)?);
        self.launched().push(cluster.clone());
        Ok(cluster)
    }

    pub(super) fn adopt(&self, source: &Adopted) -> NativeResult<Cluster> {
        Ok(Cluster::new(self.launcher()?.adopt(source)?))
    }

    /// All clusters that end with the run.
    pub fn own(&self) -> Vec<Cluster> {
        self.current.iter().cloned().chain(self.launched().iter().cloned()).collect()
    }

    /// Which instances ended unasked, of all clusters that end with the run.
    pub fn crashes(&self) -> Vec<Crash> {
        self.own().iter().flat_map(|cluster| cluster.provider().crashes()).collect()
    }

    fn launcher(&self) -> NativeResult<&Arc<dyn Launcher>> {
        self.launcher.as_ref().ok_or_else(|| {
            NativeError::arango("cluster.unsupported", 9, "this host launches no clusters")
        })
    }

    fn launched(&self) -> MutexGuard<'_, Vec<Cluster>> {
        self.launched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
