//! The reference of all natives, read from the documentation in their sources.

use rhai::Engine;

use super::{NAMESPACES, legacy};

/// The documentation of one native; each part as its source states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NativeDoc {
    /// The namespace, such as `fs`.
    pub namespace: String,
    /// The name inside the namespace, such as `read`.
    pub name: String,
    /// How a script author types it, such as `fs::read(path: string) -> string`.
    pub signature: String,
    /// One line on what it does.
    pub summary: String,
    /// What it takes.
    pub arguments: String,
    /// The units of numbers and times.
    pub units: String,
    /// The kinds of errors it raises.
    pub errors: String,
    /// What stood for it in arangosh.
    pub legacy: String,
    /// A script that a test runs.
    pub example: String,
    /// Whether it is a method of a value instead of a function of the namespace.
    pub is_method: bool,
}

impl NativeDoc {
    /// The whole name, such as `fs::read`.
    pub fn full_name(&self) -> String {
        format!("{}::{}", self.namespace, self.name)
    }

    /// Reads the documentation out of the comment above a function.
    pub fn parse(namespace: &str, name: &str, comment: &str) -> Self {
        let comment: Vec<&str> = comment
            .lines()
            .map(|line| line.trim_start().trim_start_matches("///"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        let mut doc =
            Self { namespace: namespace.to_owned(), name: name.to_owned(), ..Self::default() };
        let mut part = Part::Summary;
        for line in comment {
            if line.trim_start().starts_with("```") {
                part = if part == Part::Example { Part::After } else { Part::Example };
                continue;
            }
            if part == Part::Example {
                doc.example.push_str(line);
                doc.example.push('\n');
                continue;
            }
            let mut text = line.trim();
            if doc.signature.is_empty() && text.starts_with('`') && text.contains('(') {
                text.trim_matches('`').clone_into(&mut doc.signature);
                continue;
            }
            for (label, labelled) in LABELS {
                if let Some(rest) = text.strip_prefix(label) {
                    part = *labelled;
                    text = rest.trim_start();
                }
            }
            doc.append(part, text);
        }
        doc.is_method = !doc.signature.starts_with(&format!("{namespace}::"));
        doc
    }

    fn append(&mut self, part: Part, text: &str) {
        let target = match part {
            Part::Summary => &mut self.summary,
            Part::Arguments => &mut self.arguments,
            Part::Units => &mut self.units,
            Part::Errors => &mut self.errors,
            Part::Legacy => &mut self.legacy,
            Part::Example | Part::After => return,
        };
        if !target.is_empty() && !text.is_empty() {
            target.push(' ');
        }
        target.push_str(text);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Summary,
    Arguments,
    Units,
    Errors,
    Legacy,
    Example,
    After,
}

const LABELS: &[(&str, Part)] = &[
    ("Arguments:", Part::Arguments),
    ("Units:", Part::Units),
    ("Errors:", Part::Errors),
    ("Legacy:", Part::Legacy),
];

/// The documentation of all natives, sorted by namespace and name.
///
/// Overloads of one name share one entry: the documentation of the overload that carries it.
pub fn reference() -> Vec<NativeDoc> {
    let mut engine = Engine::new_raw();
    add_documented(&mut engine);
    let read = |info: rhai::FuncInfo| {
        let comment = info.metadata.comments.join("\n");
        Some(NativeDoc::parse(&info.namespace, &info.metadata.name, &comment))
    };
    let mut docs = engine.collect_fn_metadata(None, read, false);
    merge_overloads(&mut docs);
    docs
}

/// The constants of a namespace, sorted; `None` when there is no such namespace.
pub fn constants(namespace: &str) -> Option<Vec<String>> {
    let mut parts = NAMESPACES.iter().filter(|(name, _)| *name == namespace).peekable();
    parts.peek()?;
    let names = parts.flat_map(|(_, manifest)| {
        let module = rhai::Module::from_manifest(manifest);
        module.iter_var().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Some(names)
}

/// The natives with their documentation, for an engine that is asked about them and runs nothing.
pub fn add_documented(engine: &mut Engine) {
    for parts in NAMESPACES.chunk_by(|(one, _), (other, _)| one == other) {
        let mut module = rhai::Module::new();
        for (_, manifest) in parts {
            module.combine_manifest(manifest);
        }
        if let Some((name, _)) = parts.first() {
            module.build_index();
            engine.register_static_module(*name, module.into());
        }
    }
}

/// Sorts by namespace and name, and keeps of several functions of one name the documented one.
pub fn merge_overloads(docs: &mut Vec<NativeDoc>) {
    docs.sort_by(|a, b| {
        let key =
            |doc: &NativeDoc| (doc.namespace.clone(), doc.name.clone(), doc.summary.is_empty());
        key(a).cmp(&key(b))
    });
    docs.dedup_by(|later, kept| later.namespace == kept.namespace && later.name == kept.name);
}

/// Those of `docs` whose name is `text`; else those that stand for this name of arangosh; else
/// those where either contains it.
pub fn find<'a>(docs: &'a [NativeDoc], text: &str) -> Vec<&'a NativeDoc> {
    let wanted = text.trim().to_lowercase();
    let named: Vec<&NativeDoc> =
        docs.iter().filter(|doc| doc.full_name() == wanted || doc.name == wanted).collect();
    if !named.is_empty() {
        return named;
    }
    let owners = legacy::owners(docs, text);
    if !owners.is_empty() || legacy::fate(text).is_some() {
        return owners;
    }
    // a method as it is called
    let called = wanted.replacen('.', "::", 1);
    if let Some(method) = docs.iter().find(|doc| doc.is_method && doc.full_name() == called) {
        return vec![method];
    }
    let near = |doc: &&NativeDoc| {
        doc.full_name().contains(&wanted) || doc.legacy.to_lowercase().contains(&wanted)
    };
    docs.iter().filter(near).collect()
}
