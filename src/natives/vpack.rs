//! `vpack`: values to VelocyPack, the binary JSON of ArangoDB, and back.

use rhai::plugin::*;
use rhai::{Blob, Dynamic};

use super::{NativeError, NativeResult, Raw, call, from_json, to_json};
use crate::agency::value::Value;
use crate::vpack;

fn encode(value: &Dynamic) -> NativeResult<Blob> {
    Ok(vpack::encode(&Value::from(to_json(value)?)))
}

fn decode(bytes: &[u8]) -> NativeResult<Dynamic> {
    let value = vpack::decode(bytes)
        .map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
    Ok(from_json(value.into()))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Writes a value as VelocyPack.
    ///
    /// `vpack::encode(value: any) -> blob`
    ///
    /// Arguments: `value`, of any type that has a JSON form.
    /// Units: integers stay exact, floats stay floats; `()`, NaN and infinities become null, blobs arrays of numbers.
    /// Errors: `argument.invalid` (number 10) for functions and other values without a JSON form.
    /// Legacy: `V8_TO_VPACK(value)`.
    ///
    /// ```rhai
    /// let bytes = vpack::encode([1, "a", ()]);
    /// assert_eq(vpack::decode(bytes), [1, "a", ()]);
    /// assert_eq(vpack::encode("abc").len, 4);
    /// ```
    #[rhai_fn(name = "encode", return_raw)]
    pub fn encode_native(ctx: NativeCallContext, value: Dynamic) -> Raw<Blob> {
        call(&ctx, "vpack::encode", |_| encode(&value))
    }

    /// Reads a value from VelocyPack.
    ///
    /// `vpack::decode(bytes: blob) -> any`
    ///
    /// Arguments: `bytes`, one value and nothing after it. What has no JSON form is refused: binary data, packed
    /// decimals, tagged values, custom types, external values, smallest and greatest key.
    /// Units: integers stay exact up to 9223372036854775807, greater ones become floats; dates are milliseconds since
    /// 1970; null and floats that are not finite become `()`.
    /// Errors: number 10: `vpack.truncated`, `vpack.trailing`, `vpack.no_json_form`, `vpack.wrong_length`,
    /// `vpack.wrong_count`, `vpack.wrong_index`, `vpack.wrong_name`, `vpack.duplicate_name`, `vpack.not_utf8`;
    /// `vpack.too_deep` beyond 200 levels.
    /// Legacy: `VPACK_TO_V8(buffer)`.
    ///
    /// ```rhai
    /// let found = vpack::decode(vpack::encode(#{ a: 1, b: 1.0 }));
    /// assert_eq(type_of(found.a), "i64");
    /// assert_eq(type_of(found.b), "f64");
    /// ```
    #[rhai_fn(name = "decode", return_raw)]
    pub fn decode_native(ctx: NativeCallContext, bytes: Blob) -> Raw<Dynamic> {
        call(&ctx, "vpack::decode", |_| decode(&bytes))
    }
}
