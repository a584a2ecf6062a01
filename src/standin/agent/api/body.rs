//! Reading of request bodies.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::agency::json as codec;
use crate::agency::value::Value;

use super::dispatch::Call;
use super::error::ApiError;

/// Largest body in bytes, compressed or not.
pub(super) const MAX_BODY: usize = 1 << 30;

/// Reads a whole body and undoes its content encoding.
///
/// # Errors
/// The body is chunked, too large, broken off or wrongly encoded.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, ApiError> {
    let refused = refused_transfer(headers);
    if refused == Some(ApiError::BodyTooLarge) {
        return Err(ApiError::BodyTooLarge);
    }
    let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| ApiError::BodyUnreadable)?;
    if let Some(refused) = refused {
        return Err(refused);
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|e| e.as_bytes().to_ascii_lowercase());
    match encoding.as_deref() {
        Some(b"gzip") => inflate(MultiGzDecoder::new(&bytes[..])),
        Some(b"deflate") => inflate(ZlibDecoder::new(&bytes[..])),
        Some(b"x-arango-lz4") => {
            Err(ApiError::TransferRefused { what: "content encoding x-arango-lz4" })
        }
        _ => Ok(bytes.into()),
    }
}

/// Checks that need no body: chunked transfer is refused, and so is a length
/// above the limit.
fn refused_transfer(headers: &HeaderMap) -> Option<ApiError> {
    let chunked = headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .any(|v| v.as_bytes().to_ascii_lowercase().ends_with(b"chunked"));
    if chunked {
        return Some(ApiError::TransferRefused { what: "chunked transfer encoding" });
    }
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    let length = length.parse::<u64>().ok()?;
    (length > MAX_BODY as u64).then_some(ApiError::BodyTooLarge)
}

fn inflate(decoder: impl Read) -> Result<Vec<u8>, ApiError> {
    let mut inflated = Vec::new();
    decoder
        .take(MAX_BODY as u64 + 1)
        .read_to_end(&mut inflated)
        .map_err(|_| ApiError::BodyUnreadable)?;
    if inflated.len() > MAX_BODY {
        return Err(ApiError::BodyTooLarge);
    }
    Ok(inflated)
}

/// Bodies from this size on are not decoded where heartbeats are handled.
const BIG: usize = 256 << 10;

/// Runs the decoding of a body, on a thread of its own if the body is big.
///
/// # Errors
/// The decoder panicked, or the runtime is going down.
pub(super) async fn decoding<T: Send + 'static>(
    bytes: Vec<u8>,
    decode: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if bytes.len() < BIG {
        return Ok(decode(&bytes));
    }
    tokio::task::spawn_blocking(move || decode(&bytes)).await.map_err(|_| ApiError::ShuttingDown)
}

/// Parses the body of a call, which is gone then; an empty one is no value at
/// all. The inner error is the text of the parser.
///
/// # Errors
/// As [`decoding`].
pub(super) async fn parse(call: &mut Call) -> Result<Result<Option<Value>, String>, ApiError> {
    decoding(std::mem::take(&mut call.body), parse_bytes).await
}

fn parse_bytes(bytes: &[u8]) -> Result<Option<Value>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match codec::parse(bytes) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(error.to_string()),
    }
}
