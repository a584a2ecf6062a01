//! A cluster without scripts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::HostError;
use super::adopted::AdoptedServers;
use super::clusters::HostLauncher;
use crate::client::AgencyClient;
use crate::cluster::{LaunchOptions, World};
use crate::deadline::Deadline;
use crate::dump::{DumpOptions, Place, stem_of_cluster};
use crate::natives::cluster::{Adopted, Cluster as Handle, Crash, InstanceAction, InstanceFacts};
use crate::natives::dump_cluster;

/// How long servers have to end in good order.
const PATIENCE: Duration = Duration::from_secs(10);

/// Servers in this process, in processes of their own, or that exist already. Clones are the same cluster, which ends
/// with the last of them and of the hosts that use it.
///
/// Instances are called by id, name (such as `dbserver1`), URL or endpoint. What waits ends when the deadline of the
/// cluster says so; see [`Cluster::deadline`].
///
/// ```
/// use agencysh::{Cluster, Host, Target};
///
/// let cluster = Cluster::embedded(3)?;
/// let agency = cluster.agency()?;
/// agency.set("Plan/Version", 1.into())?;
/// let leader = agency.leader()?;
/// cluster.kill(&leader.id)?;
/// assert_eq!(agency.get("Plan/Version")?, Some(1.into()));
///
/// // scripts see the same cluster
/// let host = Host::builder().target(Target::Shared(cluster.clone())).build()?;
/// assert_eq!(host.eval(r#"agency::current().get("Plan/Version")"#)?.value.as_int(), Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cluster {
    handle: Handle,
    deadline: Deadline,
}

impl Cluster {
    pub(super) fn of(handle: Handle, deadline: Deadline) -> Self {
        Self { handle, deadline }
    }

    /// Starts servers; returns when the agency has a leader, and all servers are registered and well.
    ///
    /// Processes are started from this program unless [`LaunchOptions::program`], or the variable `AGENCYSH_PROGRAM`,
    /// names the program `agencysh`: a program that embeds the library has to say where that is.
    ///
    /// ```no_run
    /// use agencysh::{Cluster, cluster::LaunchOptions};
    /// let cluster = Cluster::launch(LaunchOptions {
    ///     agents: 3,
    ///     dbservers: 2,
    ///     program: Some("/usr/bin/agencysh".into()),
    ///     ..LaunchOptions::default()
    /// })?;
    /// for instance in cluster.instances()? {
    ///     assert_eq!(instance.state.name(), "running");
    /// }
    /// cluster.shutdown()?;
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    ///
    /// # Errors
    /// There can be no such cluster, or it does not start.
    pub fn launch(options: LaunchOptions) -> Result<Self, HostError> {
        options.check().map_err(HostError::Launch)?;
        let handle = Handle::new(HostLauncher::provider(options, None));
        let cluster = Self::of(handle, Deadline::default());
        cluster.agency()?;
        Ok(cluster)
    }

    /// Starts so many agents in this process, and no other servers.
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub fn embedded(agents: usize) -> Result<Self, HostError> {
        let world = World::Embedded;
        Self::launch(LaunchOptions { agents, world, ..LaunchOptions::default() })
    }

    /// Takes the cluster of a topology file, as `agencysh cluster up` writes it; nobody is asked before it is used. It
    /// goes on when it is dropped here.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn adopt(topology: impl AsRef<Path>) -> Result<Self, HostError> {
        let source = Adopted::File(topology.as_ref().to_owned());
        let servers = AdoptedServers::new(&source, None)?;
        let handle = Handle::new(std::sync::Arc::new(servers));
        Ok(Self::of(handle, Deadline::default()))
    }

    /// The same servers, for a host.
    pub(super) fn handle(&self) -> Handle {
        self.handle.another()
    }

    /// What ends the waits of this cluster and of its clients; nothing sets it but its user.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The same cluster for somebody with another deadline.
    #[must_use]
    pub fn with_deadline(&self, deadline: Deadline) -> Self {
        Self::of(self.handle.another(), deadline)
    }

    /// `embedded`, `processes` or `adopted`.
    pub fn world(&self) -> &'static str {
        self.handle.provider().world()
    }

    /// The folder of everything that belongs to it, where there is one.
    pub fn root(&self) -> Option<PathBuf> {
        self.handle.provider().root()
    }

    /// The client of its agents; each time the same.
    ///
    /// # Errors
    /// They do not start.
    pub fn agency(&self) -> Result<AgencyClient, HostError> {
        Ok(self.handle.agency(&self.deadline)?)
    }

    /// What is known of its instances: agents, DB-servers, coordinators, each in start order.
    ///
    /// # Errors
    /// They do not start.
    pub fn instances(&self) -> Result<Vec<InstanceFacts>, HostError> {
        Ok(self.handle.provider().instances(&self.deadline)?)
    }

    /// Suspends an instance, as SIGSTOP does a process: it sends nothing, and requests wait.
    ///
    /// # Errors
    /// There is no such instance, it is in another state, or that cannot be done here.
    pub fn suspend(&self, instance: &str) -> Result<(), HostError> {
        self.act(instance, InstanceAction::Suspend)
    }

    /// Lets a suspended instance go on.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub fn resume(&self, instance: &str) -> Result<(), HostError> {
        self.act(instance, InstanceAction::Resume)
    }

    /// Ends an instance at once, as a crash would.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub fn kill(&self, instance: &str) -> Result<(), HostError> {
        self.act(instance, InstanceAction::Kill(9))
    }

    /// Ends an instance in good order.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub fn stop(&self, instance: &str) -> Result<(), HostError> {
        self.act(instance, InstanceAction::Stop)
    }

    /// Starts an instance again, with its id and at its place; one that runs is stopped first.
    ///
    /// # Errors
    /// As [`Self::suspend`]; it does not start.
    pub fn restart(&self, instance: &str) -> Result<(), HostError> {
        self.act(instance, InstanceAction::Restart(Vec::new()))
    }

    fn act(&self, instance: &str, action: InstanceAction) -> Result<(), HostError> {
        Ok(self.handle.find(instance, &self.deadline)?.act(action, &self.deadline)?)
    }

    /// Cuts the network between groups of instances; those in none make up a group together. It takes the place of an
    /// earlier cut. This program reaches all of them as before.
    ///
    /// ```
    /// # use agencysh::Cluster;
    /// let cluster = Cluster::embedded(3)?;
    /// let agency = cluster.agency()?;
    /// let cut_off = agency.leader()?.id;
    /// cluster.partition(&[[&cut_off]])?;
    /// agency.set("Test/X", 1.into())?;
    /// assert_ne!(agency.leader()?.id, cut_off);
    /// cluster.heal()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `cluster.unsupported` unless the instances are in this process; there is no such instance, or one is named twice.
    pub fn partition<G, S>(&self, groups: &[G]) -> Result<(), HostError>
    where
        G: AsRef<[S]>,
        S: AsRef<str>,
    {
        let names =
            |group: &G| group.as_ref().iter().map(|name| name.as_ref().to_owned()).collect();
        let groups: Vec<Vec<String>> = groups.iter().map(names).collect();
        Ok(self.handle.partition(&groups, &self.deadline)?)
    }

    /// Lets all instances reach each other again.
    ///
    /// # Errors
    /// `cluster.unsupported` as for [`Self::partition`].
    pub fn heal(&self) -> Result<(), HostError> {
        Ok(self.handle.provider().heal(&self.deadline)?)
    }

    /// Starts one more DB-server; gives its name.
    ///
    /// # Errors
    /// It does not start, or that cannot be done here.
    pub fn add_dbserver(&self) -> Result<String, HostError> {
        Ok(self.handle.provider().add_dbserver(&self.deadline)?)
    }

    /// Takes a dump of all agents that answer: a zip archive in `folder`, whose path it gives.
    ///
    /// # Errors
    /// The archive cannot be written; agents that fail are no error.
    pub fn dump(&self, folder: impl Into<PathBuf>) -> Result<PathBuf, HostError> {
        let number = u64::try_from(self.handle.number()).ok();
        let place =
            Place::Folder { folder: folder.into(), stem: stem_of_cluster(number.unwrap_or(1)) };
        let options = DumpOptions { number, ..DumpOptions::new(place) };
        let is_over = || self.deadline.check();
        Ok(dump_cluster(&self.handle, &options, &self.deadline, &is_over)?.archive)
    }

    /// Which instances ended unasked so far.
    pub fn crashes(&self) -> Vec<Crash> {
        self.handle.provider().crashes()
    }

    /// Ends all instances in good order, also when others use the cluster; those that take longer than 10 s are forced.
    /// A second time does nothing.
    ///
    /// # Errors
    /// They belong to somebody else.
    pub fn shutdown(&self) -> Result<(), HostError> {
        self.handle.provider().check_ends()?;
        Ok(self.handle.provider().shutdown(PATIENCE, &self.deadline)?)
    }
}
