//! One server process and what became of it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
#[cfg(target_os = "linux")]
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::ClusterError;
use super::instance_info::url_of;
use super::remains;
use super::role::ServerRole;
use super::topology::Server;

/// How much of a log is shown of a server that ended, in bytes.
const LOG_TAIL: u64 = 4096;

/// What a server does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// It runs.
    Running,
    /// It is suspended.
    Paused,
    /// It was ended on request.
    Killed,
    /// It ended by itself and in good order: somebody else asked it to.
    Ended,
    /// It ended unasked.
    Crashed,
}

impl std::fmt::Display for ServerState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Killed => "killed",
            Self::Ended => "ended",
            Self::Crashed => "crashed",
        })
    }
}

/// How a server is started.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) name: String,
    pub(super) role: ServerRole,
    pub(super) endpoint: String,
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
    pub(super) words: Vec<OsString>,
    /// The folder of all that belongs to it, in which it runs.
    pub(super) home: PathBuf,
    /// What is in its environment besides what this process has.
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// Where what it leaves behind in trouble is taken.
    pub(super) output: Option<PathBuf>,
}

/// A server that we started.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) server: Server,
    pub(super) role: ServerRole,
    pub(super) state: ServerState,
    /// How it ended.
    pub(super) end: Option<String>,
    /// The same, for programs.
    pub(super) exit: Option<Exit>,
    /// Whether its end had to be forced.
    pub(super) overdue: bool,
    /// The program, and all words after it.
    pub(super) program: (OsString, Vec<OsString>),
    /// What its processes have left behind so far that tells of trouble.
    pub(super) remains: Vec<PathBuf>,
    place: Place,
    child: Child,
}

/// Where a process runs.
#[derive(Debug)]
struct Place {
    home: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    output: Option<PathBuf>,
    log: PathBuf,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    fn of(status: ExitStatus) -> Self {
        Self { code: status.code(), signal: status.signal() }
    }
}

impl Process {
    /// Starts a server; `program` may need words before the options.
    pub(super) fn start(program: &[OsString], launch: Launch) -> Result<Self, ClusterError> {
        let Launch { name, role, endpoint, data, log, words, home, environment, output } = launch;
        for folder in [data.clone(), home.join("tmp"), home.join("apps")] {
            std::fs::create_dir_all(&folder)
                .map_err(|source| ClusterError::File { path: folder, source })?;
        }
        let mut before = program.iter().cloned();
        let program = absolute(before.next().unwrap_or_default());
        let words: Vec<OsString> = before.chain(words).collect();
        let place = Place { home, environment, output, log: log.clone() };
        let child = spawn(&program, &words, &place)?;
        let server = Server {
            id: String::new(),
            name,
            role: role.name().to_owned(),
            pid: child.id(),
            url: url_of(&endpoint),
            endpoint,
            data,
            log,
        };
        let state = ServerState::Running;
        let program = (program, words);
        Ok(Self {
            server,
            role,
            state,
            end: None,
            exit: None,
            overdue: false,
            program,
            remains: Vec::new(),
            place,
            child,
        })
    }

    /// Whether the process is there, suspended or not.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.state, ServerState::Running | ServerState::Paused)
    }

    /// Takes these options in place of those of the same names from now on.
    pub(super) fn take_arguments(&mut self, new: &[OsString]) {
        self.program.1 = super::arguments::replaced(&self.program.1, new);
    }

    /// Starts it again with the same words; it must have ended.
    pub(super) fn restart(&mut self) -> Result<(), ClusterError> {
        self.child = spawn(&self.program.0, &self.program.1, &self.place)?;
        self.server.pid = self.child.id();
        self.state = ServerState::Running;
        (self.end, self.exit, self.overdue) = (None, None, false);
        Ok(())
    }

    /// Sends a signal, unless the process has ended: its number may belong to another one then.
    pub(super) fn signal(&mut self, signal: Signal) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let pid = i32::try_from(self.child.id()).unwrap_or_default();
            // it may end at this very moment, which is what most signals are for
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Notes whether somebody else has suspended the process, or let it go on.
    #[cfg(target_os = "linux")]
    pub(super) fn look_at_suspension(&mut self) {
        let Ok(pid) = i32::try_from(self.child.id()) else { return };
        let news = WaitPidFlag::WSTOPPED | WaitPidFlag::WCONTINUED | WaitPidFlag::WNOHANG;
        while self.is_there() {
            // its end is not asked for: that is for whoever looks whether it has ended
            self.state = match waitid(Id::Pid(Pid::from_raw(pid)), news) {
                Ok(WaitStatus::Stopped(..)) => ServerState::Paused,
                Ok(WaitStatus::Continued(_)) => ServerState::Running,
                _ => return,
            };
        }
    }

    /// Other systems have no way to ask for that and nothing else.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn look_at_suspension(&mut self) {}

    /// Looks whether the process has ended since without an order of ours.
    pub(super) fn ends_by_itself(&mut self) -> bool {
        if !self.is_there() {
            return false;
        }
        match self.child.try_wait() {
            Ok(Some(status)) => {
                self.note_end(status);
                // Only a server that was told to end leaves with this status.
                self.state =
                    if status.success() { ServerState::Ended } else { ServerState::Crashed };
                true
            }
            _ => false,
        }
    }

    /// Waits until the process has ended on request.
    pub(super) fn wait_killed(&mut self) {
        if let Ok(status) = self.child.wait() {
            self.note_end(status);
        }
        self.state = ServerState::Killed;
    }

    fn note_end(&mut self, status: ExitStatus) {
        (self.end, self.exit) = (Some(how(status)), Some(Exit::of(status)));
        if let Some(output) = &self.place.output {
            let Server { name, pid, .. } = &self.server;
            self.remains.extend(remains::collect(&self.place.home, name, *pid, output));
        }
    }

    /// Whether the process has ended on request by now.
    pub(super) fn has_ended(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(Some(status)) => {
                self.note_end(status);
                self.state = ServerState::Killed;
                true
            }
            _ => false,
        }
    }

    /// The last lines of its log.
    pub(super) fn log_tail(&self) -> String {
        log_tail(&self.server.log)
    }
}

/// The last lines of a log; nothing if it cannot be read.
pub fn log_tail(log: &Path) -> String {
    tail(log).unwrap_or_default()
}

/// A program as it is called from another folder; one without a slash is looked for.
fn absolute(program: OsString) -> OsString {
    match program.to_string_lossy().contains('/') {
        true => std::path::absolute(&program).map_or(program, Into::into),
        false => program,
    }
}

fn spawn(program: &OsString, words: &[OsString], place: &Place) -> Result<Child, ClusterError> {
    let log = &place.log;
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|source| ClusterError::File { path: log.to_owned(), source })?;
    let both =
        file.try_clone().map_err(|source| ClusterError::File { path: log.to_owned(), source })?;
    Command::new(program)
        .args(words)
        // what it leaves behind when it crashes belongs to it
        .current_dir(&place.home)
        .envs(place.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(both)
        .stderr(file)
        // Ctrl-C is for whoever watches them, who ends them in good order.
        .process_group(0)
        .spawn()
        .map_err(|source| ClusterError::Start {
            program: program.to_string_lossy().into_owned(),
            source,
        })
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("signal {number} ({signal})"),
            Err(_) => format!("signal {number}"),
        },
        (None, None) => "an unknown end".to_owned(),
    }
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
