//! The names of arangosh: which native takes the place of each, and why some have none.

use super::reference::NativeDoc;

/// What became of a name that no native replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Something else than a native does it: this.
    Otherwise(&'static str),
    /// It is not provided, for this reason.
    NotProvided(&'static str),
}

/// Of several natives that replace a name, the one that stands for it.
const MAIN: &[(&str, &str)] = &[
    ("SYS_DOWNLOAD", "http::request"),
    ("internal.download", "http::request"),
    ("SYS_LOG", "log::at"),
    ("ArangoError", "errors::make"),
];

const CONNECTION: &str = "the natives of `arango`, which talk to the current server";
const MODULE_LOADER: &str =
    "it belongs to the loader of JavaScript modules; `import` finds Rhai modules";
const UNIT_TESTS: &str = "it belongs to the test runner for JavaScript";
const TEXT_RULES: &str =
    "it sorts and splits words as the server does for AQL, which scripts of the agency do not need";
const APP_STORE: &str = "it is the cache of the Foxx app store";
const BUFFERS: &str = "it belongs to JavaScript's buffers; blobs take their place";
const IMPORTS: &str = "importing data is the task of a tool of its own, arangoimport";
const PAGER: &str = "the shell's `:page` shows a value page by page";
const TELEMETRY: &str = "telemetry is never sent";
const MAINTAINERS: &str = "it exists only in builds for ArangoDB's maintainers";
const SERVER_ONLY: &str = "it exists only in the server; in arangosh it was undefined";

/// The names without a native, sorted.
const OTHERS: &[(&str, Fate)] = &[
    ("ARANGOSH_PATH", Fate::NotProvided(MODULE_LOADER)),
    ("ARANGO_QUIET", Fate::NotProvided("nothing is printed at the start that could be left out")),
    ("ArangoConnection", Fate::Otherwise(CONNECTION)),
    ("BYTELENGTH", Fate::NotProvided(BUFFERS)),
    ("COMPARE_STRING", Fate::NotProvided(TEXT_RULES)),
    ("EXPORTS_SLOW_BUFFER", Fate::NotProvided(BUFFERS)),
    ("FISHBOWL_GET", Fate::NotProvided(APP_STORE)),
    ("FISHBOWL_SET", Fate::NotProvided(APP_STORE)),
    ("IS_ALLOWED_DATABASE_NAME", Fate::NotProvided("the server decides about names of databases")),
    ("IS_CHECK_SCRIPT", Fate::NotProvided(MODULE_LOADER)),
    ("IS_EXECUTE_SCRIPT", Fate::NotProvided(MODULE_LOADER)),
    ("IS_EXECUTE_STRING", Fate::NotProvided(MODULE_LOADER)),
    ("IS_UNIT_TESTS", Fate::NotProvided(MODULE_LOADER)),
    ("MODULES_PATH", Fate::NotProvided(MODULE_LOADER)),
    ("NORMALIZE_STRING", Fate::NotProvided(TEXT_RULES)),
    ("PATH_SEPARATOR", Fate::Otherwise("the constant `fs::SEPARATOR`")),
    ("STARTUP_PATH", Fate::NotProvided(MODULE_LOADER)),
    ("SYS_ARANGO", Fate::Otherwise(CONNECTION)),
    (
        "SYS_DEBUG_CAN_USE_FAILAT",
        Fate::NotProvided("it told of the shell itself and nothing of a server"),
    ),
    (
        "SYS_ERROR_NUMBER_TO_HTTP_CODE",
        Fate::NotProvided("errors carry the status of the answer behind them as `code`"),
    ),
    ("SYS_EXECUTE", Fate::NotProvided("it runs text in a context of V8; `eval` runs Rhai")),
    ("SYS_EXIT_REPL", Fate::Otherwise("`exit` of the shell; in code `exit(code)`")),
    (
        "SYS_IS_ENTERPRISE",
        Fate::NotProvided("it told of the shell; a server tells its `license` at /_api/version"),
    ),
    ("SYS_IS_STOPPING", Fate::NotProvided("a run that has to end is ended, also inside `try`")),
    ("SYS_IS_V8_BUILD", Fate::NotProvided("there is no V8")),
    ("SYS_LOAD", Fate::Otherwise("`import \"file\" as name;`; in the shell `:load FILE`")),
    ("SYS_PARSE", Fate::Otherwise("`agencysh check FILE`")),
    ("SYS_PARSE_FILE", Fate::Otherwise("`agencysh check FILE`")),
    ("SYS_READ64", Fate::Otherwise("`crypto::base64_encode(fs::read_blob(path))`")),
    ("SYS_READ_DECRYPT", Fate::NotProvided("only the Enterprise Edition has its format of keys")),
    ("SYS_SPLIT_WORDS_ICU", Fate::NotProvided(TEXT_RULES)),
    ("SYS_SPRINTF", Fate::Otherwise("texts in back-quotes: `\u{60}${a} of ${b}\u{60}`")),
    ("SYS_START_PAGER", Fate::NotProvided(PAGER)),
    ("SYS_STOP_PAGER", Fate::NotProvided(PAGER)),
    ("SYS_UNIT_FILTER_TEST", Fate::NotProvided(UNIT_TESTS)),
    ("SYS_UNIT_TESTS", Fate::NotProvided(UNIT_TESTS)),
    ("SYS_UNIT_TESTS_RESULT", Fate::NotProvided(UNIT_TESTS)),
    ("arango.fuzzRequests", Fate::NotProvided(MAINTAINERS)),
    ("arango.getTelemetricsInfo", Fate::NotProvided(TELEMETRY)),
    ("arango.importCsv", Fate::NotProvided(IMPORTS)),
    ("arango.importJson", Fate::NotProvided(IMPORTS)),
    ("arango.reconnectWithNewPassword", Fate::NotProvided(MAINTAINERS)),
    ("internal.appPath", Fate::NotProvided(SERVER_ONLY)),
    ("internal.authenticationEnabled", Fate::NotProvided(SERVER_ONLY)),
    ("internal.configureEndpoint", Fate::NotProvided(SERVER_ONLY)),
    ("internal.endpoints", Fate::NotProvided(SERVER_ONLY)),
    ("internal.importCsvFile", Fate::NotProvided(SERVER_ONLY)),
    ("internal.importJsonFile", Fate::NotProvided(SERVER_ONLY)),
    ("internal.removeEndpoint", Fate::NotProvided(SERVER_ONLY)),
    ("internal.threadNumber", Fate::NotProvided(SERVER_ONLY)),
    ("internal.trustedProxies", Fate::NotProvided(SERVER_ONLY)),
];

/// The names that no native replaces, sorted.
pub fn others() -> &'static [(&'static str, Fate)] {
    OTHERS
}

/// What became of a name that no native replaces.
pub fn fate(name: &str) -> Option<Fate> {
    let name = name.trim();
    OTHERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, fate)| *fate)
}

/// The natives that stand for a name of arangosh: the main one if there is one, else those that
/// replace it as it is, else those that mention it.
pub fn owners<'a>(docs: &'a [NativeDoc], name: &str) -> Vec<&'a NativeDoc> {
    let name = name.trim();
    let mentions = docs.iter().filter(|doc| mentioned(&doc.legacy, name));
    let main = MAIN.iter().find(|(legacy, _)| legacy.eq_ignore_ascii_case(name));
    if let Some((_, main)) = main
        && let Some(doc) = mentions.clone().find(|doc| doc.full_name() == *main)
    {
        return vec![doc];
    }
    let whole: Vec<&NativeDoc> =
        mentions.clone().filter(|doc| replaced(&doc.legacy, name)).collect();
    if whole.is_empty() { mentions.collect() } else { whole }
}

/// The names of arangosh that a native says to replace, each as it was written.
pub fn names_of(doc: &NativeDoc) -> Vec<&str> {
    let quoted = doc.legacy.split('`').skip(1).step_by(2);
    quoted.map(|code| code.split('(').next().unwrap_or(code)).collect()
}

fn mentioned(legacy: &str, name: &str) -> bool {
    let words = legacy.split(|c: char| !(c.is_alphanumeric() || "_.".contains(c)));
    words.map(|word| word.trim_end_matches('.')).any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether a native replaces a name without restriction: no words after it say in which case.
fn replaced(legacy: &str, name: &str) -> bool {
    let parts: Vec<&str> = legacy.split('`').collect();
    parts.windows(2).skip(1).step_by(2).any(|pair| {
        let word = pair[0].split('(').next().unwrap_or_default();
        word.eq_ignore_ascii_case(name) && !pair[1].starts_with(" ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(name: &str, legacy: &str) -> NativeDoc {
        NativeDoc {
            namespace: "x".into(),
            name: name.into(),
            legacy: legacy.into(),
            ..NativeDoc::default()
        }
    }

    fn found(docs: &[NativeDoc], name: &str) -> Vec<String> {
        owners(docs, name).into_iter().map(|doc| doc.name.clone()).collect()
    }

    #[test]
    fn the_native_that_replaces_a_name_as_it_is_owns_it() {
        let docs = [
            native("a", "`SYS_X` with a file."),
            native("b", "`SYS_X`, `fs.x(path)`."),
            native("c", "none; scripts used `fs.x` in a loop."),
            native("d", "a loop around SYS_Y."),
        ];
        assert_eq!(found(&docs, "SYS_X"), ["b"]);
        assert_eq!(found(&docs, "sys_x"), ["b"]);
        assert_eq!(found(&docs, "fs.x"), ["b"]);
        assert_eq!(found(&docs, "SYS_Y"), ["d"]);
        assert!(found(&docs, "SYS").is_empty());
        assert_eq!(names_of(&docs[1]), ["SYS_X", "fs.x"]);
    }

    #[test]
    fn the_table_is_sorted_and_names_nothing_twice() {
        let names: Vec<&str> = others().iter().map(|(name, _)| *name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        assert!(matches!(fate("sys_execute"), Some(Fate::NotProvided(_))));
    }
}
