//! A DB-server or coordinator, from the command line.

use super::endpoint::ListenEndpoint;
use super::options::ArangodOptions;
use super::{Ready, Refusal};
use crate::standin::process::MemberProcess;
use crate::standin::{MemberConfig, MemberRole};

/// Checks the options that only members have.
pub(super) fn check(options: &ArangodOptions) -> Result<(), Refusal> {
    if options.cluster_agency_endpoint.is_empty() {
        return Err(Refusal::NoAgency);
    }
    let agents = options.cluster_agency_endpoint.iter();
    let addresses = agents
        .map(|given| ("--cluster.agency-endpoint", given))
        .chain(options.cluster_my_address.iter().map(|given| ("--cluster.my-address", given)))
        .chain(advertised(options).map(|given| ("--cluster.my-advertised-endpoint", given)));
    for (option, given) in addresses {
        if ListenEndpoint::parse(given).is_none() {
            return Err(Refusal::Address { option, given: given.clone() });
        }
    }
    Ok(())
}

/// An empty one is none.
fn advertised(options: &ArangodOptions) -> Option<&String> {
    options.cluster_my_advertised_endpoint.as_ref().filter(|given| !given.is_empty())
}

/// The member that the options describe.
pub(super) fn process(options: &ArangodOptions, role: MemberRole, ready: Ready) -> MemberProcess {
    let agency = options.cluster_agency_endpoint.clone();
    let mut config = MemberConfig::new(role, ready.endpoint, agency);
    config.advertised_endpoint = advertised(options).cloned().unwrap_or_default();
    config.directory = options.database_directory.clone();
    config.authentication = ready.authentication;
    config.certificate = ready.certificate;
    config.log = ready.log;
    MemberProcess { listener: ready.listener, config }
}
