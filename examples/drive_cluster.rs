//! A cluster under test: agents in this process, one of which is killed.
//!
//! ```sh
//! cargo test --example drive_cluster
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to people")]

use agencysh::Cluster;

/// Kills the leader; gives the id of the one that leads then.
fn replace_leader(cluster: &Cluster) -> Result<String, Box<dyn std::error::Error>> {
    let agency = cluster.agency()?;
    let before = agency.leader()?.id;
    cluster.kill(&before)?;
    // operations wait for the next leader
    agency.set("Test/Survived", before.into())?;
    Ok(agency.leader()?.id)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = Cluster::embedded(3)?;
    println!("{} leads now", replace_leader(&cluster)?);
    cluster.shutdown()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agencysh::{Host, Target};

    use super::*;

    #[test]
    fn what_was_written_outlives_the_leader() -> Result<(), Box<dyn std::error::Error>> {
        let cluster = Cluster::embedded(3)?;
        let agency = cluster.agency()?;
        let first = agency.leader()?.id;
        agency.set("Test/Before", 1.into())?;
        let second = replace_leader(&cluster)?;
        assert_ne!(first, second);
        assert_eq!(agency.get("Test/Before")?, Some(1.into()));
        assert_eq!(agency.get("Test/Survived")?, Some(first.clone().into()));

        // the first one comes back and follows, which a script waits for
        cluster.restart(&first)?;
        let host = Host::builder()
            .target(Target::Shared(cluster.clone()))
            .deadline(Duration::from_secs(60))
            .build()?;
        let followers = "
            let agency = agency::current();
            while !agency.health().healthy { sleep(0.05); }
            agency.agents().len()";
        assert_eq!(host.eval(followers)?.to_json()?, 3);
        assert!(cluster.crashes().is_empty(), "it was killed, it did not crash");
        Ok(())
    }

    #[test]
    fn the_example_runs() {
        main().unwrap();
    }
}
