//! Reading dumps: those of [`take`](super::take()), those that others have packed, and plain recordings.
//!
//! Trees and logs are documents: they are read in place.
//!
//! * `source`: the files in a dump, however it is packed
//! * `shapes`: where tree and log are in a text
//! * `difference`: what differs between two trees
//! * `log`: who wrote what, and when

mod difference;
mod log;
mod shapes;
mod source;

use std::path::{Path, PathBuf};

pub use difference::{Change, differences};
pub use log::{LogLine, Operation, log_lines};
use source::Source;

use super::DumpError;
use super::manifest::{self, AgentRecord, FileRecord, Manifest};
use crate::document::{Document, GoOn};

/// A dump that can be read; the files in it are read when they are asked for.
#[derive(Debug, Clone)]
pub struct Dump {
    path: PathBuf,
    source: Source,
    manifest: Option<Manifest>,
    agents: Vec<AgentRecord>,
}

impl Dump {
    /// Opens a zip archive, a compressed or plain JSON text, or a folder.
    ///
    /// # Errors
    /// [`DumpError::Unreadable`], [`DumpError::NoDump`], [`DumpError::Malformed`].
    pub fn open(path: &Path, go_on: GoOn<'_>) -> Result<Self, DumpError> {
        let source = Source::open(path, go_on)?;
        let mut dump = Self { path: path.to_owned(), source, manifest: None, agents: Vec::new() };
        if let Some(text) = dump.source.text(path, manifest::NAME)? {
            let manifest: Manifest =
                serde_json::from_slice(&text).map_err(|error| DumpError::NoDump {
                    path: path.to_owned(),
                    reason: format!("{}: {error}", manifest::NAME),
                })?;
            dump.agents.clone_from(&manifest.agents);
            dump.manifest = Some(manifest);
        } else {
            dump.agents = dump.guessed(go_on)?;
        }
        Ok(dump)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it tells of itself; nothing when others have made it.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The agents in it.
    pub fn agents(&self) -> &[AgentRecord] {
        &self.agents
    }

    /// The names of the files in it; none for a plain recording.
    pub fn files(&self) -> Vec<String> {
        self.source.names()
    }

    /// The agent that is meant by an id, name, process or URL; without one the leader, or whoever has most.
    ///
    /// # Errors
    /// [`DumpError::UnknownAgent`].
    pub fn agent(&self, wanted: Option<&str>) -> Result<&AgentRecord, DumpError> {
        let found = match wanted {
            Some(wanted) => self.agents.iter().find(|agent| {
                agent.name == wanted
                    || agent.id.as_deref() == Some(wanted)
                    || agent.url == wanted
                    || agent.pid.is_some_and(|pid| pid.to_string() == wanted)
            }),
            None => {
                let has = |agent: &&AgentRecord, what| file(agent, what).is_some();
                let trees = |agent: &&AgentRecord| has(agent, "Plan") || has(agent, "State");
                let leader =
                    self.agents.iter().filter(trees).find(|agent| agent.leader == Some(true));
                leader
                    .or_else(|| self.agents.iter().find(|agent| has(agent, "State")))
                    .or_else(|| self.agents.iter().find(trees))
                    .or(self.agents.first())
            }
        };
        found.ok_or_else(|| DumpError::UnknownAgent {
            agent: wanted.unwrap_or_default().to_owned(),
            known: self.agents.iter().map(|agent| &*agent.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The tree that an agent had.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn tree(&self, agent: Option<&str>, go_on: GoOn<'_>) -> Result<Document, DumpError> {
        if let Some(plain) = self.source.plain() {
            return shapes::tree(plain).ok_or_else(|| self.missing("tree"));
        }
        let agent = self.agent(agent)?;
        for what in ["Plan", "State"] {
            if let Some(name) = file(agent, what)
                && let Some(tree) = shapes::tree(&self.document(name, go_on)?)
            {
                return Ok(tree);
            }
        }
        Err(self.missing(&format!("tree of {}", agent.name)))
    }

    /// The configuration that an agent told.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn config(&self, agent: Option<&str>, go_on: GoOn<'_>) -> Result<Document, DumpError> {
        if let Some(plain) = self.source.plain() {
            let is_one = plain.member("configuration").is_some();
            return if is_one { Ok(plain.clone()) } else { Err(self.missing("configuration")) };
        }
        let agent = self.agent(agent)?;
        match file(agent, "Config") {
            Some(name) => self.document(name, go_on),
            None => Err(self.missing(&format!("configuration of {}", agent.name))),
        }
    }

    /// The log that an agent kept.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn log(&self, agent: Option<&str>, go_on: GoOn<'_>) -> Result<Document, DumpError> {
        if let Some(plain) = self.source.plain() {
            return shapes::log(plain).ok_or_else(|| self.missing("log"));
        }
        let agent = self.agent(agent)?;
        let missing = || self.missing(&format!("log of {}", agent.name));
        let state = self.document(file(agent, "State").ok_or_else(missing)?, go_on)?;
        shapes::log(&state).ok_or_else(missing)
    }

    fn document(&self, name: &str, go_on: GoOn<'_>) -> Result<Document, DumpError> {
        let document = self.source.document(&self.path, name, go_on)?;
        document.ok_or_else(|| self.missing(&format!("file '{name}'")))
    }

    fn missing(&self, part: &str) -> DumpError {
        DumpError::Missing { path: self.path.clone(), part: part.to_owned() }
    }

    /// The agents of a dump without a manifest, by the names of its files.
    fn guessed(&self, go_on: GoOn<'_>) -> Result<Vec<AgentRecord>, DumpError> {
        let mut agents: Vec<AgentRecord> = Vec::new();
        for name in self.source.names() {
            let Some((what, label)) =
                name.strip_suffix(".json").and_then(|name| name.split_once('_'))
            else {
                continue;
            };
            if !matches!(what, "agencyConfig" | "agencyState" | "agencyPlan") {
                continue;
            }
            let record = FileRecord { name: name.clone(), bytes: 0 };
            match agents.iter_mut().find(|agent| agent.name == label) {
                Some(agent) => agent.files.push(record),
                None => agents.push(AgentRecord {
                    name: label.to_owned(),
                    pid: label.parse().ok(),
                    files: vec![record],
                    ..AgentRecord::default()
                }),
            }
        }
        for agent in &mut agents {
            let Some(name) = file(agent, "Config") else { continue };
            // what is no JSON tells nothing
            let Ok(config) = self.document(name, go_on) else { continue };
            let text = |path: &[&str]| {
                let found = config.at(path.iter().copied())?;
                found.to_value().as_str().map(str::to_owned)
            };
            let id = text(&["configuration", "id"]);
            agent.leader = id.as_ref().map(|id| text(&["leaderId"]).as_ref() == Some(id));
            agent.id = id;
        }
        Ok(agents)
    }
}

/// The text of a dump that can be replayed: that of an agent's state, or the tree if there is no more.
///
/// # Errors
/// [`DumpError`].
pub fn state_text(path: &Path, agent: Option<&str>) -> Result<Vec<u8>, DumpError> {
    let go_on = || std::ops::ControlFlow::Continue(());
    let dump = Dump::open(path, &go_on)?;
    if let Some(plain) = dump.source.plain() {
        return Ok(serde_json::to_vec(plain).unwrap_or_default());
    }
    let agent = dump.agent(agent)?;
    for what in ["State", "Plan"] {
        if let Some(name) = file(agent, what)
            && let Some(text) = dump.source.text(path, name)?
        {
            return Ok(text);
        }
    }
    Err(dump.missing(&format!("state of {}", agent.name)))
}

/// Whether a path is packed in some way, so that its text is not simply its content.
pub fn is_packed(path: &Path) -> bool {
    source::is_packed(path)
}

fn file<'a>(agent: &'a AgentRecord, what: &str) -> Option<&'a str> {
    let begins = format!("agency{what}_");
    let mut names = agent.files.iter().map(|file| &*file.name);
    names.find(|name| {
        name.starts_with(&begins) && name.ends_with(".json") && !name.ends_with(".error.json")
    })
}
