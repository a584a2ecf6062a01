//! F1-F23 but the archives.

use crate::support::Run;

#[test]
fn f1_reading_a_missing_file_raises_14_and_a_directory_2() {
    let run = Run::new();
    assert_eq!(run.number("fs::read(dir + \"/none\")"), 14);
    let error = run.error("fs::read(dir)");
    assert_eq!(error["error_num"].as_int(), Ok(2));
    assert!(error["message"].to_string().contains(&*run.directory.path().to_string_lossy()));
}

#[test]
fn f2_text_round_trips_and_append_adds() {
    Run::new().is_true(
        "let t = \"a\\x00b\\r\\nÅ\"; fs::write(dir + \"/x\", t); fs::append(dir + \"/x\", \"+\"); fs::read(dir + \"/x\") == t + \"+\"",
    );
}

#[test]
fn f3_write_replaces_longer_content() {
    Run::new().is_true(
        "for o in [#{}, #{ atomic: true }, #{ \"sync\": true }] { fs::write(dir + \"/x\", \"longer\"); fs::write(dir + \"/x\", \"s\", o); if fs::read(dir + \"/x\") != \"s\" { return false; } } fs::list(dir) == [\"x\"]",
    );
}

#[test]
fn f4_a_dangling_link_does_not_exist_and_a_directory_is_no_file() {
    Run::new().is_true(
        "fs::symlink(\"nowhere\", dir + \"/l\"); !fs::exists(dir + \"/l\") && fs::is_symlink(dir + \"/l\") && !fs::is_file(dir)",
    );
}

#[test]
fn f5_list_is_sorted_and_raises_14_when_missing() {
    let run = Run::new();
    run.is_true("for n in [\"b\", \"a\", \"C\"] { fs::write(dir + \"/\" + n, \"\"); } fs::list(dir) == [\"C\", \"a\", \"b\"]");
    assert_eq!(run.number("fs::list(dir + \"/none\")"), 14);
    run.is_true("fs::list(dir + \"/none\", #{ missing_ok: true }) == []");
}

#[test]
fn f6_list_tree_is_relative_and_does_not_enter_links() {
    Run::new().is_true(
        "fs::create_dir_all(dir + \"/a/b\"); fs::write(dir + \"/a/b/c\", \"\"); fs::symlink(\"a\", dir + \"/l\");
         fs::list_tree(dir) == [\"a\", \"a/b\", \"a/b/c\", \"l\"]",
    );
}

#[test]
fn f7_create_dir_twice_raises_27_and_without_parent_14() {
    let run = Run::new();
    assert_eq!(run.number("fs::create_dir(dir + \"/d\"); fs::create_dir(dir + \"/d\")"), 27);
    assert_eq!(run.number("fs::create_dir(dir + \"/x/y\")"), 14);
    run.exec("fs::create_dir_all(dir + \"/e/f\"); fs::create_dir_all(dir + \"/e/f\")");
}

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
fn f11_temp_dir_is_stable_and_goes_when_empty() {
    let run = Run::new();
    let path = run.text("fs::temp_dir()");
    assert_eq!(path, run.text("fs::temp_dir()"));
    assert!(!path.ends_with('/') && std::path::Path::new(&path).is_dir());
    drop(run);
    assert!(!std::path::Path::new(&path).exists());
}

#[test]
fn f12_temp_file_names_differ_and_directories_are_made() {
    let run = Run::new();
    run.is_true(
        "let p = fs::temp_file(\"a/b\"); let q = fs::temp_file(\"a/b\", true); let ok = p != q && !fs::exists(p) && fs::size(q) == 0 && fs::is_dir(fs::temp_dir() + \"/a/b\"); fs::remove_dir_all(fs::temp_dir() + \"/a\"); ok",
    );
    assert_eq!(run.number("fs::temp_file(\"../out\")"), 10);
}

#[test]
fn f13_join_normalises() {
    let run = Run::new();
    run.is_true("fs::join(\"a\", \"\", \"./b\", \"../c\") == \"a/c\" && fs::join(\"/\", \"x/\") == \"/x/\" && fs::join([\"\"]) == \".\"");
    run.is_true("fs::normalize(\"/../a\") == \"/a\" && fs::normalize(\"../../a/..\") == \"../..\"");
    assert_eq!(run.error("fs::join(\"a\", 1)")["name"].to_string(), "TypeError");
}

#[test]
fn f14_absolute_puts_the_working_directory_first() {
    Run::new().is_true("fs::absolute(\"\") == fs::current_dir() && fs::absolute(\"a:b\") == fs::current_dir() + \"/a:b\"");
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
fn f19_read_lines_strips_newline_and_carriage_return() {
    Run::new().is_true(
        "fs::write(dir + \"/a\", \"x\\r\\ny\"); fs::write(dir + \"/b\", \"x\\ny\\n\"); fs::read_lines(dir + \"/a\") == [\"x\", \"y\"] && fs::read_lines(dir + \"/b\") == [\"x\", \"y\"]",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn f20_proc_files_can_be_read() {
    Run::new().is_true("\"Name:\" in fs::read(\"/proc/self/status\")");
}

#[test]
fn f21_the_size_of_a_directory_raises_14() {
    assert_eq!(Run::new().number("fs::size(dir)"), 14);
}

#[test]
fn f22_modes_are_octal() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/a\", \"\"); fs::set_mode(dir + \"/a\", \"0600\")");
    for mode in ["\"0800\"", "\"\"", "\"+777\"", "\"123456\"", "-1", "[]"] {
        assert_eq!(
            run.error(&format!("fs::set_mode(dir + \"/a\", {mode})"))["name"].to_string(),
            "TypeError",
            "{mode}"
        );
    }
}

#[test]
fn f23_adler32_of_abc() {
    Run::new().is_true("fs::write(dir + \"/a\", \"abc\"); fs::adler32(dir + \"/a\") == 38600999");
}
