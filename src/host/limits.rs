//! How much of the machine a script may take.

use rhai::Engine;

use super::MAX_CALL_LEVELS;

/// Bounds for scripts that are not trusted; `None` means no bound.
///
/// Sizes are checked at each step of a script, which makes scripts with large values slower: by default there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one run.
    pub operations: Option<u64>,
    /// Bytes of one string.
    pub string_size: Option<usize>,
    /// Elements of one array, those of the arrays in it included; bytes of one blob.
    pub array_size: Option<usize>,
    /// Members of one map, those of the maps in it included. Members that are assigned one by one (`map[key] = value`)
    /// count when something is next done with the whole map: bound the operations as well.
    pub map_size: Option<usize>,
    /// How deep functions may call each other; at most [`MAX_CALL_LEVELS`].
    pub call_depth: usize,
    /// Bytes that one run prints and logs.
    pub output: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: None,
            string_size: None,
            array_size: None,
            map_size: None,
            call_depth: MAX_CALL_LEVELS,
            output: None,
        }
    }
}

impl Limits {
    /// Makes `engine` obey, but for the operations and the output.
    pub(super) fn apply(&self, engine: &mut Engine) {
        // for the engine, 0 means no bound
        engine
            .set_max_call_levels(self.call_depth.min(MAX_CALL_LEVELS))
            .set_max_string_size(self.string_size.map_or(0, |most| most.max(1)))
            .set_max_array_size(self.array_size.map_or(0, |most| most.max(1)))
            .set_max_map_size(self.map_size.map_or(0, |most| most.max(1)));
    }
}
