//! Frames: what one write to a segment consists of.
//!
//! A frame is a header of 24 bytes and a payload without a zero byte in it (lines
//! of JSON). The space behind the last frame of a segment consists of zeros. So a
//! frame that was not written to its end differs from one that was damaged later.

use std::ops::Range;

/// Bytes before the payload: magic, length of the payload, number of the frame, checksum
/// of the payload, checksum of all these; numbers are little-endian.
pub(super) const HEADER: usize = 24;
const MAGIC: [u8; 4] = *b"\xA6frm";

/// Frames begin at multiples of this.
pub(super) const ALIGNMENT: u64 = 8;

/// Devices write sectors of this size, or multiples of it, wholly or not at all.
const SECTOR: usize = 512;

/// Largest payload.
pub(super) const MAX_PAYLOAD: usize = u32::MAX as usize;

/// Puts the header in front of a payload that begins at [`HEADER`].
pub(super) fn seal(frame: &mut [u8], number: u64) {
    let (header, payload) = frame.split_at_mut(HEADER);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    header[..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..16].copy_from_slice(&number.to_le_bytes());
    header[16..20].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    let check = crc32fast::hash(&header[..20]);
    header[20..24].copy_from_slice(&check.to_le_bytes());
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug)]
struct Header {
    length: usize,
    number: u64,
    check: u32,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let bytes = bytes.get(..HEADER)?;
    let word =
        |range: Range<usize>| bytes[range].try_into().map(u32::from_le_bytes).unwrap_or_default();
    if bytes[..4] != MAGIC || word(20..24) != crc32fast::hash(&bytes[..20]) {
        return None;
    }
    let number = bytes[8..16].try_into().map(u64::from_le_bytes).unwrap_or_default();
    Some(Header { length: word(4..8) as usize, number, check: word(16..20) })
}

fn whole(bytes: &[u8], header: Header) -> Option<&[u8]> {
    let payload = bytes.get(HEADER..)?.get(..header.length)?;
    (crc32fast::hash(payload) == header.check).then_some(payload)
}

/// What is found at the place of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A frame.
    Frame {
        /// Its number.
        number: u64,
        /// What it carries.
        payload: &'a [u8],
    },
    /// Nothing: the frame before was the last.
    End,
    /// A frame whose writing was cut short, and nothing after it.
    Torn,
    /// Something that nobody wrote.
    Damaged,
}

/// Looks at the place of a frame; `bytes` go on to the end of the segment.
pub(super) fn read(bytes: &[u8]) -> Found<'_> {
    let header = header(bytes);
    if let Some(header) = header
        && let Some(payload) = whole(bytes, header)
    {
        return Found::Frame { number: header.number, payload };
    }
    if bytes.iter().all(|b| *b == 0) {
        return Found::End;
    }
    // Frames are written one after the other, each when the one before is on disk.
    if any_frame(bytes) { Found::Damaged } else { last(bytes, header) }
}

/// Judges the last frame of a segment, which is not as it should be.
fn last(bytes: &[u8], header: Option<Header>) -> Found<'static> {
    let written = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    let extent = match header {
        Some(header) => HEADER + header.length,
        None if written < HEADER => HEADER,
        None if half_missing(&bytes[..HEADER]) => return Found::Torn,
        None => return Found::Damaged,
    };
    if written > extent {
        return Found::Damaged;
    }
    let Some(frame) = bytes.get(..extent) else {
        // The segment ends within the frame.
        return Found::Torn;
    };
    if written < extent || sector_missing(frame) { Found::Torn } else { Found::Damaged }
}

/// Whether a sector's end lies within the header, and one side of it was not written.
fn half_missing(header: &[u8]) -> bool {
    header[..4] == [0; 4] || header[20..] == [0; 4]
}

/// Whether so many zeros follow one another as only an unwritten sector has.
fn sector_missing(frame: &[u8]) -> bool {
    let mut zeros = 0;
    frame.iter().any(|byte| {
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        zeros >= SECTOR
    })
}

/// Whether a whole frame begins anywhere in there.
fn any_frame(bytes: &[u8]) -> bool {
    let starts = (0..bytes.len().saturating_sub(HEADER)).filter(|at| bytes[*at] == MAGIC[0]);
    starts.into_iter().any(|at| {
        let rest = &bytes[at..];
        header(rest).is_some_and(|header| whole(rest, header).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        frame.extend_from_slice(payload);
        seal(&mut frame, number);
        frame
    }

    fn zeros(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.resize(bytes.len() + 2000, 0);
        bytes
    }

    #[test]
    fn frames_come_back_and_zeros_end_them() {
        let bytes = zeros(frame(7, b"payload"));
        assert_eq!(read(&bytes), Found::Frame { number: 7, payload: b"payload" });
        assert_eq!(read(&bytes[HEADER + 7..]), Found::End);
        assert_eq!(read(&[]), Found::End);
    }

    #[test]
    fn a_frame_cut_short_anywhere_is_torn() {
        let whole = frame(7, &[b'x'; 1200]);
        for end in 1..whole.len() {
            assert_eq!(read(&whole[..end]), Found::Torn, "file ends after {end}");
            assert_eq!(read(&zeros(whole[..end].to_vec())), Found::Torn, "zeros after {end}");
        }
    }

    #[test]
    fn a_frame_without_one_of_its_sectors_is_torn() {
        let whole = zeros(frame(7, &[b'x'; 1800]));
        for sector in 0..3 {
            let mut torn = whole.clone();
            torn[sector * SECTOR..][..SECTOR].fill(0);
            assert_eq!(read(&torn), Found::Torn, "{sector}");
        }
    }

    #[test]
    fn a_header_that_was_half_written_is_torn() {
        let whole = zeros(frame(7, &[b'x'; 1200]));
        for end in (ALIGNMENT as usize..HEADER).step_by(ALIGNMENT as usize) {
            for missing in [0..end, end..end + SECTOR] {
                let mut torn = whole.clone();
                torn[missing.clone()].fill(0);
                assert_eq!(read(&torn), Found::Torn, "{missing:?}");
            }
        }
    }

    #[test]
    fn any_flipped_bit_is_damage() {
        let whole = zeros(frame(7, b"{\"a\":1}"));
        for bit in 0..(HEADER + 7) * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&damaged), Found::Damaged, "bit {bit}");
        }
    }

    #[test]
    fn a_bad_frame_before_a_good_one_is_damage() {
        let mut bytes = frame(7, b"first");
        let length = bytes.len();
        bytes.extend(frame(8, b"second"));
        for at in 0..length {
            let mut damaged = bytes.clone();
            damaged[at..length].fill(0);
            assert_eq!(read(&damaged), Found::Damaged, "from {at}");
        }
    }
}
