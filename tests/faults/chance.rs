//! Seeds: which faults come when, and what the clients do.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// The seed of the first round: given in `AGENCYSH_FAULTS_SEED`, or drawn.
fn first_seed() -> u64 {
    match std::env::var("AGENCYSH_FAULTS_SEED") {
        Ok(text) => text.parse().expect("AGENCYSH_FAULTS_SEED is a number"),
        Err(_) => u64::from(rand::random::<u32>()),
    }
}

/// How often each scenario is run: `AGENCYSH_FAULTS_ROUNDS`, or once.
fn rounds() -> u64 {
    match std::env::var("AGENCYSH_FAULTS_ROUNDS") {
        Ok(text) => text.parse().expect("AGENCYSH_FAULTS_ROUNDS is a number"),
        Err(_) => 1,
    }
}

/// The seeds of all rounds.
pub fn seeds() -> impl Iterator<Item = u64> {
    let first = first_seed();
    (0..rounds()).map(move |round| first.wrapping_add(round))
}

/// Random choices that follow from a seed; whoever makes them has a part of its own, so that
/// threads do not disturb each other's.
pub fn of(seed: u64, part: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part)
}
