//! `check`: mistakes found without running.

use crate::support::{Folder, agencysh};

#[test]
fn a_good_script_passes_in_silence_and_is_not_run() {
    let folder = Folder::new();
    let marker = folder.path().join("ran");
    folder.file("helper.rhai", "fn help(x) { x }");
    let script = folder.file(
        "a.rhai",
        format!(
            "import \"assert\" as assert; import \"helper\" as helper;
             fs::write({:?}, \"\"); let a = agency::current(); a.set(\"x\", helper::help(1));
             let m = #{{ act: |x| x + 1 }}; m.act(1); let f = Fn(\"own\"); f.call(1); [1].map(|x| own(x));
             fn own(x) {{ x.to_string() + type_of(x) }} print(1, 2); sleep(1); \"a\".len(); exit(0);",
            marker.display().to_string()
        ),
    );
    let said = agencysh(&["check", &script]);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), "", ""));
    assert!(!marker.exists());
}

#[test]
fn all_unknown_functions_and_modules_are_named_with_their_lines() {
    let folder = Folder::new();
    folder.file("helper.rhai", "fn help(x) { x }\nprivate fn own() {}");
    let script = folder.file(
        "a.rhai",
        "import \"helper\" as helper;\nimport \"nowhere\" as n;\nhelper::hlep(1);\nfs::raed(\"x\");\nfn f() { nothing_like_it(1) }\n\"a\".no_such_method();",
    );
    let said = agencysh(&["check", &script]);
    assert_eq!(said.code, Some(1));
    for (line, name) in [
        (2, "nowhere"),
        (3, "helper::hlep"),
        (4, "fs::raed"),
        (5, "nothing_like_it"),
        (6, "no_such_method"),
    ] {
        assert!(said.stderr.contains(name), "{name}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("a.rhai:{line}:")), "{line}: {}", said.stderr);
    }
    assert!(said.stderr.contains("did you mean 'fs::read'?"), "{}", said.stderr);
}

#[test]
fn unknown_variables_and_syntax_errors_are_found_in_each_file() {
    let folder = Folder::new();
    let first = folder.file("a.rhai", "let x = 1;\nprint(y);");
    let second = folder.file("b.rhai", "print(1");
    let said = agencysh(&["check", &first, &second]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("script.unknown_variable"), "{}", said.stderr);
    assert!(said.stderr.contains("a.rhai:2:7"), "{}", said.stderr);
    assert!(
        said.stderr.contains("script.syntax") && said.stderr.contains("b.rhai:1:"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_scripts_of_the_project_pass() {
    let root = env!("CARGO_MANIFEST_DIR");
    let scripts: Vec<String> = [
        "scripts",
        "scripts/bench",
        "scripts/maintenance",
        "stdlib",
        "stdlib/commands",
        "stdlib/diagnosis",
        "tests/stdlib",
    ]
    .iter()
    .flat_map(|folder| std::fs::read_dir(format!("{root}/{folder}")).unwrap())
    .map(|entry| entry.unwrap().path())
    .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
    .map(|path| path.to_string_lossy().into_owned())
    .collect();
    let mut words = vec!["check"];
    words.extend(scripts.iter().map(String::as_str));
    let said = agencysh(&words);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(scripts.len() >= 3);
}

#[test]
fn calls_with_a_wrong_number_of_arguments_and_of_private_functions_are_found() {
    let folder = Folder::new();
    folder.file("m.rhai", "fn one(x) { x }\nprivate fn own() { 1 }");
    let script = folder.file(
        "a.rhai",
        "import \"m\" as m;\nfn two(a, b) { a + b }\ntwo(1);\nm::one(1, 2);\nm::own();\nagency::current().set(\"x\");\nfs::read();\n",
    );
    let stderr = agencysh(&["check", &script]).stderr;
    for (line, told) in [
        (3, "'two' is called with 1 argument, but takes 2"),
        (4, "'m::one' is called with 2 arguments, but takes 1"),
        (5, "no function 'm::own'"),
        (6, "'set' is called with 1 argument, but takes"),
        (7, "'fs::read' is called with 0 arguments, but takes"),
    ] {
        assert!(stderr.contains(told), "{told}: {stderr}");
        assert!(stderr.contains(&format!("a.rhai:{line}:")), "{line}: {stderr}");
    }
}

#[test]
fn a_correct_script_raises_no_alarm_whatever_it_uses() {
    let folder = Folder::new();
    folder.file("more.rhai", "fn triple(x) { x * 3 }");
    folder.file(
        "lib.rhai",
        "import \"more\" as more;\nfn double(x) { x * 2 }\nfn deep(x) { more::triple(x) }\nexport const ANSWER = 42;",
    );
    let script = folder.file(
        "a.rhai",
        r#"
            import "assert" as check;
            import "lib" as lib;
            import "lib" as other;
            const LIMIT = 5;
            fn helper(a) { a + 1 }
            fn method() { this.x += 1; this.x }
            fn plus(a) { plus(a, 2) }
            fn plus(a, b) { a + b }
            let m = #{ x: 1, f: |a| a + 1, nested: #{ g: |b| b }, it: |a, b, c| a };
            m.method(); m.f(2); m.nested.g(3); m.it(1, 2, 3);
            m["h"] = |x| x;
            m.h(1);
            let fp = Fn("helper");
            fp.call(1); call(fp, 1); let own = helper; own.call(2); fp.curry(1).call();
            check::equal([1, 2, 3].map(|x| helper(x)).filter(|x| x > 2).reduce(|a, b| (a ?? 0) + b), 7);
            let sorted = [2, 1]; sorted.sort(|a, b| a - b); sorted.push(3); sorted += 4; sorted.insert(0, 1);
            sorted.retain(|x| x > 1); sorted.drain(|x| x > 3);
            check::equal(lib::double(2) + other::deep(3), 13);
            print(lib::ANSWER + LIMIT); print();
            let s = "abc"; s.pad(5, 'x'); s.split(","); s.sub_string(1); s.sub_string(1, 1); s.replace("a", "b");
            let a = agency::current();
            a.set("x", 1); a.update("x", |v| v + 1); a.increment("x"); a.increment("x", 2); a.unique_id(); a.unique_id(3);
            a.push("l", 1); a.pop("l"); set(a, "x", 4); a.wait_until("x", |v| v == 4, 5);
            switch a.get("x") { 1 => print("one"), 2..5 => print("few"), _ => print("more") }
            for (item, index) in [1, 2] { print(`${item} ${index}`); }
            if is_def_fn("helper", 1) && !is_def_var("zzz") { print(type_of(m) + m.type_of()); }
            let b = blob(3, 1); b.push(1); debug(b.len()); m?.x ?? 5;
            try { throw "x" } catch (error) { print(error) }
            let n = 5; n.to_string(); n.is_odd(); max(1, 2); parse_int("5"); 1.5.floor(); PI(); range(0, 5, 2);
            plus(1); plus(1, 2); eval("1 + 1"); timestamp().elapsed;
        "#,
    );
    let said = agencysh(&["check", &script]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

/// A value of a type, as a signature names it.
fn dummy(of: &str) -> &'static str {
    match of.split(" | ").next().unwrap_or_default() {
        "string" => "\"x\"",
        "array" => "[]",
        "map" => "#{}",
        "integer" | "number" => "1",
        "boolean" => "true",
        _ => "()",
    }
}

#[test]
fn all_options_that_a_native_takes_are_known_to_check() {
    use agencysh::host::{Host, HostError, Permissions};
    use agencysh::natives::reference::reference;
    let host = Host::builder().permissions(Permissions::all()).build().unwrap();
    let mut tried = 0;
    let mut script = String::new();
    for doc in reference().iter().filter(|doc| !doc.is_method) {
        let (_, rest) = doc.signature.split_once('(').unwrap();
        let (parameters, _) = rest.rsplit_once(')').unwrap();
        let parameters: Vec<&str> = parameters.split(", ").collect();
        let Some(at) = parameters.iter().position(|one| one.starts_with("options")) else {
            continue;
        };
        let call = |options: &str| {
            let given = parameters[..at].iter().map(|one| match one.split_once(": ") {
                Some(("method", _)) => "\"GET\"",
                Some((_, of)) => dummy(of),
                None => "()",
            });
            let given: Vec<&str> = given.chain([options]).collect();
            format!("{}({});", doc.full_name(), given.join(", "))
        };
        // a native that knows no such option lists those that it knows
        let Err(HostError::Script(error)) = host.eval(&call("#{ zzzzzzzzzzzz: 1 }")) else {
            continue;
        };
        let Some((_, options)) = error.message.split_once("known options: ") else { continue };
        let keys: Vec<String> = options.split(", ").map(|key| format!("{key:?}: 1")).collect();
        script.push_str(&call(&format!("#{{ {} }}", keys.join(", "))));
        script.push('\n');
        tried += 1;
    }
    assert!(tried >= 10, "only {tried} natives with options");
    let folder = Folder::new();
    let said = agencysh(&["check", &folder.file("a.rhai", &script)]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{script}");
}

#[test]
fn modules_that_import_each_other_in_a_circle_are_found() {
    let folder = Folder::new();
    let first = folder.file("first.rhai", "import \"second\" as s;");
    folder.file("second.rhai", "import \"third\" as t;");
    folder.file("third.rhai", "import \"second\" as s;");
    let own = folder.file("own.rhai", "\nimport \"own\" as o;");
    for (script, line) in [(&first, 1), (&own, 2)] {
        let said = agencysh(&["check", script]);
        assert_eq!(said.code, Some(1), "{}", said.stderr);
        assert!(said.stderr.contains("error[import.cycle]"), "{}", said.stderr);
        assert!(said.stderr.contains(&format!("{script}:{line}:")), "{}", said.stderr);
    }
    // what a function imports is loaded when it is called; two ways to one module are no circle
    let lazy = folder.file("lazy.rhai", "import \"a\" as a; import \"b\" as b; a::f();");
    folder.file("a.rhai", "import \"b\" as b; fn f() { import \"lazy\" as l; }");
    folder.file("b.rhai", "export const X = 1;");
    let said = agencysh(&["check", &lazy]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}
