//! VelocyPack from anywhere is refused, or read as a value that is written and read back as it is.
#![no_main]

use agencysh::vpack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = vpack::decode(bytes) else { return };
    assert_eq!(vpack::decode(&vpack::encode(&value)), Ok(value));
});
