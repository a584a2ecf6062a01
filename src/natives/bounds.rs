//! Rhai's own functions that make values of any size, with a bound: beyond it they would take
//! all memory, and the process with it.

use rhai::{Array, Blob, Dynamic, Engine, INT, ImmutableString, NativeCallContext};

use super::{NativeError, NativeResult, Raw, call};

/// The largest value that one call makes, in bytes.
const LARGEST: usize = 1 << 30;

/// A length that a value with elements of `size` bytes may have; negative ones count as 0.
fn length(wanted: INT, size: usize) -> NativeResult<usize> {
    let most = LARGEST / size;
    let wanted_length = usize::try_from(wanted.max(0)).unwrap_or(usize::MAX);
    if wanted_length > most {
        return Err(NativeError::bad_parameter(format!(
            "the length must be at most {most}, not {wanted}"
        )));
    }
    Ok(wanted_length)
}

/// Replaces `blob` and `pad`.
pub(super) fn register(engine: &mut Engine) {
    let blob = |ctx: &NativeCallContext, wanted: INT, value: INT| -> Raw<Blob> {
        call(ctx, "blob", |_| Ok(vec![low_byte(value); length(wanted, 1)?]))
    };
    engine.register_fn("blob", move |ctx: NativeCallContext, wanted: INT| blob(&ctx, wanted, 0));
    engine.register_fn("blob", move |ctx: NativeCallContext, wanted: INT, value: INT| {
        blob(&ctx, wanted, value)
    });
    engine.register_fn("pad", pad_array);
    engine.register_fn("pad", pad_blob);
    engine.register_fn(
        "pad",
        |ctx: NativeCallContext, text: &mut ImmutableString, wanted: INT, with: char| {
            pad_text(&ctx, text, wanted, with.encode_utf8(&mut [0; 4]))
        },
    );
    engine.register_fn(
        "pad",
        |ctx: NativeCallContext, text: &mut ImmutableString, wanted: INT, with: &str| {
            pad_text(&ctx, text, wanted, with)
        },
    );
}

fn low_byte(value: INT) -> u8 {
    value.to_le_bytes()[0]
}

fn pad_array(ctx: NativeCallContext, array: &mut Array, wanted: INT, item: Dynamic) -> Raw<()> {
    call(&ctx, "pad", |_| {
        let wanted = length(wanted, size_of::<Dynamic>())?;
        if wanted > array.len() {
            array.resize(wanted, item);
        }
        Ok(())
    })
}

fn pad_blob(ctx: NativeCallContext, blob: &mut Blob, wanted: INT, value: INT) -> Raw<()> {
    call(&ctx, "pad", |_| {
        let wanted = length(wanted, 1)?;
        if wanted > blob.len() {
            blob.resize(wanted, low_byte(value));
        }
        Ok(())
    })
}

/// Makes a text at least so many characters long; the last repetition is cut.
fn pad_text(
    ctx: &NativeCallContext,
    text: &mut ImmutableString,
    wanted: INT,
    with: &str,
) -> Raw<()> {
    call(ctx, "pad", |_| {
        // one character takes up to four bytes
        let missing = length(wanted, 4)?.saturating_sub(text.chars().count());
        text.make_mut().extend(with.chars().cycle().take(missing));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::NativeContext;
    use super::*;

    fn run(script: &str) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        let mut engine = Engine::new();
        super::super::register(&mut engine, NativeContext::builder().build());
        engine.eval(script)
    }

    #[test]
    fn what_fits_is_made_as_the_language_says() {
        for script in [
            "blob(3, 0x142) == blob(3, 0x42) && blob(-1).len == 0 && blob(2).len == 2",
            "let s = \"a\"; s.pad(3, 'ü'); s == \"aüü\"",
            "let s = \"a\"; s.pad(6, \"xy\"); s == \"axyxyx\"",
            "let s = \"abc\"; s.pad(2, \"xy\"); s.pad(-1, 'x'); s.pad(9, \"\"); s == \"abc\"",
            "let a = [1]; a.pad(3, ()); a == [1, (), ()]",
            "let b = blob(1); b.pad(3, 7); b == blob(3, 7) || b[2] == 7",
        ] {
            assert!(run(script).unwrap().as_bool().unwrap(), "{script}");
        }
    }

    #[test]
    fn lengths_beyond_all_memory_are_errors() {
        for script in [
            "blob(9223372036854775807)",
            "blob(100000000000, 1)",
            "let a = []; a.pad(4611686018427387904, 1)",
            "let b = blob(); b.pad(4611686018427387904, 1)",
            "let s = \"\"; s.pad(4611686018427387904, 'x')",
            "let s = \"\"; s.pad(4611686018427387904, \"xy\")",
        ] {
            let error = run(script).unwrap_err().to_string();
            assert!(error.contains("the length must be at most"), "{script}: {error}");
        }
    }
}
