//! F8-F10, F15, F16: what removes, copies and moves.

use crate::fs::mode;
use crate::support::Run;

#[test]
fn f8_remove_file_and_remove_dir_refuse() {
    let run = Run::new();
    assert_eq!(run.number("fs::remove_file(dir + \"/none\")"), 14);
    assert_eq!(run.number("fs::write(dir + \"/f\", \"\"); fs::remove_dir(dir + \"/f\")"), 10);
    assert_eq!(run.number("fs::remove_dir(dir)"), 2);
}

#[test]
fn f9_remove_dir_all_stays_below_the_temporary_directory() {
    let run = Run::new();
    run.exec("fs::create_dir_all(dir + \"/d/e\")");
    for path in [
        "dir + \"/d\"",
        "fs::temp_dir() + \"/../\"",
        "fs::temp_dir()",
        "{ fs::create_dir_all(fs::temp_dir() + \"_sibling\"); fs::temp_dir() + \"_sibling\" }",
    ] {
        assert_eq!(run.number(&format!("fs::remove_dir_all({path})")), 10, "{path}");
    }
    run.is_true("fs::exists(dir + \"/d/e\") && fs::exists(fs::temp_dir())");
    run.exec("fs::remove_dir(fs::temp_dir() + \"_sibling\")");
    run.is_true("fs::create_dir(fs::temp_dir() + \"/x\"); fs::remove_dir_all(fs::temp_dir() + \"/x\"); !fs::exists(fs::temp_dir() + \"/x\")");
}

#[test]
fn f10_remove_dir_all_removes_links_not_targets() {
    Run::new().is_true(
        "fs::create_dir_all(dir + \"/keep\"); fs::write(dir + \"/keep/x\", \"\"); fs::create_dir(dir + \"/d\");
         fs::symlink(dir + \"/keep\", dir + \"/d/l\"); fs::remove_dir_all(dir + \"/d\", true);
         fs::exists(dir + \"/keep/x\") && !fs::exists(dir + \"/d\")",
    );
}

#[test]
fn f15_copy_file_keeps_mode_and_time_and_refuses_an_existing_target() {
    let run = Run::new();
    run.is_true(
        "fs::write(dir + \"/a\", \"1\"); fs::set_mode(dir + \"/a\", \"0640\"); fs::copy_file(dir + \"/a\", dir + \"/b\");
         fs::create_dir(dir + \"/d\"); fs::copy_file(dir + \"/a\", dir + \"/d\");
         fs::mtime(dir + \"/a\") == fs::mtime(dir + \"/b\") && fs::exists(dir + \"/d/a\")",
    );
    assert_eq!(run.number("fs::copy_file(dir + \"/a\", dir + \"/b\")"), 10);
}

#[test]
fn f16_rename_refuses_a_directory_onto_a_directory() {
    let run = Run::new();
    assert_eq!(run.number("fs::create_dir(dir + \"/a\"); fs::create_dir(dir + \"/b\"); fs::rename(dir + \"/a\", dir + \"/b\")"), 10);
    assert_eq!(run.number("fs::rename(dir + \"/none\", dir + \"/x\")"), 14);
}

#[test]
fn f8_errors_of_removal_name_what_is_there() {
    let run = Run::new();
    assert_eq!(run.number("fs::create_dir(dir + \"/d\"); fs::remove_file(dir + \"/d\")"), 2);
    assert_eq!(run.number("fs::remove_dir(dir + \"/none\")"), 14);
    assert_eq!(run.number("fs::remove_dir_all(dir + \"/none\", true)"), 14);
    run.is_true("fs::symlink(\"nowhere\", dir + \"/l\"); fs::remove_file(dir + \"/l\"); !fs::is_symlink(dir + \"/l\")");
}

#[test]
fn f9_nothing_is_removed_below_a_temporary_directory_that_is_the_root() {
    let temp = agencysh::natives::fs::TempDirectory::at("/".into());
    let run = Run::with(|builder| builder.extension(std::sync::Arc::new(temp)));
    assert_eq!(run.number("fs::create_dir(dir + \"/d\"); fs::remove_dir_all(dir + \"/d\")"), 10);
    run.is_true("fs::is_dir(dir + \"/d\")");
}

#[test]
fn f10_a_link_with_a_slash_behind_it_is_still_a_link() {
    let run = Run::new();
    run.exec("fs::create_dir(dir + \"/keep\"); fs::write(dir + \"/keep/x\", \"\"); fs::symlink(\"keep\", dir + \"/l\")");
    for path in ["/l", "/l/", "/l//"] {
        for native in ["remove_dir_all(P, true)", "remove_dir(P)"] {
            let call = native.replace('P', &format!("dir + \"{path}\""));
            assert_eq!(run.number(&format!("fs::{call}")), 10, "{call}");
        }
    }
    run.is_true("fs::exists(dir + \"/keep/x\")");
    run.is_true("fs::remove_dir_all(dir + \"/keep//\", true); !fs::exists(dir + \"/keep\")");
}

#[test]
fn f15_a_copy_keeps_mode_and_whole_time_even_when_read_only() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/a\", \"1\"); fs::set_mode(dir + \"/a\", \"0440\")");
    let file = std::fs::File::open(run.directory.path().join("a")).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.set_modified(then).unwrap();
    run.is_true(
        "fs::copy_file(dir + \"/a\", dir + \"/b\"); fs::mtime(dir + \"/b\") == 1000000000.0",
    );
    assert_eq!(mode(&run, "b"), 0o440);
    for call in ["copy_file(dir + \"/none\", dir + \"/x\")", "copy_file(dir, dir + \"/x\")"] {
        assert_eq!(run.number(&format!("fs::{call}")), 10, "{call}");
    }
    assert_eq!(
        run.number(
            "fs::symlink(\"nowhere\", dir + \"/l\"); fs::copy_file(dir + \"/a\", dir + \"/l\")"
        ),
        10
    );
    run.is_true("!fs::exists(dir + \"/nowhere\")");
}

#[test]
fn copy_dir_copies_links_as_links_and_not_into_itself() {
    let run = Run::new();
    run.is_true(
        "fs::create_dir_all(dir + \"/a/b\"); fs::write(dir + \"/a/b/x\", \"1\"); fs::symlink(\"b\", dir + \"/a/l\");
         fs::copy_dir(dir + \"/a\", dir + \"/c\"); fs::list_tree(dir + \"/c\") == [\"b\", \"b/x\", \"l\"] && fs::is_symlink(dir + \"/c/l\")",
    );
    assert_eq!(run.number("fs::copy_dir(dir + \"/a\", dir + \"/a/b/new\")"), 10);
    assert_eq!(run.number("fs::copy_dir(dir + \"/a\", dir + \"/c\")"), 10);
    run.is_true("fs::copy_dir(dir + \"/a/b/x\", dir + \"/f\"); fs::read(dir + \"/f\") == \"1\"");
}

#[cfg(target_os = "linux")]
#[test]
fn f16_rename_works_across_file_systems() {
    use std::os::unix::fs::MetadataExt as _;
    let run = Run::new();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    if device(other.path()) == device(run.directory.path()) {
        return;
    }
    let other = other.path().display();
    run.is_true(&format!(
        "fs::create_dir_all(dir + \"/d/e\"); fs::write(dir + \"/d/e/x\", \"1\"); fs::symlink(\"e\", dir + \"/d/l\"); fs::write(dir + \"/f\", \"new\");
         fs::write(\"{other}/f\", \"old\"); fs::rename(dir + \"/f\", \"{other}/f\"); fs::rename(dir + \"/d\", \"{other}/d\");
         fs::read(\"{other}/f\") == \"new\" && fs::list_tree(\"{other}/d\") == [\"e\", \"e/x\", \"l\"] && fs::is_symlink(\"{other}/d/l\") && fs::list(dir) == []"
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn f16_a_move_across_file_systems_that_fails_changes_nothing() {
    use std::os::unix::fs::MetadataExt as _;
    let run = Run::new();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    if device(other.path()) == device(run.directory.path()) {
        return;
    }
    let shown = other.path().display();
    run.exec("fs::create_dir(dir + \"/d\"); fs::write(dir + \"/d/a\", \"1\")");
    let pipe = run.directory.path().join("d/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(run.number(&format!("fs::rename(dir + \"/d\", \"{shown}/d\")")), 10);
    run.exec(&format!("fs::write(\"{shown}/f\", \"old\")"));
    assert_eq!(run.number(&format!("fs::rename(dir + \"/d/pipe\", \"{shown}/f\")")), 10);
    run.is_true(&format!("fs::list(\"{shown}\") == [\"f\"] && fs::read(\"{shown}/f\") == \"old\" && fs::list(dir + \"/d\") == [\"a\", \"pipe\"]"));
}

#[test]
fn f10_remove_dir_all_takes_files_without_permissions_and_every_kind_of_link() {
    let run = Run::new();
    run.is_true(
        "fs::create_dir_all(dir + \"/d/e/f\"); fs::write(dir + \"/d/e/f/x\", \"\"); fs::symlink(\"..\", dir + \"/d/e/up\"); fs::symlink(\"nowhere\", dir + \"/d/gone\");
         fs::set_mode(dir + \"/d/e/f/x\", \"0000\"); fs::remove_dir_all(dir + \"/d\", true); fs::list(dir) == []",
    );
}

#[test]
fn f16_rename_replaces_a_file_and_refuses_to_go_into_a_directory() {
    let run = Run::new();
    run.is_true("fs::write(dir + \"/a\", \"1\"); fs::write(dir + \"/b\", \"2\"); fs::rename(dir + \"/a\", dir + \"/b\"); fs::list(dir) == [\"b\"] && fs::read(dir + \"/b\") == \"1\"");
    assert_eq!(
        run.number("fs::create_dir(dir + \"/d\"); fs::rename(dir + \"/b\", dir + \"/d\")"),
        10
    );
}
