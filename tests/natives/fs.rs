//! F1-F23 but what is in `fs_archives` and `fs_trees`.

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

#[test]
fn f1_bytes_that_are_no_utf8_are_replaced_and_bad_paths_are_errors() {
    let run = Run::new();
    run.is_true("let b = blob(2, 0xff); b[1] = 65; fs::write(dir + \"/b\", b); fs::read(dir + \"/b\") == \"\u{fffd}A\" && fs::read_blob(dir + \"/b\") == b");
    for native in [
        "read",
        "read_blob",
        "read_lines",
        "read_gzip",
        "list",
        "list_tree",
        "size",
        "mtime",
        "remove_file",
        "create_dir",
        "adler32",
    ] {
        for path in ["dir + \"/a\\x00b\"", "{ let p = dir; p.pad(100000, 'x'); p }"] {
            assert_eq!(run.number(&format!("fs::{native}({path})")), 2, "{native} {path}");
        }
        assert_eq!(run.number(&format!("fs::{native}(\"\")")), 14, "{native}");
    }
    run.is_true(
        "!fs::exists(\"\") && !fs::exists(\"a\\x00b\") && !fs::is_file(\"\") && !fs::is_dir(\"\")",
    );
    let error = run.error("fs::read(dir + \"/a\\x00b\")");
    assert!(!error["context"].as_map_ref().unwrap().contains_key("errno"));
}

#[test]
fn f2_write_refuses_an_empty_path_and_a_directory() {
    let run = Run::new();
    for call in ["fs::write(\"\", \"\")", "fs::append(\"\", \"\")"] {
        assert_eq!(run.error(call)["name"].to_string(), "TypeError");
    }
    for options in ["", ", #{ atomic: true }"] {
        assert_eq!(run.number(&format!("fs::write(dir, \"x\"{options})")), 2);
        assert_eq!(run.number(&format!("fs::write(dir + \"/none/x\", \"x\"{options})")), 14);
    }
    run.is_true("fs::append(dir + \"/new\", \"a\"); fs::append(dir + \"/new\", blob(1, 66)); fs::read(dir + \"/new\") == \"aB\"");
    assert_eq!(run.number("fs::write(dir + \"/x\", [1])"), 10);
}

#[test]
fn f3_an_atomic_write_keeps_mode_and_link() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/a\", \"1\"); fs::set_mode(dir + \"/a\", \"0666\"); fs::symlink(\"a\", dir + \"/l\");
        fs::write(dir + \"/l\", \"2\", #{ atomic: true, \"sync\": true })");
    run.is_true("fs::is_symlink(dir + \"/l\") && fs::read(dir + \"/a\") == \"2\" && fs::list(dir) == [\"a\", \"l\"]");
    assert_eq!(mode(&run, "a"), 0o666);
    // a new file gets what the umask leaves
    run.exec("fs::write(dir + \"/b\", \"\", #{ atomic: true }); fs::write(dir + \"/c\", \"\")");
    assert_eq!(mode(&run, "b"), mode(&run, "c"));
}

pub(crate) fn mode(run: &Run, name: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    let found = std::fs::metadata(run.directory.path().join(name)).unwrap();
    found.permissions().mode() & 0o7777
}

#[test]
fn f3_nobody_sees_a_part_of_an_atomic_write() {
    let run = Run::new();
    let path = run.directory.path().join("x");
    let sizes = [100_000, 200_000];
    std::fs::write(&path, "a".repeat(sizes[0])).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                assert!(sizes.contains(&std::fs::read(&path).unwrap().len()));
            }
        });
        run.exec("for i in 0..50 { let t = \"\"; t.pad(if i % 2 == 0 { 200000 } else { 100000 }, 'b'); fs::write(dir + \"/x\", t, #{ atomic: true }); }");
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn f11_a_full_temp_dir_stays_and_a_removed_one_comes_back() {
    let run = Run::new();
    let path = run.text("let t = fs::temp_dir(); fs::remove_dir(t); fs::temp_file(); t");
    assert_eq!(run.text("fs::temp_dir()"), path);
    run.exec("fs::temp_file(\"\", true)");
    drop(run);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
    std::fs::remove_dir_all(path).unwrap();
}

#[test]
fn f12_a_thousand_names_differ() {
    let run = Run::new();
    run.is_true(
        "let seen = #{}; for i in 0..1000 { seen[fs::temp_file()] = (); } seen.len() == 1000",
    );
    let name = run.text("fs::base_name(fs::temp_file())");
    assert!(name.starts_with(&format!("tmp-{}-", std::process::id())), "{name}");
    assert_eq!(run.number("fs::temp_file(\"a\\x00\")"), 10);
}

#[test]
fn f13_join_takes_one_to_eight_parts() {
    let run = Run::new();
    run.is_true(
        "fs::join(\"\") == \".\" && fs::join(\"a/../b\") == \"b\" && fs::join([]) == \".\"",
    );
    run.is_true(
        "fs::join(\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8/\") == \"1/2/3/4/5/6/7/8/\"",
    );
    run.is_true("fs::join(\"\", \"/a\") == \"/a\" && fs::join(\"..\", \"a\") == \"../a\" && fs::join(\"/\", \"..\") == \"/\"");
    for bad in ["5", "()", "\"a\", 5", "[\"a\", ()]", "\"a\", \"b\", []"] {
        let error = run.error(&format!("fs::join({bad})"));
        assert_eq!(error["name"].to_string(), "TypeError", "{bad}");
        assert!(error["error_num"].is_unit());
    }
}

#[test]
fn paths_are_taken_apart_and_kept_below_their_base() {
    let run = Run::new();
    run.is_true("fs::dir_name(\"/a//b\") == \"/a\" && fs::dir_name(\"//a\") == \"/\" && fs::dir_name(\"a/b/\") == \"a\" && fs::dir_name(\"\") == \".\"");
    run.is_true("fs::base_name(\"a/b/\") == \"b\" && fs::base_name(\"/\") == \"\" && fs::base_name(\"\") == \"\"");
    run.is_true("fs::safe_join(\"\", \"x\") == \"x\" && fs::safe_join(\"\", \"/x\") == \"x\" && fs::safe_join(\"/b\", \"/x/../y\") == \"/b/y\"");
    for bad in ["..", "../x", "a/../../b", "/..", "x\\x00"] {
        assert_eq!(run.number(&format!("fs::safe_join(\"/b\", \"{bad}\")")), 10, "{bad}");
    }
}

#[test]
fn f3_an_atomic_write_does_not_replace_what_is_no_file() {
    let run = Run::new();
    let socket = std::os::unix::net::UnixListener::bind(run.directory.path().join("s")).unwrap();
    assert_eq!(run.number("fs::write(dir + \"/s\", \"x\", #{ atomic: true })"), 2);
    drop(socket);
    run.is_true("fs::list(dir) == [\"s\"] && !fs::is_dir(dir + \"/s\")");
}

#[test]
fn f19_lines_of_empty_and_odd_files() {
    Run::new().is_true(
        "fs::write(dir + \"/a\", \"\"); fs::write(dir + \"/b\", \"\\n\\nx\"); fs::read_lines(dir + \"/a\") == [] && fs::read_lines(dir + \"/b\") == [\"\", \"\", \"x\"]",
    );
}

#[test]
fn f21_size_is_in_bytes_and_mtime_in_seconds() {
    Run::new().is_true("fs::write(dir + \"/a\", \"üx\"); fs::size(dir + \"/a\") == 3 && (fs::mtime(dir + \"/a\") - time::now()).abs() < 60.0");
}

#[test]
fn f22_modes_are_set() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/a\", \"\"); fs::set_mode(dir + \"/a\", \"0600\")");
    assert_eq!(mode(&run, "a"), 0o600);
    run.exec("fs::set_mode(dir + \"/a\", 0o4711)");
    assert_eq!(mode(&run, "a"), 0o4711);
    assert_eq!(run.number("fs::set_mode(dir + \"/none\", \"0600\")"), 14);
}

#[test]
fn gzip_files_are_read_and_others_refused() {
    use std::io::Write as _;
    let run = Run::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all("packed ü".as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    std::fs::write(run.directory.path().join("a.gz"), &packed).unwrap();
    std::fs::write(run.directory.path().join("cut.gz"), &packed[..packed.len() - 4]).unwrap();
    assert_eq!(run.text("fs::read_gzip(dir + \"/a.gz\")"), "packed ü");
    assert_eq!(run.number("fs::read_gzip(dir + \"/cut.gz\")"), 2);
}

#[test]
fn d4_a_pipe_that_gives_nothing_is_left_at_the_deadline() {
    let run = Run::new();
    let pipe = run.directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for call in [
        "fs::read(dir + \"/pipe\")",
        "fs::read_lines(dir + \"/pipe\")",
        "fs::write(dir + \"/pipe\", \"x\")",
        "fs::append(dir + \"/pipe\", \"x\")",
    ] {
        let begin = std::time::Instant::now();
        assert_eq!(run.number(&format!("time::set_deadline(0.1); {call}")), 36, "{call}");
        assert!(begin.elapsed() < std::time::Duration::from_millis(400), "{call}");
        run.exec("time::clear_deadline()");
    }
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, "x".repeat(200_000)).unwrap()
    });
    run.is_true("fs::read(dir + \"/pipe\").len == 200000");
    writer.join().unwrap();
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap().len());
    run.exec("let t = \"\"; t.pad(200000, 'x'); fs::write(dir + \"/pipe\", t)");
    assert_eq!(reader.join().unwrap(), 200_000);
}

#[test]
fn a_run_without_files_uses_none_of_them() {
    let run = Run::with(|builder| {
        builder
            .permissions(agencysh::natives::Permissions::all().deny(agencysh::natives::Gate::Files))
    });
    for call in [
        "exists(P)",
        "is_file(P)",
        "is_dir(P)",
        "is_symlink(P)",
        "size(P)",
        "mtime(P)",
        "list(P)",
        "list_tree(P)",
        "read(P)",
        "read_blob(P)",
        "read_lines(P)",
        "read_gzip(P)",
        "write(P, \"\")",
        "append(P, \"\")",
        "create_dir(P)",
        "create_dir_all(P)",
        "remove_file(P)",
        "remove_dir(P)",
        "remove_dir_all(P, true)",
        "rename(P, P)",
        "copy_file(P, P)",
        "copy_dir(P, P)",
        "symlink(\"a\", P)",
        "set_mode(P, 0)",
        "temp_dir()",
        "temp_file()",
        "home_dir()",
        "adler32(P)",
        "zip(P, P, [])",
        "unzip(P, P)",
        "each_csv_row(P, |row| ())",
        "each_json_line(P, |value| ())",
    ] {
        let call = format!("fs::{}", call.replace('P', "dir"));
        let error = run.error(&call);
        assert_eq!(error["error_num"].as_int(), Ok(11), "{call}");
        assert_eq!(error["kind"].to_string(), "permission.files", "{call}");
    }
    let download = "http::download(\"http://127.0.0.1:1\", dir + \"/x\")";
    assert_eq!(run.number(download), 11);
    assert_eq!(run.number("http::get(\"http://127.0.0.1:1\", #{ ca_file: dir })"), 11);
}
