//! All servers of a cluster: started, watched, and stopped with it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::certificates::Certificates;
use super::control::{Action, Order, Request, Status};
use super::options::ClusterOptions;
use super::role::ServerRole;
use super::server::{Exit, Process, ServerState};
use super::topology::{Server, Topology};
use super::{ClusterError, ports};
use crate::standin::directory_lock::DirectoryLock;

/// How often the servers are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// How long a server may take to end after SIGTERM.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long whoever ordered the cluster down may take to hear that it is.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);

/// What happens in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A server ended unasked.
    Crashed {
        /// Its name.
        name: String,
        /// Its process.
        pid: u32,
        /// How it ended.
        end: String,
        /// The same, for programs.
        exit: Exit,
        /// The last lines it logged.
        log: String,
    },
    /// A server ended in good order, because somebody else told it to.
    Ended {
        /// Its name.
        name: String,
        /// Its process.
        pid: u32,
        /// How it ended.
        end: String,
    },
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    pub(super) options: ClusterOptions,
    pub(super) certificates: Option<Certificates>,
    pub(super) processes: Vec<Process>,
    pub(super) orders: Receiver<Order>,
    pub(super) control: tempfile::TempDir,
    /// Held for as long as the folder is used.
    pub(super) _folder: DirectoryLock,
}

impl Cluster {
    /// Where the servers are.
    pub fn topology(&self) -> Topology {
        Topology {
            version: 1,
            agents: self.servers(ServerRole::Agent),
            dbservers: self.servers(ServerRole::DbServer),
            coordinators: self.servers(ServerRole::Coordinator),
            jwt_secret_file: self.options.jwt_secret_file.clone(),
            ca_file: self.ca_file(),
            control: Some(self.control.path().join("control")),
        }
    }

    fn servers(&self, role: ServerRole) -> Vec<Server> {
        let processes = self.processes.iter().filter(|process| process.role == role);
        processes.map(|process| process.server.clone()).collect()
    }

    pub(super) fn write_topology(&self) -> Result<(), ClusterError> {
        self.topology().write(&self.options.topology)
    }

    /// Watches the servers and carries out orders until `interrupted`, or until somebody orders
    /// the cluster down; then stops all servers.
    ///
    /// # Errors
    /// The topology file can no longer be written.
    pub fn watch(
        mut self,
        interrupted: &dyn Fn() -> bool,
        report: &mut dyn FnMut(Event),
    ) -> Result<(), ClusterError> {
        let mut waiting = None;
        let mut outcome = Ok(());
        while !interrupted() {
            match self.orders.recv_timeout(LOOK) {
                Ok(order) if order.request.action == Action::Down => {
                    waiting = Some(order);
                    break;
                }
                Ok(order) => outcome = self.answer(&order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
            }
            self.look(report);
            if outcome.is_err() {
                break;
            }
        }
        self.stop_for_good();
        if let Some(order) = waiting {
            self.tell_down(&order);
        }
        outcome
    }

    /// Carries out the orders that have come; whether one was to end the cluster, which is done.
    pub(super) fn take_orders(&mut self) -> bool {
        while let Ok(order) = self.orders.try_recv() {
            if order.request.action == Action::Down {
                self.stop_for_good();
                self.tell_down(&order);
                return true;
            }
            // whoever reads the file finds what it said before
            let _ = self.answer(&order);
        }
        false
    }

    fn answer(&mut self, order: &Order) -> Result<(), ClusterError> {
        let answer = self.obey(&order.request).map_err(|error| error.to_string());
        // whoever asked may be gone
        let _ = order.answer.send(answer);
        self.write_topology()
    }

    fn tell_down(&self, order: &Order) {
        let _ = order.answer.send(Ok(self.status()));
        // this process ends now, and the answer must be out before
        let _ = order.written.recv_timeout(ANSWER_PATIENCE);
    }

    /// Stops all servers at once, without watching them before.
    pub fn end(mut self) {
        self.stop_for_good();
    }

    pub(super) fn stop_for_good(&mut self) {
        self.stop_within(STOP_PATIENCE);
    }

    /// The same, and gives the servers so long before their end is forced.
    pub(super) fn stop_within(&mut self, patience: Duration) {
        let begin = Instant::now();
        for role in [ServerRole::Coordinator, ServerRole::DbServer, ServerRole::Agent] {
            let processes = self.processes.iter_mut().rev().filter(|process| process.role == role);
            // agents need some time, too, when the others took all of it
            let left = patience.saturating_sub(begin.elapsed()).max(STOP_PATIENCE.min(patience));
            stop(processes.collect(), left);
        }
        // it may have been removed by hand
        let _ = std::fs::remove_file(&self.options.topology);
    }

    pub(super) fn look(&mut self, report: &mut dyn FnMut(Event)) {
        for process in &mut self.processes {
            if !process.ends_by_itself() {
                continue;
            }
            let (name, pid) = (process.server.name.clone(), process.server.pid);
            let end = process.end.clone().unwrap_or_default();
            report(if process.state == ServerState::Crashed {
                let exit = process.exit.unwrap_or_default();
                Event::Crashed { name, pid, end, exit, log: process.log_tail() }
            } else {
                Event::Ended { name, pid, end }
            });
        }
    }

    pub(super) fn status(&self) -> Vec<Status> {
        let status = |process: &Process| Status {
            server: process.server.clone(),
            state: process.state,
            end: process.end.clone(),
            exit: process.exit,
            overdue: process.overdue,
        };
        self.processes.iter().map(status).collect()
    }

    fn obey(&mut self, request: &Request) -> Result<Vec<Status>, ClusterError> {
        for process in &mut self.processes {
            process.look_at_suspension();
        }
        // all names are looked up before anything is done
        let places: Result<Vec<usize>, _> =
            request.names.iter().map(|name| self.place(name)).collect();
        for place in places? {
            self.act(place, request.action)?;
        }
        Ok(self.status())
    }

    pub(super) fn place(&self, name: &str) -> Result<usize, ClusterError> {
        let named = |process: &Process| process.server.name == name || process.server.id == name;
        self.processes.iter().position(named).ok_or_else(|| ClusterError::UnknownServer {
            name: name.to_owned(),
            known: self
                .processes
                .iter()
                .map(|process| process.server.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn act(&mut self, place: usize, action: Action) -> Result<(), ClusterError> {
        match action {
            Action::Kill => self.kill(place, Signal::SIGKILL),
            Action::Stop => self.stop_one(place),
            Action::Pause => self.pause(place),
            Action::Resume => self.resume(place),
            Action::Restart => {
                let process = &mut self.processes[place];
                stop(vec![&mut *process], STOP_PATIENCE);
                process.restart()
            }
            Action::Status | Action::Down => Ok(()),
        }
    }

    /// Does something with a server that is called by its name or id.
    pub(super) fn on<T>(
        &mut self,
        server: &str,
        act: impl FnOnce(&mut Self, usize) -> Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        let place = self.place(server)?;
        self.processes[place].look_at_suspension();
        act(self, place)
    }

    pub(super) fn kill(&mut self, place: usize, signal: Signal) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        if !process.is_there() {
            return Err(refused("killed", process));
        }
        process.signal(signal);
        // a suspended one takes notice of most signals only when it goes on
        process.signal(Signal::SIGCONT);
        process.wait_killed();
        Ok(())
    }

    pub(super) fn pause(&mut self, place: usize) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        if process.state != ServerState::Running {
            return Err(refused("paused", process));
        }
        process.signal(Signal::SIGSTOP);
        process.state = ServerState::Paused;
        Ok(())
    }

    pub(super) fn resume(&mut self, place: usize) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        if process.state != ServerState::Paused {
            return Err(refused("resumed", process));
        }
        process.signal(Signal::SIGCONT);
        process.state = ServerState::Running;
        Ok(())
    }

    pub(super) fn stop_one(&mut self, place: usize) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        if !process.is_there() {
            return Err(refused("stopped", process));
        }
        stop(vec![process], STOP_PATIENCE);
        Ok(())
    }

    /// Stops all servers and waits until they are gone: the agents last, because the others take
    /// leave of them.
    pub(super) fn stop(&mut self) {
        self.stop_members();
        stop(self.processes.iter_mut().collect(), STOP_PATIENCE);
    }

    /// Stops DB-servers and coordinators.
    pub(super) fn stop_members(&mut self) {
        let members = self.processes.iter_mut().filter(|process| process.role != ServerRole::Agent);
        stop(members.collect(), STOP_PATIENCE);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        let port = |process: &Process| process.server.url.rsplit(':').next()?.parse().ok();
        let ports: Vec<u16> = self.processes.iter().filter_map(port).collect();
        ports::take_back(&ports);
    }
}

fn refused(action: &'static str, process: &Process) -> ClusterError {
    ClusterError::WrongState {
        name: process.server.name.clone(),
        action,
        state: process.state.to_string(),
    }
}

/// SIGTERM for all, SIGKILL for those that are still there after some time.
fn stop(mut processes: Vec<&mut Process>, patience: Duration) {
    processes.retain(|process| process.is_there());
    for process in &mut processes {
        process.signal(Signal::SIGTERM);
        // a suspended one takes notice only when it goes on
        process.signal(Signal::SIGCONT);
    }
    let begin = Instant::now();
    for process in &mut processes {
        while !process.has_ended() {
            if begin.elapsed() > patience {
                process.overdue = true;
                process.signal(Signal::SIGKILL);
                process.wait_killed();
                break;
            }
            std::thread::sleep(LOOK / 5);
        }
    }
}
