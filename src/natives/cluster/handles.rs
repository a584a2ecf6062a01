//! What scripts hold: a cluster, and one of its instances.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::provider::{InstanceAction, InstanceFacts, Provider};
use crate::client::AgencyClient;
use crate::deadline::Deadline;
use crate::http::Endpoint;
use crate::natives::{NativeError, NativeResult};

/// The number of the cluster that was made last in this process: dumps of two never share a name.
static LAST_NUMBER: AtomicI64 = AtomicI64::new(0);

/// A cluster that a script has at hand; clones are the same one.
#[derive(Clone)]
pub struct Cluster(Arc<Shared>);

struct Shared {
    number: i64,
    provider: Arc<dyn Provider>,
    agency: Mutex<Option<AgencyClient>>,
}

impl Cluster {
    /// A cluster of these servers, with the next number unless it had one before.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        let next = || LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        let number = provider.number().unwrap_or_else(next);
        Self(Arc::new(Shared { number, provider, agency: Mutex::default() }))
    }

    /// The same servers for somebody with another deadline.
    #[cfg(feature = "standin")]
    pub(crate) fn another(&self) -> Self {
        let (number, provider) = (self.0.number, Arc::clone(&self.0.provider));
        Self(Arc::new(Shared { number, provider, agency: Mutex::default() }))
    }

    /// Its number among the clusters of this process, counted from 1.
    pub fn number(&self) -> i64 {
        self.0.number
    }

    /// The servers behind it.
    pub fn provider(&self) -> &dyn Provider {
        self.0.provider.as_ref()
    }

    /// Whether the other one is the same.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.provider, &other.0.provider)
    }

    /// The client of its agents; each time the same.
    ///
    /// # Errors
    /// They do not start.
    pub fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let mut agency = self.0.agency.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*agency {
            return Ok(client.clone());
        }
        Ok(agency.insert(self.provider().agency(deadline)?).clone())
    }

    /// Its instances, of one role if that is given.
    ///
    /// # Errors
    /// They do not start.
    pub fn instances(
        &self,
        role: Option<&str>,
        deadline: &Deadline,
    ) -> NativeResult<Vec<Instance>> {
        let all = self.provider().instances(deadline)?.into_iter();
        let wanted = all.filter(|facts| role.is_none_or(|role| facts.role == role));
        Ok(wanted.map(|facts| self.instance(facts.name)).collect())
    }

    pub(super) fn instance(&self, name: impl Into<Arc<str>>) -> Instance {
        Instance { cluster: self.clone(), name: name.into() }
    }

    /// The instance of this id, name, short name, URL or endpoint.
    ///
    /// # Errors
    /// `cluster.unknown_server`.
    pub fn find(&self, called: &str, deadline: &Deadline) -> NativeResult<Instance> {
        let all = self.provider().instances(deadline)?;
        let place = Endpoint::parse(called).ok().map(|endpoint| endpoint.url());
        let is_there = |facts: &&InstanceFacts| {
            facts.name == called
                || facts.id.as_deref() == Some(called)
                || place.as_ref().is_some_and(|place| *place == facts.url)
        };
        if let Some(found) = all.iter().find(is_there) {
            return Ok(self.instance(found.name.clone()));
        }
        let short = all.iter().find(|facts| {
            let id = facts.id.as_deref();
            id.and_then(|id| self.short_name(id, deadline)).as_deref() == Some(called)
        });
        short.map(|found| self.instance(found.name.clone())).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|facts| &*facts.name).collect();
            let message = format!("no server is called '{called}'; there are {}", names.join(", "));
            NativeError::arango("cluster.unknown_server", 10, message)
        })
    }

    /// Cuts the network between groups of instances, called as for [`Self::find`]; those in none
    /// make up a group together.
    ///
    /// # Errors
    /// Those of [`Self::find`] and [`Provider::partition`].
    pub fn partition(&self, groups: &[Vec<String>], deadline: &Deadline) -> NativeResult<()> {
        let provider = self.provider();
        if !provider.capabilities().partition {
            return provider.partition(groups, deadline);
        }
        let name = |called: &String| Ok(self.find(called, deadline)?.name().to_owned());
        let named = groups.iter().map(|group| group.iter().map(name).collect());
        provider.partition(&named.collect::<NativeResult<Vec<_>>>()?, deadline)
    }

    /// What people call a member; agents have no such name.
    pub(super) fn short_name(&self, id: &str, deadline: &Deadline) -> Option<String> {
        if id.starts_with("AGNT-") {
            return None;
        }
        let path = format!("Target/MapUniqueToShortID/{id}/ShortName");
        let name = self.agency(deadline).ok()?.get(&path).ok().flatten()?;
        name.as_str().map(str::to_owned)
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Cluster({}, {})", self.number(), self.provider().world())
    }
}

/// One server of a cluster.
#[derive(Clone, Debug)]
pub struct Instance {
    cluster: Cluster,
    name: Arc<str>,
}

impl Instance {
    /// Its name in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cluster it belongs to.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What is known of it now.
    ///
    /// # Errors
    /// `cluster.unknown_server` if it is there no more.
    pub fn facts(&self, deadline: &Deadline) -> NativeResult<InstanceFacts> {
        let all = self.cluster.provider().instances(deadline)?;
        all.into_iter().find(|facts| *facts.name == *self.name).ok_or_else(|| {
            let message = format!("{} is no longer part of the cluster", self.name);
            NativeError::arango("cluster.unknown_server", 10, message)
        })
    }

    /// Does something to it.
    ///
    /// # Errors
    /// It is in another state, or that cannot be done here.
    pub fn act(&self, action: InstanceAction, deadline: &Deadline) -> NativeResult<()> {
        self.cluster.provider().act(&self.name, action, deadline)
    }

    /// Sends it a request that is not redirected, with the cluster's credentials; gives status,
    /// headers and body.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        timeout: std::time::Duration,
        deadline: &Deadline,
    ) -> NativeResult<crate::http::Response> {
        let access = self.cluster.provider().access()?;
        let failed = |error: &dyn std::error::Error, kind: &str| {
            let message = format!("{}: {}", self.name, crate::natives::with_causes(error));
            NativeError::arango(kind, 2001, message).with("instance", self.name.to_string())
        };
        let options = crate::http::HttpOptions {
            timeout,
            tls: access.tls,
            ..crate::http::HttpOptions::default()
        };
        let http = crate::http::HttpClient::new(options).map_err(|e| failed(&e, e.kind()))?;
        let facts = self.facts(deadline)?;
        let url = format!("{}/{}", facts.url, path.trim_start_matches('/'));
        let auth = access.auth.header().map_err(|error| failed(&error, error.kind()))?;
        let mut request = crate::http::Request::new(method, url).auth(auth).max_redirects(0);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        http.send(request, deadline).map_err(|error| failed(&error, error.kind()))
    }
}
