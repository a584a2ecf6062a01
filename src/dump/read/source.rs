//! The files in a dump, however it is packed.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::super::DumpError;
use super::super::manifest;
use crate::document::{Document, DocumentError, GoOn, View};

/// Documents have no numbers for positions beyond.
const LONGEST: u64 = u32::MAX as u64;

/// What a dump is packed in.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Zip(Vec<String>),
    Folder(Vec<String>),
    /// One object with a member for each file.
    Members(Document),
    /// A recording that is no set of files.
    Plain(Document),
}

enum Form {
    Folder,
    Zip,
    Gzip,
    Plain,
}

fn form(path: &Path) -> io::Result<Form> {
    if path.metadata()?.is_dir() {
        return Ok(Form::Folder);
    }
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(match head[..] {
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Form::Zip,
        [0x1f, 0x8b, ..] => Form::Gzip,
        _ => Form::Plain,
    })
}

pub(super) fn is_packed(path: &Path) -> bool {
    form(path).is_ok_and(|form| !matches!(form, Form::Plain))
}

impl Source {
    pub(super) fn open(path: &Path, go_on: GoOn<'_>) -> Result<Self, DumpError> {
        let unreadable = |source| DumpError::Unreadable { path: path.to_owned(), source };
        let source = match form(path).map_err(unreadable)? {
            Form::Folder => {
                let mut names = Vec::new();
                for entry in std::fs::read_dir(path).map_err(unreadable)? {
                    names.push(
                        entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned(),
                    );
                }
                names.sort_unstable();
                Self::Folder(names)
            }
            Form::Zip => {
                let archive = open_zip(path)?;
                Self::Zip(
                    archive
                        .file_names()
                        .filter_map(Result::ok)
                        .map(|name| name.into_owned())
                        .collect(),
                )
            }
            Form::Gzip => {
                let file = File::open(path).map_err(unreadable)?;
                let text = read(path, MultiGzDecoder::new(BufReader::new(file)))?;
                let document = parse(path, "content", text, go_on)?;
                match document.member(manifest::NAME) {
                    Some(_) => Self::Members(document),
                    None => Self::Plain(document),
                }
            }
            Form::Plain => {
                let text = read(path, File::open(path).map_err(unreadable)?)?;
                let document =
                    Document::from_bytes(text, go_on).map_err(|error| no_dump(path, error))?;
                match document.member(manifest::NAME) {
                    Some(_) => Self::Members(document),
                    None => Self::Plain(document),
                }
            }
        };
        let is_empty = match &source {
            Self::Zip(names) | Self::Folder(names) => {
                !names.iter().any(|name| name == manifest::NAME || name.starts_with("agency"))
            }
            Self::Plain(document) => !matches!(document.view(), View::Object | View::Array),
            Self::Members(_) => false,
        };
        match is_empty {
            true => {
                let reason = "nothing in it is what dumps have".to_owned();
                Err(DumpError::NoDump { path: path.to_owned(), reason })
            }
            false => Ok(source),
        }
    }

    /// The recording, if it is one.
    pub(super) fn plain(&self) -> Option<&Document> {
        match self {
            Self::Plain(document) => Some(document),
            _ => None,
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Zip(names) | Self::Folder(names) => names.clone(),
            Self::Members(document) => document.keys().map(str::to_owned).collect(),
            Self::Plain(_) => Vec::new(),
        }
    }

    /// The text of a file; `None` when there is none of this name.
    pub(super) fn text(&self, path: &Path, name: &str) -> Result<Option<Vec<u8>>, DumpError> {
        Ok(match self {
            Self::Zip(names) if names.iter().any(|found| found == name) => {
                let mut archive = open_zip(path)?;
                let file = archive.by_name(name).map_err(|error| bad_zip(path, error))?;
                Some(read(path, file)?)
            }
            Self::Folder(names) if names.iter().any(|found| found == name) => {
                let file = File::open(path.join(name));
                let file =
                    file.map_err(|source| DumpError::Unreadable { path: path.join(name), source })?;
                Some(read(path, file)?)
            }
            Self::Members(document) => {
                document.member(name).map(|part| serde_json::to_vec(&part).unwrap_or_default())
            }
            Self::Zip(_) | Self::Folder(_) | Self::Plain(_) => None,
        })
    }

    /// A file as a document; `None` when there is none of this name.
    pub(super) fn document(
        &self,
        path: &Path,
        name: &str,
        go_on: GoOn<'_>,
    ) -> Result<Option<Document>, DumpError> {
        if let Self::Members(document) = self {
            return Ok(document.member(name));
        }
        self.text(path, name)?.map(|text| parse(path, name, text, go_on)).transpose()
    }
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, DumpError> {
    let file = File::open(path);
    let file = file.map_err(|source| DumpError::Unreadable { path: path.to_owned(), source })?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| bad_zip(path, error))
}

fn bad_zip(path: &Path, error: ZipError) -> DumpError {
    match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => {
            DumpError::Unreadable { path: path.to_owned(), source }
        }
        other => DumpError::NoDump { path: path.to_owned(), reason: other.to_string() },
    }
}

/// Reads all of something that does not tell how long it is.
fn read(path: &Path, from: impl Read) -> Result<Vec<u8>, DumpError> {
    let mut text = Vec::new();
    let read =
        from.take(LONGEST + 1).read_to_end(&mut text).map_err(|source| match source.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                DumpError::NoDump { path: path.to_owned(), reason: source.to_string() }
            }
            _ => DumpError::Unreadable { path: path.to_owned(), source },
        })?;
    if read as u64 > LONGEST {
        let reason = format!("a part of it is longer than {LONGEST} bytes");
        return Err(DumpError::NoDump { path: path.to_owned(), reason });
    }
    Ok(text)
}

fn parse(path: &Path, part: &str, text: Vec<u8>, go_on: GoOn<'_>) -> Result<Document, DumpError> {
    Document::from_bytes(text, go_on).map_err(|source| DumpError::Malformed {
        path: path.to_owned(),
        part: part.to_owned(),
        source,
    })
}

/// A text that is no JSON is no dump.
fn no_dump(path: &Path, error: DocumentError) -> DumpError {
    let path = path.to_owned();
    match error {
        DocumentError::Stopped => {
            DumpError::Malformed { path, part: "content".to_owned(), source: error }
        }
        other => DumpError::NoDump { path, reason: other.to_string() },
    }
}
