//! Whether members are ready: registered, serving, and in good health.

use std::time::Duration;

use serde_json::Value;

use super::ClusterError;
use super::server::Process;
use crate::client::{AgencyClient, ClientAuth};
use crate::deadline::Deadline;
use crate::http::{HttpClient, HttpError, HttpOptions, Request, TlsOptions};

/// How long a member may take to tell its id.
const QUESTION_PATIENCE: Duration = Duration::from_secs(2);

const REGISTERED: &str = "/arango/Current/ServersRegistered";
const HEALTH: &str = "/arango/Supervision/Health";
const MAINTENANCE: &str = "/arango/Supervision/Maintenance";

/// Asks members for their ids, and the agency for what it knows of them.
pub(super) struct Readiness {
    http: HttpClient,
    auth: ClientAuth,
    agency: AgencyClient,
}

impl Readiness {
    pub(super) fn new(
        agency: AgencyClient,
        auth: ClientAuth,
        tls: TlsOptions,
    ) -> Result<Self, ClusterError> {
        let options = HttpOptions { timeout: QUESTION_PATIENCE, tls, ..HttpOptions::default() };
        let http = HttpClient::new(options).map_err(crate::client::ClientError::from)?;
        Ok(Self { http, auth, agency })
    }

    /// What a member still lacks; nothing if it is ready. Notes its id.
    pub(super) fn lack(&self, process: &mut Process) -> Option<String> {
        if process.server.id.is_empty() {
            process.server.id = match self.id_of(&process.server.url) {
                Ok(Some(id)) => id,
                Ok(None) => return Some("tells no id yet".to_owned()),
                Err(error) => return Some(error.to_string()),
            };
        }
        let id = &process.server.id;
        let (_, list) = process.role.membership()?;
        let current = format!("/arango/Current/{list}/{id}");
        let (registered, health) = (format!("{REGISTERED}/{id}"), format!("{HEALTH}/{id}"));
        match self.agency.read(&[&current, &registered, &health, MAINTENANCE]) {
            Ok(tree) => lack(&tree, [&current, &registered, &health]),
            Err(error) => Some(error.to_string()),
        }
    }

    fn id_of(&self, url: &str) -> Result<Option<String>, HttpError> {
        let request = Request::new("GET", format!("{url}/_admin/server/id"))
            .auth(self.auth.header().ok().flatten());
        let answer = self.http.send(request, &Deadline::default())?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(body.get("id").and_then(Value::as_str).map(str::to_owned))
    }
}

fn lack(tree: &Value, [current, registered, health]: [&str; 3]) -> Option<String> {
    let at = |path: &str| tree.pointer(path);
    if at(registered).is_none() || at(current).is_none() {
        return Some("is not registered".to_owned());
    }
    // Nobody looks at the health of servers then.
    if at(MAINTENANCE).is_some() {
        return None;
    }
    let told = |key: &str| at(health).and_then(|record| record.get(key)).and_then(Value::as_str);
    match (told("SyncStatus"), told("Status")) {
        (Some("SERVING"), Some("GOOD")) => None,
        (None, _) => Some("is not supervised".to_owned()),
        (Some(sync), status) => Some(format!("is {sync} and {}", status.unwrap_or("UNCLEAR"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn s1_a_member_is_ready_when_it_is_registered_and_in_good_health() {
        let mut tree = json!({ "arango": {
            "Current": { "DBServers": { "x": "none" }, "ServersRegistered": { "x": {} } },
            "Supervision": { "Health": { "x": { "Status": "GOOD", "SyncStatus": "SERVING" } } },
        } });
        let paths = [
            "/arango/Current/DBServers/x",
            "/arango/Current/ServersRegistered/x",
            "/arango/Supervision/Health/x",
        ];
        let lacks = |tree: &Value| lack(tree, paths).unwrap_or_default();
        assert_eq!(lacks(&tree), "");
        tree["arango"]["Supervision"]["Health"]["x"]["Status"] = json!("BAD");
        assert_eq!(lacks(&tree), "is SERVING and BAD");
        tree["arango"]["Supervision"]["Health"]["x"] = json!(7);
        assert_eq!(lacks(&tree), "is not supervised");
        tree["arango"]["Supervision"]["Maintenance"] = json!("on");
        assert_eq!(lacks(&tree), "", "nobody will supervise it");
        tree["arango"]["Current"]["DBServers"] = json!({});
        assert_eq!(lacks(&tree), "is not registered");
        assert_eq!(lacks(&json!(null)), "is not registered");
    }
}
