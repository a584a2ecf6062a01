//! F17, F18.

use std::io::{Cursor, Write as _};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::Run;

const TREE: &str = "fs::create_dir_all(dir + \"/s/a/b\"); fs::create_dir(dir + \"/s/empty\"); fs::write(dir + \"/s/x\", \"1\");
    fs::write(dir + \"/s/a/b/ü\", \"2\\x00\");";

/// Writes an archive that `fs::zip` would not.
fn craft(path: &Path, fill: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    fill(&mut writer);
    let bytes = writer.finish().unwrap().into_inner();
    std::fs::write(path, &bytes).unwrap();
    bytes
}

fn add(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, content: &[u8]) {
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
}

#[test]
fn f17_nested_names_round_trip() {
    let run = Run::new();
    run.exec(TREE);
    run.is_true(
        "fs::zip(dir + \"/z\", dir + \"/s\", fs::list_tree(dir + \"/s\")); fs::unzip(dir + \"/z\", dir + \"/new/out\");
         fs::list_tree(dir + \"/new/out\") == fs::list_tree(dir + \"/s\") && fs::read(dir + \"/new/out/a/b/ü\") == \"2\\x00\"",
    );
    run.is_true("fs::zip(dir + \"/y\", dir + \"/s\", [\"/x\", \"a/./b/ü\"]); fs::unzip(dir + \"/y\", dir + \"/o\"); fs::list_tree(dir + \"/o\") == [\"a\", \"a/b\", \"a/b/ü\", \"x\"]");
    run.is_true("fs::zip(dir + \"/n\", dir, []); fs::unzip(dir + \"/n\", dir + \"/p\"); fs::list(dir + \"/p\") == []");
}

#[test]
fn f17_an_existing_archive_raises_16() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/x\", \"1\"); fs::symlink(\"nowhere\", dir + \"/l\")");
    for archive in ["x", "l"] {
        let call = format!("fs::zip(dir + \"/{archive}\", dir, [\"x\"])");
        assert_eq!(run.number(&call), 16);
    }
    run.is_true("fs::read(dir + \"/x\") == \"1\" && fs::list(dir) == [\"l\", \"x\"]");
    assert_eq!(run.number("fs::zip(dir + \"/none/z\", dir, [\"x\"])"), 15);
}

#[test]
fn f17_a_missing_member_leaves_no_archive() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/x\", \"1\")");
    let error = run.error("fs::zip(dir + \"/z\", dir, [\"x\", \"none\"])");
    assert_eq!(error["error_num"].as_int(), Ok(14));
    assert!(error["message"].to_string().contains("/none"), "{error:?}");
    run.is_true("fs::list(dir) == [\"x\"]");
}

#[test]
fn f17_names_have_to_be_strings_that_stay_in_the_directory() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/x\", \"1\"); fs::create_dir(dir + \"/d\")");
    for names in ["[\"../x\"]", "[\"\"]", "[\"/\"]", "[1]", "[\"x\", \"./x\"]", "[\"a\\x00b\"]"] {
        assert_eq!(
            run.number(&format!("fs::zip(dir + \"/z\", dir + \"/d/..\", {names})")),
            10,
            "{names}"
        );
    }
    assert_eq!(run.number("fs::zip(dir + \"/z\", dir + \"/x\", [])"), 10);
    assert_eq!(run.number("fs::zip(dir + \"/z\", dir, [\"x\"], \"\")"), 10);
    assert_eq!(run.number("fs::zip(\"\", dir, [\"x\"])"), 10);
    assert_eq!(run.number("fs::zip(dir + \"/z\", \"\", [\"x\"])"), 14);
    run.is_true("fs::list(dir) == [\"d\", \"x\"]");
}

#[test]
fn f18_an_empty_target_is_not_the_root() {
    let run = Run::new();
    run.exec(
        "fs::write(dir + \"/f18-member\", \"1\"); fs::zip(dir + \"/z\", dir, [\"f18-member\"])",
    );
    assert_eq!(run.number("fs::unzip(dir + \"/z\", \"\")"), 10);
    assert!(!Path::new("/f18-member").exists());
}

#[test]
fn f17_the_right_password_is_needed() {
    let run = Run::new();
    run.exec(
        "fs::write(dir + \"/x\", \"top secret\"); fs::zip(dir + \"/z\", dir, [\"x\"], \"right\")",
    );
    for options in ["#{}", "#{ password: \"wrong\" }"] {
        let error = run.error(&format!("fs::unzip(dir + \"/z\", dir + \"/o\", {options})"));
        assert_eq!(error["kind"].to_string(), "fs.wrong_password", "{options}");
        assert_eq!(error["error_num"].as_int(), Ok(4));
        run.is_true("fs::list(dir + \"/o\", #{ missing_ok: true }) == []");
    }
    run.is_true("fs::unzip(dir + \"/z\", dir + \"/o\", #{ password: \"right\" }); fs::read(dir + \"/o/x\") == \"top secret\"");
    // a password is no harm where none is needed
    run.is_true("fs::zip(dir + \"/y\", dir, [\"x\"]); fs::unzip(dir + \"/y\", dir + \"/p\", #{ password: \"p\" }); fs::exists(dir + \"/p/x\")");
}

#[test]
fn f17_an_archive_keeps_permissions_and_no_times() {
    use std::os::unix::fs::PermissionsExt as _;
    let run = Run::new();
    run.exec("for n in [\"600\", \"755\", \"4777\"] { fs::write(dir + \"/\" + n, n); fs::set_mode(dir + \"/\" + n, n); }
        fs::zip(dir + \"/z\", dir, [\"600\", \"755\", \"4777\"]); fs::append(dir + \"/755\", \"\"); fs::zip(dir + \"/y\", dir, [\"600\", \"755\", \"4777\"]);
        fs::unzip(dir + \"/z\", dir + \"/o\")");
    run.is_true("fs::read_blob(dir + \"/z\") == fs::read_blob(dir + \"/y\")");
    let mode = |name: &str| {
        let path = run.directory.path().join("o").join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    assert_eq!((mode("600"), mode("755") & 0o700), (0o600, 0o700));
    assert_eq!(mode("4777"), mode("755"), "no more than the umask allows");
}

#[test]
fn f18_members_that_leave_the_target_are_refused_before_anything_is_unpacked() {
    let run = Run::new();
    let archive = run.directory.path().join("z");
    for name in ["../out", "a/../../out", "/tmp/out", "..", "a\0b"] {
        craft(&archive, |writer| {
            add(writer, "good", b"1");
            add(writer, name, b"2");
        });
        for options in ["#{}", "#{ overwrite: true }", "#{ flatten: true }"] {
            let call = format!("fs::unzip(dir + \"/z\", dir + \"/t/o\", {options})");
            assert_eq!(run.number(&call), 10, "{name:?} {options}");
        }
    }
    craft(&archive, |writer| {
        add(writer, "good", b"1");
        writer.add_symlink("link", "/etc", SimpleFileOptions::default()).unwrap();
        add(writer, "link/x", b"2");
    });
    assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/t/o\")"), 10);
    run.is_true("fs::list(dir) == [\"z\"]");
}

#[test]
fn f18_links_in_the_target_are_not_followed() {
    let run = Run::new();
    craft(&run.directory.path().join("z"), |writer| add(writer, "a/x", b"new"));
    run.exec("fs::create_dir_all(dir + \"/o/b\"); fs::create_dir(dir + \"/away\"); fs::symlink(\"../away\", dir + \"/o/a\")");
    assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\", #{ overwrite: true })"), 10);
    run.exec("fs::write(dir + \"/secret\", \"old\"); fs::symlink(\"../secret\", dir + \"/o/x\")");
    assert_eq!(
        run.number("fs::unzip(dir + \"/z\", dir + \"/o\", #{ overwrite: true, flatten: true })"),
        10
    );
    run.is_true("fs::list(dir + \"/away\") == [] && fs::read(dir + \"/secret\") == \"old\"");
    // the target itself may be one: the script names it
    run.is_true("fs::symlink(\"away\", dir + \"/p\"); fs::unzip(dir + \"/z\", dir + \"/p\"); fs::list_tree(dir + \"/away\") == [\"a\", \"a/x\"]");
}

#[test]
fn f18_flatten_drops_directories() {
    let run = Run::new();
    run.exec(TREE);
    run.is_true("fs::zip(dir + \"/z\", dir + \"/s\", fs::list_tree(dir + \"/s\")); fs::unzip(dir + \"/z\", dir + \"/o\", #{ flatten: true }); fs::list_tree(dir + \"/o\") == [\"x\", \"ü\"]");
    // two files of one name meet
    run.exec(
        "fs::write(dir + \"/s/a/x\", \"3\"); fs::zip(dir + \"/y\", dir + \"/s\", [\"x\", \"a/x\"])",
    );
    assert_eq!(run.number("fs::unzip(dir + \"/y\", dir + \"/p\", #{ flatten: true })"), 16);
    run.is_true("!fs::exists(dir + \"/p\")");
    run.is_true("fs::unzip(dir + \"/y\", dir + \"/p\", #{ flatten: true, overwrite: true }); fs::read(dir + \"/p/x\") == \"3\"");
}

#[test]
fn f18_an_existing_file_raises_16_without_overwrite() {
    let run = Run::new();
    craft(&run.directory.path().join("z"), |writer| {
        add(writer, "new", b"1");
        add(writer, "x", b"2");
    });
    run.exec("fs::create_dir(dir + \"/o\"); fs::write(dir + \"/o/x\", \"old\")");
    assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\")"), 16);
    run.is_true("fs::list(dir + \"/o\") == [\"x\"] && fs::read(dir + \"/o/x\") == \"old\"");
    run.is_true("fs::unzip(dir + \"/z\", dir + \"/o\", #{ overwrite: true }); fs::list(dir + \"/o\") == [\"new\", \"x\"] && fs::read(dir + \"/o/x\") == \"2\"");
    assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\", #{ over_write: true })"), 10);
    // a directory in the place of a file is never replaced
    run.exec("fs::create_dir_all(dir + \"/q/x\")");
    assert!(
        [15, 16]
            .contains(&run.number("fs::unzip(dir + \"/z\", dir + \"/q\", #{ overwrite: true })"))
    );
    run.is_true("fs::is_dir(dir + \"/q/x\")");
}

#[test]
fn f18_archives_that_lie_are_refused_and_leave_no_part_of_a_file() {
    let run = Run::new();
    let archive = run.directory.path().join("z");
    // the central directory holds the size that is claimed 24 bytes after its signature
    let with_size = |size: u32| {
        let mut bytes = craft(&archive, |writer| add(writer, "x", &[b'a'; 100]));
        let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        std::fs::write(&archive, bytes).unwrap();
    };
    for size in [0, 1, 99, 101] {
        with_size(size);
        assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\")"), 4, "{size}");
        run.is_true("fs::list(dir + \"/o\") == []");
    }
    let whole = craft(&archive, |writer| add(writer, "x", &[b'a'; 100_000]));
    let mut damaged = whole.clone();
    damaged[60] ^= 0xff;
    for bytes in [&whole[..whole.len() / 2], &damaged, b"no archive at all", b""] {
        std::fs::write(&archive, bytes).unwrap();
        assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\")"), 4);
        run.is_true("fs::list(dir + \"/o\") == []");
    }
    assert_eq!(run.number("fs::unzip(dir + \"/none\", dir + \"/o\")"), 14);
    assert_eq!(run.number("fs::unzip(dir, dir + \"/o\")"), 10);
}

#[test]
fn f18_bombs_that_use_their_bytes_twice_or_claim_all_disks_are_refused() {
    let run = Run::new();
    let archive = run.directory.path().join("z");
    craft(&archive, |writer| {
        add(writer, "x", &[0; 1000]);
        writer.shallow_copy_file("x", "y").unwrap();
    });
    assert_eq!(run.number("fs::unzip(dir + \"/z\", dir + \"/o\")"), 4);
    let mut bytes = craft(&archive, |writer| {
        writer.start_file("x", SimpleFileOptions::default().large_file(true)).unwrap();
        for n in 0..3000 {
            add(writer, &n.to_string(), b"");
        }
    });
    let places: Vec<usize> =
        (0..bytes.len() - 4).filter(|at| &bytes[*at..*at + 4] == b"PK\x01\x02").collect();
    for at in places {
        bytes[at + 24..at + 28].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    }
    std::fs::write(&archive, bytes).unwrap();
    let error = run.error("fs::unzip(dir + \"/z\", dir + \"/o\")");
    assert_eq!(error["kind"].to_string(), "fs.no_space", "{error:?}");
    assert_eq!(error["error_num"].as_int(), Ok(15));
    run.is_true("fs::list(dir) == [\"z\"]");
}
