//! The server that `arango` talks to: at first the run's own, then whichever the script chose.

use std::sync::{Arc, Mutex, PoisonError};

use crate::connection::{Connection, ConnectionOptions, Connections, Settings};
use crate::deadline::Deadline;
use crate::http::TlsOptions;
use crate::natives::{NativeError, NativeResult};

/// Tells the first server of a run when a script first asks for it.
pub type Connector = Arc<dyn Fn(&Deadline) -> NativeResult<ConnectionOptions> + Send + Sync>;

/// The server that `arango` talks to.
///
/// The host puts one into the context:
/// `NativeContext::builder().extension(Arc::new(ArangoTarget::lazy(connector, …)))`.
pub struct ArangoTarget {
    pub(super) connections: Connections,
    /// How servers are judged that a script connects to.
    pub(super) tls: TlsOptions,
    /// The run's own server, until it is connected or another one is chosen.
    first: Mutex<Option<Connector>>,
}

impl Default for ArangoTarget {
    fn default() -> Self {
        Self::none(Settings::default())
    }
}

impl ArangoTarget {
    /// No server at first; those that a script connects to may have any certificate.
    pub fn none(settings: Settings) -> Self {
        Self::new(None, settings, TlsOptions { insecure: true, ca_file: None })
    }

    /// A server that is asked for when a script first needs it; a failure is reported and tried
    /// again the next time. `tls` holds for all servers of the run.
    pub fn lazy(connector: Connector, settings: Settings, tls: TlsOptions) -> Self {
        Self::new(Some(connector), settings, tls)
    }

    fn new(first: Option<Connector>, settings: Settings, tls: TlsOptions) -> Self {
        Self { connections: Connections::new(settings), tls, first: Mutex::new(first) }
    }

    /// The connection to ask.
    ///
    /// # Errors
    /// `arango.no_connection` (number 2001) when there is none, and what the connector returns.
    pub(in crate::natives) fn current(&self, deadline: &Deadline) -> NativeResult<Arc<Connection>> {
        if let Some(current) = self.connections.current() {
            return Ok(current);
        }
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connector) = &*first else {
            return Err(NativeError::arango(
                "arango.no_connection",
                2001,
                "there is no current server: start the run with --endpoint or --embedded, or use arango::reconnect(endpoint)",
            ));
        };
        let connection = Connection::new(connector(deadline)?.tls(self.tls.clone()));
        let connection =
            Arc::new(connection.map_err(|error| super::error::raised(error, "arango"))?);
        self.connections.adopt(Arc::clone(&connection));
        *first = None;
        Ok(connection)
    }

    /// Whether a server is known, connected or not.
    pub(super) fn has_server(&self) -> bool {
        self.connections.current().is_some()
            || self.first.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Another server was chosen: the run's own is not asked for any more.
    pub(super) fn leave_first(&self) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl std::fmt::Debug for ArangoTarget {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ArangoTarget")
    }
}
