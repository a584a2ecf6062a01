//! The secrets of a server.

use std::sync::Arc;

use crate::auth::{Secret, TokenSource};

/// The secrets that open a server. They are shown nowhere.
#[derive(Clone, Debug)]
pub struct Authentication {
    secrets: Arc<[Secret]>,
    own: Arc<TokenSource>,
}

impl Authentication {
    /// Accepts tokens signed with any of these secrets. The first one signs the messages to
    /// other servers; without any nobody gets in.
    pub fn new(secrets: Vec<Secret>) -> Self {
        let active = secrets.first().cloned().unwrap_or_else(Secret::random);
        let own = Arc::new(TokenSource::new(active.clone(), "agent"));
        let secrets = if secrets.is_empty() { vec![active] } else { secrets };
        Self { secrets: secrets.into(), own }
    }

    /// The accepted secrets, the active one first.
    pub(in crate::standin) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What signs the messages to other servers.
    pub(in crate::standin) fn own_tokens(&self) -> Arc<TokenSource> {
        Arc::clone(&self.own)
    }
}
