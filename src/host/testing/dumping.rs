//! A dump of the agency for each test that failed.

use std::path::Path;
use std::time::Duration;

use super::stage::Stage;
use crate::deadline::{Deadline, Stop};
use crate::dump::{DumpOptions, Place, agents_of, hurried, stem_of_cluster, take_of};
use crate::natives::{NativeError, dump_cluster};

/// How long a look at the servers may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Takes a dump for a test that failed; tells where it is, or why there is none.
pub(super) fn dump(stage: &Stage, folder: &Path, test: &str, timeout: Duration) -> Option<String> {
    // without an agency there is nothing to dump
    let client = stage.host().glance_at_agency(timeout)?;
    let cluster = stage.host().current_cluster();
    let number = cluster.as_ref().and_then(|cluster| u64::try_from(cluster.number()).ok());
    let place =
        Place::Folder { folder: folder.to_owned(), stem: stem_of_cluster(number.unwrap_or(1)) };
    let options = DumpOptions {
        number,
        whole_limit: hurried(timeout).max(LOOK_LIMIT),
        reason: "test_failed".to_owned(),
        test: Some(test.to_owned()),
        ..DumpOptions::new(place)
    };
    let is_over = || match stage.is_cancelled() {
        true => Err(Stop::Interrupted),
        false => Ok(()),
    };
    let taken = match &cluster {
        Some(cluster) => {
            dump_cluster(cluster, &options, &Deadline::after(Some(LOOK_LIMIT)), &is_over)
        }
        None => {
            let agents = agents_of(&client);
            take_of(&client, &agents, Vec::new(), &options, &is_over, &mut |_| {})
                .map_err(NativeError::from)
        }
    };
    Some(match taken {
        Ok(taken) => format!("the agency's dump is {}", taken.archive.display()),
        Err(error) => format!("there is no dump of the agency: {}", error.message()),
    })
}
