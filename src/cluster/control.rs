//! How another program asks `cluster up` for something: one line of JSON each way, over a socket
//! in the file system.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};

use serde::{Deserialize, Serialize};

use super::topology::{Server, Topology};
use super::{ClusterError, Exit, ServerState};

/// The longest request, in bytes.
const MOST: u64 = 1 << 16;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Tell of all servers.
    Status,
    /// End a server at once, without a chance to tidy up.
    Kill,
    /// End a server in good order.
    Stop,
    /// Suspend a server.
    Pause,
    /// Let a suspended server go on.
    Resume,
    /// Start a server again, ending it first if it runs.
    Restart,
    /// End the whole cluster.
    Down,
}

/// A request to `cluster up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What is to be done.
    pub action: Action,
    /// To which servers; all for `status` and `down`.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What `cluster up` knows of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Where it is.
    #[serde(flatten)]
    pub server: Server,
    /// What it does.
    pub state: ServerState,
    /// How it ended, if it did.
    pub end: Option<String>,
    /// The same, for programs.
    #[serde(default)]
    pub exit: Option<Exit>,
    /// Whether its end had to be forced.
    #[serde(default)]
    pub overdue: bool,
    /// What it has left behind that tells of trouble.
    #[serde(default)]
    pub remains: Vec<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Done(Vec<Status>),
    Refused(String),
}

/// A request with the place where its answer goes.
pub(super) struct Order {
    pub(super) request: Request,
    pub(super) answer: Sender<Result<Vec<Status>, String>>,
    /// Closed once the answer is on its way to whoever asked.
    pub(super) written: Receiver<()>,
}

/// Takes orders on `socket` and hands them on, one connection after the other, for as long as
/// somebody takes them.
pub(super) fn listen(listener: UnixListener, orders: Sender<Order>) -> std::io::Result<()> {
    std::thread::Builder::new().name("cluster-control".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let orders = orders.clone();
            // a client that stalls holds up nobody else
            let _ = std::thread::Builder::new()
                .name("cluster-order".to_owned())
                .spawn(move || serve(&stream, &orders));
        }
    })?;
    Ok(())
}

fn serve(stream: &UnixStream, orders: &Sender<Order>) {
    let mut line = String::new();
    if BufReader::new(stream.take(MOST)).read_line(&mut line).is_err() {
        return;
    }
    let (_written, written) = mpsc::channel();
    let reply = match serde_json::from_str(&line) {
        Err(error) => Reply::Refused(format!("not understood: {error}")),
        Ok(request) => {
            let (answer, answered) = mpsc::channel();
            match orders
                .send(Order { request, answer, written })
                .ok()
                .and_then(|()| answered.recv().ok())
            {
                Some(Ok(status)) => Reply::Done(status),
                Some(Err(message)) => Reply::Refused(message),
                None => Reply::Refused("the cluster is going down".to_owned()),
            }
        }
    };
    if let Ok(text) = serde_json::to_string(&reply) {
        // the client may be gone
        let _ = writeln!(&mut { stream }, "{text}");
    }
}

/// Asks the `cluster up` of a topology file for something; gives the state of all servers.
///
/// # Errors
/// The file is no topology, nobody is there, or the request is refused.
pub fn ask(topology: &Path, request: &Request) -> Result<Vec<Status>, ClusterError> {
    let known = match Topology::read(topology) {
        Err(ClusterError::File { path, source }) if source.kind() == ErrorKind::NotFound => {
            return Err(ClusterError::NoTopology { path });
        }
        known => known?,
    };
    let is = |name: &String, server: &Server| server.name == *name || server.id == *name;
    let unknown = |name: &&String| !known.servers().any(|server| is(name, server));
    if let Some(name) = request.names.iter().find(unknown) {
        let names: Vec<&str> = known.servers().map(|server| &*server.name).collect();
        return Err(ClusterError::UnknownServer { name: name.clone(), known: names.join(", ") });
    }
    let nobody = |source| ClusterError::NobodyThere { topology: topology.to_owned(), source };
    let socket = known.control.ok_or_else(|| nobody(std::io::ErrorKind::NotFound.into()))?;
    let stream = UnixStream::connect(socket).map_err(nobody)?;
    let text = serde_json::to_string(request).map_err(|error| nobody(error.into()))?;
    writeln!(&mut { &stream }, "{text}").map_err(nobody)?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).map_err(nobody)?;
    match serde_json::from_str(&line) {
        Ok(Reply::Done(status)) => Ok(status),
        Ok(Reply::Refused(message)) => Err(ClusterError::Refused { message }),
        Err(error) => Err(nobody(error.into())),
    }
}

/// Whether a topology file is that of a cluster that runs.
pub(super) fn is_taken(topology: &Path) -> bool {
    let control = Topology::read(topology).ok().and_then(|known| known.control);
    control.is_some_and(|socket| UnixStream::connect(socket).is_ok())
}
