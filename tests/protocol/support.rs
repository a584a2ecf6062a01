//! Agencies to test against, and a client that hides nothing.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agencysh::standin::agent::AgentConfig;
use agencysh::standin::{Contents, EmbeddedAgency};
use serde_json::{Value, json};
use ureq::http::{HeaderMap, Request};
use ureq::tls::TlsConfig;

pub(crate) use crate::wait::{PATIENCE, wait_for};

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of the body, in whichever format it came.
    pub fn json(&self) -> Value {
        if self.header("content-type") == Some("application/x-velocypack") {
            let value = agencysh::vpack::decode(&self.body);
            return value.unwrap_or_else(|e| panic!("{e} in {self:?}")).into();
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Checks status and body.
    #[track_caller]
    pub fn is(&self, status: u16, body: Value) {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.json(), body);
    }

    /// Checks that this is an error object.
    #[track_caller]
    pub fn is_error(&self, status: u16, number: u64) {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        let body = self.json();
        assert_eq!(body["error"], json!(true), "{body}");
        assert_eq!(body["code"], json!(status), "{body}");
        assert_eq!(body["errorNum"], json!(number), "{body}");
        assert!(body["errorMessage"].is_string(), "{body}");
    }

    /// Checks that this is a message object with that text.
    #[track_caller]
    pub fn is_message(&self, status: u16, message: &str) {
        self.is(status, json!({ "message": message }));
    }

    /// The numbers of a write's or inquiry's answer.
    #[track_caller]
    pub fn results(&self) -> Vec<u64> {
        let body = self.json();
        let results = body["results"].as_array();
        let results = results.unwrap_or_else(|| panic!("no results in {body}"));
        results.iter().map(|n| n.as_u64().unwrap()).collect()
    }
}

fn client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(90)))
        .allow_non_standard_methods(true)
        // the certificates of agents under test are made by themselves
        .tls_config(TlsConfig::builder().disable_verification(true).build())
        .build()
        .new_agent()
}

/// Sends one request; a failure of the transport is an error.
pub fn try_send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Reply, ureq::Error> {
    static CLIENT: LazyLock<ureq::Agent> = LazyLock::new(client);
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = if body.is_empty() && method != "POST" && method != "PUT" {
        CLIENT.run(request.body(())?)?
    } else {
        CLIENT.run(request.body(body)?)?
    };
    let body = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
    Ok(Reply { status: response.status().as_u16(), headers: response.headers().clone(), body })
}

/// Sends one request.
#[track_caller]
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    match try_send(method, url, headers, body) {
        Ok(reply) => reply,
        Err(e) => panic!("{method} {url}: {e}"),
    }
}

/// A key no other test uses.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A running agency.
pub struct Agency {
    pub agents: EmbeddedAgency,
}

/// The agency of all tests that neither stop agents nor change settings.
pub fn shared() -> &'static Agency {
    static SHARED: LazyLock<Agency> = LazyLock::new(|| Agency::of(3));
    &SHARED
}

impl Agency {
    /// An empty agency of so many agents.
    pub fn of(agents: usize) -> Self {
        Self::configured(agents, |_| {})
    }

    /// An empty agency with settings of its own.
    pub fn configured(agents: usize, configure: impl Fn(&mut AgentConfig)) -> Self {
        let agents = EmbeddedAgency::start_configured(agents, Contents::Empty, configure);
        Self { agents: agents.unwrap() }
    }

    /// An agency of three that keeps everything below a directory, as it was left there.
    pub fn kept_in(directory: &Path, configure: impl Fn(&mut AgentConfig)) -> Self {
        let agents = EmbeddedAgency::start_in(directory, 3, Contents::Empty, configure);
        Self { agents: agents.unwrap() }
    }

    /// URL and id of every agent that runs.
    pub fn members(&self) -> Vec<(String, String)> {
        let urls = self.agents.endpoints();
        urls.into_iter().zip(self.agents.agent_ids()).collect()
    }

    /// URL of the agent with this id.
    pub fn url_of(&self, id: &str) -> String {
        let members = self.members();
        let member = members.into_iter().find(|(_, other)| other == id);
        member.unwrap_or_else(|| panic!("no agent {id}")).0
    }

    /// Id of the leader, waiting for one.
    pub fn leader_id(&self) -> String {
        wait_for("a leader", || self.agents.leader_id())
    }

    /// URL of the leader, waiting for one.
    pub fn leader(&self) -> String {
        self.url_of(&self.leader_id())
    }

    /// URL of an agent that knows another one as its leader.
    pub fn follower(&self) -> String {
        wait_for("a follower", || {
            let leader = self.agents.leader_id()?;
            self.members().into_iter().find_map(|(url, id)| {
                let config = config(&url);
                let follows = id != leader && config["leaderId"] == json!(leader);
                follows.then_some(url)
            })
        })
    }

    /// Sends a request to the leader, again if it is not executed because
    /// leadership moves on.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        wait_for("an answer of the leader", || {
            let reply = send(method, &format!("{}{path}", self.leader()), headers, body);
            let refused = reply.status == 307
                || (reply.status == 503 && reply.json().get("message").is_some());
            (!refused).then_some(reply)
        })
    }

    #[track_caller]
    pub fn post(&self, endpoint: &str, body: &Value) -> Reply {
        let path = format!("/_api/agency/{endpoint}");
        self.send("POST", &path, &[], body.to_string().as_bytes())
    }

    #[track_caller]
    pub fn post_raw(&self, endpoint: &str, body: &str) -> Reply {
        let path = format!("/_api/agency/{endpoint}");
        self.send("POST", &path, &[], body.as_bytes())
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], &[])
    }

    /// Writes and expects success; the indices.
    #[track_caller]
    pub fn written(&self, transactions: Value) -> Vec<u64> {
        let reply = self.post("write", &transactions);
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let results = reply.results();
        assert!(!results.contains(&0), "{results:?}");
        results
    }

    /// Reads one path; the tree.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        let reply = self.post("read", &json!([[path]]));
        assert_eq!(reply.status, 200);
        reply.json()[0].clone()
    }

    /// The leader's commit index.
    pub fn commit_index(&self) -> u64 {
        config(&self.leader())["commitIndex"].as_u64().unwrap()
    }
}

/// The configuration an agent shows.
pub fn config(url: &str) -> Value {
    send("GET", &format!("{url}/_api/agency/config"), &[], &[]).json()
}

/// An agency whose leader has lost the others but does not notice for long:
/// it accepts writes and can commit none.
pub fn stalled() -> &'static Agency {
    static STALLED: LazyLock<Agency> = LazyLock::new(|| {
        let agency = Agency::configured(3, |c| c.max_ping = Duration::from_secs(600));
        let leader = agency.leader_id();
        for (_, id) in agency.members() {
            if id != leader {
                agency.agents.stop_agent(&id).unwrap();
            }
        }
        agency
    });
    &STALLED
}
