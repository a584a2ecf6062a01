//! What the environment of a server says of its cluster, in the form of a snapshot that `cluster::adopt` takes.

use std::path::Path;

use serde_json::{Value, json};

use super::role::ServerRole;

/// The environment variable.
pub(super) const VARIABLE: &str = "INSTANCEINFO";

/// A server as the others may know it before it runs.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) role: ServerRole,
    pub(super) endpoint: String,
}

impl Known {
    /// The start of its URLs.
    fn url(&self) -> String {
        url_of(&self.endpoint)
    }
}

/// The start of the URLs of a server with this endpoint.
pub(super) fn url_of(endpoint: &str) -> String {
    endpoint.replacen("tcp://", "http://", 1).replacen("ssl://", "https://", 1)
}

/// The snapshot of these servers. It has neither secrets nor process numbers: servers that are restarted get the same text again.
pub(super) fn text(root: &Path, servers: &[Known], supervision: bool) -> String {
    let is_agent = |server: &&Known| server.role == ServerRole::Agent;
    let agents: Vec<&Known> = servers.iter().filter(is_agent).collect();
    let urls = |of: &[&Known]| -> Vec<String> { of.iter().map(|one| one.url()).collect() };
    let endpoints =
        |of: &[&Known]| -> Vec<String> { of.iter().map(|one| one.endpoint.clone()).collect() };
    let is_front = |server: &&Known| server.role == ServerRole::Coordinator;
    let mut front: Vec<&Known> = servers.iter().filter(is_front).collect();
    if front.is_empty() {
        front.clone_from(&agents);
    }
    let secure = agents.first().is_some_and(|agent| agent.endpoint.starts_with("ssl:"));
    let protocol = if secure { "ssl" } else { "tcp" };
    let instances: Vec<Value> =
        servers.iter().map(|server| instance(root, server, protocol)).collect();
    json!({
        "version": 2,
        "instanceCount": 1,
        "protocol": protocol,
        "rootDir": root,
        "agencyConfig": {
            "agencySize": agents.len(),
            "agencyInstances": agents.len(),
            "agentNames": agents.iter().map(|agent| &*agent.name).collect::<Vec<_>>(),
            "supervision": supervision,
            "agencyEndpoint": agents.first().map(|agent| &*agent.endpoint),
            "urls": urls(&agents),
            "endpoints": endpoints(&agents),
        },
        "urls": urls(&front),
        "endpoints": endpoints(&front),
        "arangods": instances,
    })
    .to_string()
}

fn instance(root: &Path, server: &Known, protocol: &str) -> Value {
    let home = root.join(&server.name);
    let port = server.endpoint.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    json!({
        "name": server.name,
        "instanceRole": server.role.name(),
        "rootDir": home,
        "protocol": protocol,
        "upAndRunning": true,
        "suspended": false,
        "port": port,
        "url": server.url(),
        "endpoint": server.endpoint,
        "dataDir": home.join("data"),
        "logFile": home.join("log"),
    })
}
