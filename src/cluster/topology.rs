//! The file that tells where the servers of a cluster are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ClusterError;

/// All servers of a cluster.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Topology {
    /// Version of the file's form.
    pub version: u32,
    /// The agents.
    pub agents: Vec<Server>,
    /// The DB-servers.
    #[serde(default)]
    pub dbservers: Vec<Server>,
    /// The coordinators.
    #[serde(default)]
    pub coordinators: Vec<Server>,
    /// The file with the secret that opens the servers.
    pub jwt_secret_file: Option<PathBuf>,
    /// The authority that vouches for the servers; none where they speak no TLS.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The socket on which `cluster up` takes orders.
    #[serde(default)]
    pub control: Option<PathBuf>,
}

/// One server.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Server {
    /// Its id in the cluster, such as `AGNT-…` or `PRMR-…`.
    pub id: String,
    /// Its name in this topology, such as `agent1`.
    pub name: String,
    /// `agent`, `dbserver` or `coordinator`.
    pub role: String,
    /// Its process.
    pub pid: u32,
    /// The start of its URLs.
    pub url: String,
    /// The same as an endpoint.
    pub endpoint: String,
    /// Where its data lies.
    pub data: PathBuf,
    /// Where its log goes.
    pub log: PathBuf,
}

impl Topology {
    /// All servers, the agents first.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.agents.iter().chain(&self.dbservers).chain(&self.coordinators)
    }

    /// Reads a topology file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, ClusterError> {
        let text = std::fs::read(path)
            .map_err(|source| ClusterError::File { path: path.to_owned(), source })?;
        serde_json::from_slice(&text)
            .map_err(|source| ClusterError::Topology { path: path.to_owned(), source })
    }

    /// Writes the file so that nobody sees a part of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ClusterError> {
        let failed = |source| ClusterError::File { path: path.to_owned(), source };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::io::Write::write_all(&mut file, &text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
