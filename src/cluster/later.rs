//! Servers that start while others run: again, or for the first time.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ClusterError;
use super::options::name_of;
use super::ports::ports_from;
use super::processes::{Cluster, LOOK};
use super::readiness::Readiness;
use super::role::ServerRole;
use crate::deadline::Deadline;
use crate::http::{HttpClient, HttpOptions, Request};

/// How long a server that is started may take to answer, or to be ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one question may take.
const QUESTION_PATIENCE: Duration = Duration::from_secs(2);

impl Cluster {
    /// Starts a server again, stopping it first if it runs; returns when it answers, and a member
    /// when it is registered again.
    pub(super) fn restart_one(
        &mut self,
        place: usize,
        arguments: &[OsString],
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let before = self.reboot_id(place);
        if self.processes[place].is_there() {
            self.stop_one(place)?;
        }
        let process = &mut self.processes[place];
        process.take_arguments(arguments);
        process.restart()?;
        let begin = Instant::now();
        loop {
            self.check_start(place, interrupted)?;
            let lack = match self.answers(place)? {
                false => "does not answer",
                true if before.is_some() && self.reboot_id(place) <= before => {
                    "is not registered again"
                }
                true => return self.write_topology(),
            };
            if begin.elapsed() > PATIENCE {
                let state = format!("{} {lack}", self.processes[place].server.name);
                return Err(ClusterError::NotReady { seconds: PATIENCE.as_secs(), state });
            }
            std::thread::sleep(LOOK / 2);
        }
    }

    /// Starts one more member; gives its name.
    pub(super) fn add_member(
        &mut self,
        role: ServerRole,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<String, ClusterError> {
        let number = (1..).find(|number| self.place(&name_of(role, *number)).is_err());
        let number = number.unwrap_or_default();
        let agents = self.processes.iter().filter(|one| one.role == ServerRole::Agent);
        let agents: Vec<String> = agents.map(|one| one.server.endpoint.clone()).collect();
        let port = ports_from(self.options.ports, 1)
            .map_err(ClusterError::Port)?
            .pop()
            .unwrap_or_default();
        self.launch((role, number), &self.options.endpoint(port), &agents)?;
        let place = self.processes.len() - 1;
        let outcome = self.wait_member(place, interrupted).and_then(|()| self.write_topology());
        if let Err(error) = outcome {
            if self.processes[place].is_there() {
                self.stop_one(place)?;
            }
            self.processes.truncate(place);
            return Err(error);
        }
        Ok(self.processes[place].server.name.clone())
    }

    fn wait_member(
        &mut self,
        place: usize,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let client = self.client(QUESTION_PATIENCE)?;
        let readiness = Readiness::new(client, self.auth()?, self.tls())?;
        let begin = Instant::now();
        loop {
            self.check_start(place, interrupted)?;
            let process = &mut self.processes[place];
            match readiness.lack(process) {
                None => return Ok(()),
                Some(lack) if begin.elapsed() > PATIENCE => {
                    let state = format!("{} {lack}", process.server.name);
                    return Err(ClusterError::NotReady { seconds: PATIENCE.as_secs(), state });
                }
                Some(_) => std::thread::sleep(LOOK),
            }
        }
    }

    /// `Err` if the server has ended, or the wait was interrupted.
    fn check_start(
        &mut self,
        place: usize,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        if process.ends_by_itself() {
            let (name, log) = (process.server.name.clone(), process.log_tail());
            let end = process.end.clone().unwrap_or_default();
            return Err(ClusterError::EndedAtStart { name, end, log });
        }
        if interrupted() { Err(ClusterError::Interrupted) } else { Ok(()) }
    }

    fn answers(&self, place: usize) -> Result<bool, ClusterError> {
        let tls = self.tls();
        let options = HttpOptions { timeout: QUESTION_PATIENCE, tls, ..HttpOptions::default() };
        let http = HttpClient::new(options).map_err(crate::client::ClientError::from)?;
        let url = format!("{}/_api/version", self.processes[place].server.url);
        let request = Request::new("GET", url).auth(self.auth()?.header()?);
        Ok(http.send(request, &Deadline::default()).is_ok_and(|answer| answer.status == 200))
    }

    /// How often a member has been started, if the agency knows.
    fn reboot_id(&self, place: usize) -> Option<i64> {
        let process = &self.processes[place];
        process.role.membership()?;
        let client = self.client(QUESTION_PATIENCE).ok()?;
        let path = format!("Current/ServersKnown/{}/rebootId", process.server.id);
        client.get(&path).ok().flatten().as_ref().and_then(Value::as_i64)
    }
}
