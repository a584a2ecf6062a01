//! Agents to ask, and what dumps of them hold.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use agencysh::client::{AgencyClient, ClientAuth};
use agencysh::deadline::Deadline;
use agencysh::dump::{AgentToAsk, DumpError, DumpOptions, Packing, Place, State, Taken, take_of};
use agencysh::http::Endpoint;

use crate::server::{Reply, Seen, Server, json};

pub(crate) fn client(url: &str, auth: ClientAuth) -> AgencyClient {
    let builder = AgencyClient::builder().endpoint(Endpoint::parse(url).unwrap());
    builder.auth(auth).build(Deadline::default()).unwrap()
}

pub(crate) fn agent(name: &str, pid: Option<u32>, url: &str) -> AgentToAsk {
    AgentToAsk { name: name.to_owned(), id: None, pid, url: url.to_owned(), state: State::Alive }
}

pub(crate) fn options(folder: &Path) -> DumpOptions {
    let place = Place::Folder { folder: folder.to_owned(), stem: "agencydump_1".to_owned() };
    DumpOptions { request_limit: Duration::from_secs(20), ..DumpOptions::new(place) }
}

pub(crate) fn take(
    client: &AgencyClient,
    agents: &[AgentToAsk],
    options: &DumpOptions,
) -> Result<Taken, DumpError> {
    take_of(client, agents, Vec::new(), options, &|| Ok(()), &mut |_| {})
}

/// A server that answers as an agent does, with these bodies.
pub(crate) fn fake(config: &str, state: &str, tree: &str) -> Server {
    let (config, state, tree) = (config.to_owned(), state.to_owned(), tree.to_owned());
    Server::start(move |seen| answer(seen, &config, &state, &tree))
}

fn answer(seen: &Seen, config: &str, state: &str, tree: &str) -> Reply {
    match &*seen.target {
        "/_api/agency/config" => json(200, config),
        "/_api/agency/state" => json(200, state),
        "/_api/agency/read" => json(200, &format!("[{tree}]")),
        _ => json(
            200,
            &format!("{{\"spearhead\":[{{}}],\"read_db\":[{tree}],\"transient\":[{{}}]}}"),
        ),
    }
}

/// The files of a dump, whatever it is packed in.
pub(crate) fn files(archive: &Path, packing: Packing) -> BTreeMap<String, String> {
    match packing {
        Packing::Zip => {
            let mut zip = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
            (0..zip.len())
                .map(|place| {
                    let mut file = zip.by_index(place).unwrap();
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    (file.name().unwrap().into_owned(), text)
                })
                .collect()
        }
        Packing::Gzip => {
            let file = std::fs::File::open(archive).unwrap();
            let whole: serde_json::Value =
                serde_json::from_reader(flate2::read::MultiGzDecoder::new(file)).unwrap();
            let members = whole.as_object().unwrap().iter();
            let text = |value: &serde_json::Value| match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            members.map(|(name, value)| (name.clone(), text(value))).collect()
        }
        Packing::Folder => std::fs::read_dir(archive)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let text = std::fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect(),
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
