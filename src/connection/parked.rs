//! The current connection of a run, and those that were current before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use md5::{Digest, Md5};

use super::error::ConnectionError;
use super::options::{ConnectionOptions, Settings};
use super::single::Connection;
use crate::client::ClientAuth;
use crate::deadline::Deadline;

/// How long a server may take to show that a new connection works.
const VERIFICATION: Duration = Duration::from_secs(30);

/// What is spoken on every connection.
pub(super) const PROTOCOL: &str = "http";

/// The connections of a run: at most one is current, the others are parked under their handles.
#[derive(Debug)]
pub struct Connections {
    /// Makes handles useless to guess passwords with.
    salt: [u8; 16],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Arc<Connection>>,
    parked: HashMap<String, Arc<Connection>>,
    settings: Settings,
}

impl Connections {
    /// None, with settings that all to come share.
    pub fn new(settings: Settings) -> Self {
        let state = Mutex::new(State { settings, ..State::default() });
        Self { salt: rand::random(), state }
    }

    /// What is spoken on every connection: `http`.
    pub fn protocol(&self) -> &'static str {
        PROTOCOL
    }

    /// The connection that is asked now.
    pub fn current(&self) -> Option<Arc<Connection>> {
        self.state().current.clone()
    }

    /// What all connections share.
    pub fn settings(&self) -> Settings {
        self.state().settings
    }

    /// Changes what all connections share.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// Makes `connection` current without a look at whether it works.
    pub fn adopt(&self, connection: Arc<Connection>) {
        let handle = self.handle_of(&connection);
        self.make_current(&mut self.state(), &handle, connection);
    }

    /// Makes a connection current after its server has shown that it works; one that is known
    /// under the same handle is used again.
    ///
    /// # Errors
    /// [`ConnectionError`]; what was current stays so.
    pub fn reconnect(
        &self,
        options: ConnectionOptions,
        deadline: &Deadline,
    ) -> Result<(), ConnectionError> {
        let database = options.database.clone();
        let fresh = Arc::new(Connection::new(options)?);
        let handle = self.handle_of(&fresh);
        let connection = self.find(&self.state(), &handle).unwrap_or(fresh);
        connection.details_in(&database, VERIFICATION, self.settings(), deadline)?;
        connection.set_database(&database);
        self.make_current(&mut self.state(), &handle, connection);
        Ok(())
    }

    /// Makes the connection with this handle current; `false` when there is none.
    pub fn use_handle(&self, handle: &str) -> bool {
        let mut state = self.state();
        let Some(connection) = self.find(&state, handle) else { return false };
        self.make_current(&mut state, handle, connection);
        true
    }

    /// Drops the connection with this handle, be it current or not; `false` when there is none.
    pub fn drop_handle(&self, handle: &str) -> bool {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|current| self.handle_of(current) == handle) {
            state.current = None;
            return true;
        }
        state.parked.remove(handle).is_some()
    }

    /// The name of a connection: the MD5 of server, credentials and protocol, in hex.
    pub fn handle_of(&self, connection: &Connection) -> String {
        let mut hash = Md5::new();
        let mut add = |part: &[u8]| {
            // the length keeps parts apart
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(&self.salt);
        add(connection.endpoint().to_string().as_bytes());
        add(PROTOCOL.as_bytes());
        match connection.auth() {
            ClientAuth::None => add(b"none"),
            ClientAuth::Signed(source) => {
                add(b"secret");
                add(source.identity());
            }
            ClientAuth::Token(token) => {
                add(b"token");
                add(token.as_bytes());
            }
            ClientAuth::Basic { username, password } => {
                add(b"user");
                add(username.as_bytes());
                add(password.as_bytes());
            }
        }
        hex::encode(hash.finalize())
    }

    fn find(&self, state: &State, handle: &str) -> Option<Arc<Connection>> {
        let current = state.current.as_ref().filter(|one| self.handle_of(one) == handle);
        current.or_else(|| state.parked.get(handle)).cloned()
    }

    fn make_current(&self, state: &mut State, handle: &str, connection: Arc<Connection>) {
        state.parked.remove(handle);
        if let Some(old) = state.current.replace(connection)
            && self.handle_of(&old) != handle
        {
            state.parked.insert(self.handle_of(&old), old);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
