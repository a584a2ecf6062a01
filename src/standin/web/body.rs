//! Reading of request bodies.

use std::io::{Cursor, Read};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::agency::json as codec;
use crate::agency::value::Value;
use crate::vpack;

use super::answer::Format;
use super::error::ApiError;
use super::listener::BodyError;

/// Reads a whole body of up to `limit` bytes, compressed or not, and undoes its content encoding.
///
/// # Errors
/// The body is chunked, too large, too slow, broken off or wrongly encoded.
pub(in crate::standin) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let bytes = receive(headers, body, limit).await?;
    let encoding = headers.get(header::CONTENT_ENCODING).map(|e| e.as_bytes().to_ascii_lowercase());
    let bytes = match encoding.as_deref() {
        Some(b"gzip") => inflate(limit, move || MultiGzDecoder::new(Cursor::new(bytes))).await?,
        Some(b"deflate") if has_zlib_header(&bytes) => {
            inflate(limit, move || ZlibDecoder::new(Cursor::new(bytes))).await?
        }
        Some(b"deflate") => inflate(limit, move || DeflateDecoder::new(Cursor::new(bytes))).await?,
        Some(b"x-arango-lz4") => {
            return Err(ApiError::TransferRefused { what: "content encoding x-arango-lz4" });
        }
        _ => bytes,
    };
    let media_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type.is_some_and(|t| t.starts_with(b"application/x-arango-dump")) {
        return Ok(Bytes::new());
    }
    Ok(bytes)
}

/// Takes a body off its connection, as it came.
///
/// # Errors
/// The body is chunked, too large, too slow or broken off.
pub(in crate::standin) async fn receive(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, ApiError> {
    if is_chunked(headers) {
        discard(body, limit).await;
        return Err(ApiError::TransferRefused { what: "chunked transfer encoding" });
    }
    // Refused unread, so that a client that expects a 100 keeps it.
    if announced_length(headers).is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge);
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::BodyTooLarge),
        Err(error) if BodyError::is_too_slow(&*error) => Err(ApiError::BodyTooSlow),
        Err(_) => Err(ApiError::BodyUnreadable),
    }
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    encodings.any(|v| v.as_bytes().to_ascii_lowercase().ends_with(b"chunked"))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of up to `limit` bytes to its end, so that the connection can go on, and keeps
/// nothing of it.
pub(in crate::standin) async fn discard(mut body: Body, limit: usize) {
    let mut left = limit;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Whether compressed data begins as RFC 1950 has it; some clients send bare
/// RFC 1951 under the same name.
fn has_zlib_header(bytes: &[u8]) -> bool {
    let [method, flags, ..] = bytes else { return false };
    method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
}

/// Decompresses where it holds up nobody: few bytes can become very many.
async fn inflate<R: Read>(
    limit: usize,
    decoder: impl FnOnce() -> R + Send + 'static,
) -> Result<Bytes, ApiError> {
    let inflating = tokio::task::spawn_blocking(move || inflate_up_to(limit, decoder()));
    inflating.await.unwrap_or(Err(ApiError::ShuttingDown))
}

fn inflate_up_to(limit: usize, decoder: impl Read) -> Result<Bytes, ApiError> {
    let mut inflated = Vec::new();
    let mut decoder = decoder.take((limit as u64).saturating_add(1));
    decoder.read_to_end(&mut inflated).map_err(|_| ApiError::BodyUnreadable)?;
    if inflated.len() > limit {
        return Err(ApiError::BodyTooLarge);
    }
    Ok(inflated.into())
}

/// Bodies from this size on are not decoded where heartbeats are handled.
const BIG: usize = 256 << 10;

/// Runs the decoding of a body, on a thread of its own if the body is big.
///
/// # Errors
/// The decoder panicked, or the runtime is going down.
pub(in crate::standin) async fn decoding<T: Send + 'static>(
    bytes: Bytes,
    decode: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if bytes.len() < BIG {
        return Ok(decode(&bytes));
    }
    tokio::task::spawn_blocking(move || decode(&bytes)).await.map_err(|_| ApiError::ShuttingDown)
}

/// Parses a body in the format of its content type. An empty one is no value at all. The inner
/// error is the text of the parser.
///
/// # Errors
/// As [`decoding`].
pub(in crate::standin) async fn parse(
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Result<Option<Value>, String>, ApiError> {
    let format = Format::sent(headers);
    decoding(body, move |bytes| parse_bytes(bytes, format)).await
}

fn parse_bytes(bytes: &[u8], format: Format) -> Result<Option<Value>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let value = match format {
        Format::Json => codec::parse(bytes).map_err(|e| e.to_string()),
        Format::VelocyPack => vpack::decode(bytes).map_err(|e| e.to_string()),
    };
    value.map(Some)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn what_comes_out_of_a_compressed_body_is_limited() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = bomb.finish().unwrap();
        let inflated = |limit| inflate_up_to(limit, MultiGzDecoder::new(&bomb[..]));
        assert_eq!(inflated((1 << 20) - 1), Err(ApiError::BodyTooLarge));
        assert_eq!(inflated(1 << 20).map(|b| b.len()), Ok(1 << 20));
        let cut_off = inflate_up_to(1 << 20, MultiGzDecoder::new(&bomb[..bomb.len() / 2]));
        assert_eq!(cut_off, Err(ApiError::BodyUnreadable));
    }
}
