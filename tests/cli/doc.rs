//! `doc`, `definitions`, `completions`: what there is to call and to type.

use agencysh::natives::legacy;
use agencysh::natives::reference::{find, reference};

use crate::support::{Folder, agencysh};

#[test]
fn a_native_is_found_by_its_name_and_by_the_name_it_had() {
    let method = agencysh(&["doc", "agency.cas"]).stdout;
    assert_eq!(method, agencysh(&["doc", "agency::cas"]).stdout);
    for name in ["fs::read", "SYS_READ"] {
        let said = agencysh(&["doc", name]);
        assert_eq!(said.code, Some(0));
        assert!(said.stdout.contains("fs::read("), "{name}: {}", said.stdout);
    }
    let said = agencysh(&["doc", "agency::cas"]);
    for part in ["agency.cas(", "Arguments: ", "Units: ", "Errors: ", "Legacy: ", "Example:"] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
}

#[test]
fn namespaces_are_listed_and_so_is_all() {
    let namespace = agencysh(&["doc", "assert"]).stdout;
    assert!(namespace.contains("assert::equal(") && !namespace.contains("failed("), "{namespace}");
    let all = agencysh(&["doc"]).stdout;
    for namespace in ["agency", "cluster", "fs", "http", "time", "assert"] {
        assert!(all.lines().any(|line| line == namespace), "{namespace}: {all}");
    }
}

#[test]
fn an_unknown_name_fails() {
    let said = agencysh(&["doc", "no_such_native"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("no_such_native"));
}

#[test]
fn a_near_miss_is_named() {
    for (name, near) in [
        ("fs::raed", "fs::read"),
        ("agency.incremnt", "agency.increment"),
        ("SYS_DOWNLAOD", "SYS_DOWNLOAD"),
        ("cyrpto", "crypto"),
    ] {
        let said = agencysh(&["doc", name]);
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains(&format!("did you mean '{near}'?")), "{}", said.stderr);
    }
}

/// The global functions and values that arangosh puts into scripts.
const GLOBALS: &str = "
    SYS_DOWNLOAD SYS_SLEEP SYS_WAIT SYS_TIME SYS_COMMUNICATE_SLEEP_DEADLINE SYS_GET_DEADLINE_STRING
    SYS_INTERRUPT_TO_DEADLINE SYS_ADD_TO_PID_MONITORING SYS_REMOVE_FROM_PID_MONITORING FS_EXISTS
    FS_IS_FILE FS_IS_DIRECTORY FS_FILESIZE FS_MTIME FS_LIST FS_LIST_TREE FS_MAKE_DIRECTORY
    FS_MAKE_DIRECTORY_RECURSIVE FS_REMOVE FS_REMOVE_DIRECTORY FS_REMOVE_RECURSIVE_DIRECTORY FS_MOVE
    FS_COPY_FILE FS_COPY_RECURSIVE FS_LINK_FILE FS_CHMOD FS_GET_TEMP_PATH FS_GET_TEMP_FILE
    FS_MAKE_ABSOLUTE FS_ZIP_FILE FS_UNZIP_FILE FS_ADLER32 SYS_READ SYS_READ_BUFFER SYS_READ64
    SYS_READ_GZIP SYS_READ_DECRYPT SYS_WRITE SYS_APPEND SYS_READPIPE SYS_WRITEPIPE SYS_CLOSEPIPE
    HOME PATH_SEPARATOR SYS_RAND SYS_GEN_RANDOM_NUMBERS SYS_GEN_RANDOM_ALPHA_NUMBERS
    SYS_GEN_RANDOM_SALT SYS_CREATE_NONCE SYS_CHECK_AND_MARK_NONCE SYS_MD5 SYS_SHA1 SYS_SHA224
    SYS_SHA256 SYS_SHA384 SYS_SHA512 SYS_HMAC SYS_PBKDF2 SYS_PBKDF2HS1 SYS_RSAPRIVSIGN
    SYS_BASE64ENCODE SYS_BASE64DECODE V8_TO_VPACK VPACK_TO_V8 SYS_EXECUTE_EXTERNAL
    SYS_EXECUTE_EXTERNAL_AND_WAIT SYS_STATUS_EXTERNAL SYS_KILL_EXTERNAL SYS_SUSPEND_EXTERNAL
    SYS_CONTINUE_EXTERNAL SYS_GET_EXTERNAL_SPAWNED SYS_PROCESS_STATISTICS_EXTERNAL
    SYS_SET_PRIORITY_EXTERNAL SYS_PROCESS_STATISTICS SYS_GET_PID SYS_LOG SYS_LOG_LEVEL SYS_OUTPUT
    SYS_SPRINTF COLORS SYS_IS_A_TTY SYS_TERMINAL_SIZE SYS_GETLINE SYS_POLLSTDIN SYS_START_PAGER
    SYS_STOP_PAGER SYS_TEST_PORT SYS_IS_IP ENV SYS_OPTIONS ARGUMENTS SYS_EXIT SYS_EXIT_REPL VERSION
    SYS_PLATFORM ARANGODB_CLIENT_VERSION SYS_IS_V8_BUILD ARANGOSH_PATH ARANGO_QUIET STARTUP_PATH
    MODULES_PATH IS_EXECUTE_SCRIPT IS_EXECUTE_STRING IS_CHECK_SCRIPT IS_UNIT_TESTS SYS_UNIT_TESTS
    SYS_UNIT_TESTS_RESULT SYS_UNIT_FILTER_TEST ArangoError SYS_ERROR_NUMBER_TO_HTTP_CODE
    SYS_IS_ENTERPRISE SYS_IS_STOPPING SYS_DEBUG_CAN_USE_FAILAT SYS_PROCESS_CSV_FILE
    SYS_PROCESS_JSON_FILE SYS_LOAD SYS_PARSE SYS_PARSE_FILE SYS_EXECUTE IS_ALLOWED_DATABASE_NAME
    SYS_SPLIT_WORDS_ICU NORMALIZE_STRING COMPARE_STRING FISHBOWL_GET FISHBOWL_SET BYTELENGTH
    EXPORTS_SLOW_BUFFER ArangoConnection SYS_ARANGO
";

#[test]
fn every_global_of_arangosh_has_a_native_or_a_reason() {
    let docs = reference();
    let mut wrong = Vec::new();
    for name in GLOBALS.split_whitespace() {
        let owners = legacy::owners(&docs, name).len();
        match (owners, legacy::fate(name)) {
            (1, None) | (0, Some(_)) => {}
            (0, None) => wrong.push(format!("{name} has neither a native nor a reason")),
            (_, Some(_)) => wrong.push(format!("{name} has a native, and is in legacy.rs too")),
            (more, None) => {
                wrong.push(format!("{name} has {more} natives: name the main one in legacy.rs"))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_of_arangosh_and_its_native_show_the_same_page() {
    let docs = reference();
    for name in GLOBALS.split_whitespace() {
        if let [owner] = find(&docs, name).as_slice() {
            let by_own_name = find(&docs, &owner.full_name());
            assert!(by_own_name.iter().any(|one| std::ptr::eq(*one, *owner)), "{name}");
        }
    }
    for (name, own) in
        [("SYS_RAND", "random::int32"), ("SYS_READ", "fs::read"), ("SYS_MD5", "crypto::md5")]
    {
        let by_legacy = agencysh(&["doc", name]).stdout;
        assert_eq!(by_legacy, agencysh(&["doc", own]).stdout, "{name}");
    }
    let page = agencysh(&["doc", "SYS_DOWNLOAD"]).stdout;
    assert!(page.starts_with("http::request(method"), "{page}");
}

#[test]
fn a_name_that_is_not_provided_tells_the_reason() {
    let said = agencysh(&["doc", "SYS_EXECUTE"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("SYS_EXECUTE of arangosh is not provided: "), "{}", said.stdout);
    assert!(agencysh(&["doc", "sys_load"]).stdout.contains("import"));
}

#[test]
fn the_page_of_natives_is_up_to_date() {
    let made = agencysh(&["doc", "--markdown"]).stdout;
    let page = include_str!("../../docs/natives.md");
    assert!(made == page, "run scripts/natives.sh");
}

#[test]
fn definitions_describe_every_namespace_for_editors() {
    let folder = Folder::new();
    let files = folder.path().join("new/definitions");
    let said = agencysh(&["definitions", files.to_str().unwrap()]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""), "{}", said.stderr);
    for (namespace, line) in [
        ("fs", "fn read(path: string) -> string;"),
        ("agency", "fn current() -> Agency;"),
        ("time", "fn monotonic() -> float;"),
    ] {
        let text = std::fs::read_to_string(files.join(format!("{namespace}.d.rhai"))).unwrap();
        assert!(text.contains(&format!("module {namespace};")), "{text}");
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
        assert!(!text.contains("Raw<"), "{text}");
    }
    let taken = agencysh(&["definitions", &folder.file("taken", "")]);
    assert_eq!(taken.code, Some(1));
    assert!(taken.stderr.contains("cannot write definitions"), "{}", taken.stderr);
}

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish"] {
        let said = agencysh(&["completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        for word in ["eval", "check", "completions", "topology", "embedded"] {
            assert!(said.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(agencysh(&["completions", "nosh"]).code, Some(2));
}
