//! What VelocyPack from strangers costs: a bounded amount of memory, whatever it says of itself.
//!
//! A test binary of its own, because counting takes the place of the allocator.
// A test that cannot go on ends there and then.
#![allow(clippy::unwrap_used)]

use agencysh::vpack;
use allocation_counter::measure;
use proptest::prelude::*;

/// Bytes of memory that a byte of input may cost: a number is one byte on the wire.
const EACH: u64 = 128;

/// What nesting may cost on top: room for some members is made before they are seen, on each of
/// at most 200 levels.
const ONCE: u64 = 1 << 20;

/// Reads the bytes and gives the most memory that was in use for it.
fn cost(bytes: &[u8]) -> u64 {
    measure(|| drop(vpack::decode(bytes))).bytes_max
}

fn allowed(bytes: &[u8]) -> u64 {
    EACH * bytes.len() as u64 + ONCE
}

/// An array of members of the same size.
fn array(members: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x05];
    bytes.extend((members.len() as u64 + 9).to_le_bytes());
    bytes.extend(members);
    bytes
}

/// A compact array or object that states this number of members.
fn compact(head: u8, count: usize, members: &[u8]) -> Vec<u8> {
    let groups = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let count: Vec<u8> = groups(count).into_iter().rev().collect();
    let rest = 1 + members.len() + count.len();
    // The length counts its own bytes.
    let length = (1..10).map(|own| groups(rest + own)).zip(1..).find(|(l, own)| l.len() == *own);
    [&[head], &*length.unwrap().0, members, &count].concat()
}

#[test]
fn big_arrays_and_objects_cost_a_multiple_of_their_size() {
    const BYTES: usize = 1 << 20;
    let names = (0..BYTES / 8).flat_map(|n| {
        let name = format!("{n:05}");
        [&[0x40 + name.len() as u8], name.as_bytes(), &[0x18]].concat()
    });
    let names: Vec<u8> = names.collect();
    let object = compact(0x14, BYTES / 8, &names);
    for (what, bytes) in [
        ("numbers", array(&vec![0x31; BYTES])),
        ("empty arrays", array(&vec![0x01; BYTES])),
        ("empty objects", array(&vec![0x0a; BYTES])),
        ("empty strings", array(&vec![0x40; BYTES])),
        ("attributes", object),
    ] {
        assert!(vpack::decode(&bytes).is_ok(), "{what}: {:?}", vpack::decode(&bytes).err());
        let cost = cost(&bytes);
        assert!(cost <= allowed(&bytes), "{what}: {cost} for {}", bytes.len());
    }
}

#[test]
fn stated_lengths_and_deep_nesting_cost_next_to_nothing() {
    for head in 0..=255_u8 {
        for filler in [0x00, 0x01, 0x31, 0x7f, 0x80, 0xff] {
            let stated = [vec![head; 4000], [vec![head], vec![filler; 4000]].concat()];
            for bytes in stated {
                let cost = cost(&bytes);
                assert!(cost <= allowed(&bytes), "{head:#x} {filler:#x}: {cost}");
            }
        }
    }
    // Each level says that it has as many members as there are bytes in it.
    let nested = (0..199).fold(vec![0x31; 64], |inner, _| compact(0x13, inner.len(), &inner));
    let cost = cost(&nested);
    assert!(cost > nested.len() as u64 && cost <= allowed(&nested), "{cost}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_cost_a_multiple_of_their_size(bytes in prop::collection::vec(
        prop_oneof![2 => any::<u8>(), 3 => 0..0x42_u8, 1 => Just(0xff)], 0..2048,
    )) {
        let cost = cost(&bytes);
        prop_assert!(cost <= allowed(&bytes), "{} for {}", cost, bytes.len());
    }
}
