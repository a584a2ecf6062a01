//! The agency of `cluster up` against etcd: three processes each, everything on the same disk.
//!
//! `cargo bench --bench etcd [-- SECONDS [ROUNDS [FAILOVERS]]]`, or `scripts/bench/agency_vs_etcd`.
//! Both get the same load from the same program: keep-alive connections that put values of 120
//! bytes under 10 000 keys, or read one back. They take turns; medians and ratios are printed.
//! Then their leaders are killed, in turns. Skipped where etcd is not installed (Debian:
//! `apt-get install etcd-server`).

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod connection;
mod failover;
mod load;
mod polls;
mod servers;

use std::time::Duration;

use failover::failover;
use load::{AGENCY_READ, AGENCY_WRITE, ETCD_READ, ETCD_WRITE, Request, load};
use polls::wake_up;
use servers::{Agency, Etcd, Servers};

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let time = Duration::from_secs(numbers.next().unwrap_or(3) as u64);
    let rounds = numbers.next().unwrap_or(5);
    let failovers = numbers.next().unwrap_or(10);
    let Some(mut etcd) = Etcd::start() else {
        println!("skipped: etcd is not installed (Debian: apt-get install etcd-server)");
        return;
    };
    let mut agency = Agency::start();
    let term = agency.term();
    throughput(&agency, &etcd, time, rounds);

    let mut waits: Vec<f64> =
        wake_up(&agency.leader_address(), 64, 25).iter().map(Duration::as_secs_f64).collect();
    let (median, most) = (median(&mut waits), waits.last().unwrap_or(&0.0));
    println!(
        "\nthe last of 64 polls is answered {:.1} ms after the writer (median), {:.1} ms at most",
        median * 1e3,
        most * 1e3
    );
    println!("elections of the agency under all this load: {}", agency.term() - term);
    let megabytes = |servers: &dyn Servers| {
        let peaks = servers.peak_memory().into_iter();
        peaks.map(|bytes| format!("{} MB", bytes / 1_000_000)).collect::<Vec<_>>().join(", ")
    };
    println!("peak memory: agents {}; etcd {}", megabytes(&agency), megabytes(&etcd));

    let (mut us, mut them) = (Vec::new(), Vec::new());
    for _ in 0..failovers {
        us.push(failover(&mut agency).as_secs_f64());
        them.push(failover(&mut etcd).as_secs_f64());
    }
    if failovers > 0 {
        let (us, them) = (self::median(&mut us), self::median(&mut them));
        println!("\nSIGKILL of the leader to the next write, median of {failovers}:");
        println!("agency {us:.2} s, etcd {them:.2} s, ratio {:.2}", us / them);
    }
}

fn throughput(agency: &Agency, etcd: &Etcd, time: Duration, rounds: usize) {
    let rows: [(&str, usize, Request, Request); 4] = [
        ("writes", 64, AGENCY_WRITE, ETCD_WRITE),
        ("writes", 1, AGENCY_WRITE, ETCD_WRITE),
        ("reads, linearizable in etcd", 64, AGENCY_READ, ETCD_READ),
        ("reads, linearizable in etcd", 1, AGENCY_READ, ETCD_READ),
    ];
    let (our_leader, their_leader) = (agency.leader_address(), etcd.leader_address());
    println!("{:<30}{:>8}{:>12}{:>12}{:>8}", "per second", "clients", "agency", "etcd", "ratio");
    for (name, clients, ours, theirs) in rows {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            us.push(load(&our_leader, ours, clients, time));
            them.push(load(&their_leader, theirs, clients, time));
        }
        let (us, them) = (median(&mut us), median(&mut them));
        println!("{name:<30}{clients:>8}{us:>12.0}{them:>12.0}{:>8.2}", us / them);
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
