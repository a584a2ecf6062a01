//! Where the standard streams of a child lead.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rhai::{Dynamic, Map};

use super::super::argument::wrong_type;
use super::super::files::failed;
use super::super::{Last, NativeContext, NativeError, NativeResult, Options};

/// Where one stream of a child leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stream {
    /// Where ours leads.
    Inherit,
    /// Nowhere.
    Null,
    /// To the script.
    Pipe,
    /// To a file.
    File { path: PathBuf, append: bool },
}

impl Stream {
    /// The option of this name, if it is given.
    pub(super) fn read(options: &Options<'_>, key: &str) -> NativeResult<Option<Self>> {
        options.value(key).map(|value| Self::parse(key, value)).transpose()
    }

    fn parse(key: &str, value: &Dynamic) -> NativeResult<Self> {
        if let Some(file) = value.read_lock::<Map>() {
            let file = Options::new(&file, &["file", "append"])?;
            let Some(path) = file.string("file")? else {
                return Err(NativeError::bad_parameter(format!("option '{key}' names no file")));
            };
            return Ok(Self::File { path: path.into(), append: file.bool("append", false)? });
        }
        let what = format!("option '{key}'");
        let wanted = "\"inherit\", \"pipe\", \"null\" or a map with a file";
        match value.clone().into_immutable_string() {
            Err(_) => Err(wrong_type(&what, wanted, value)),
            Ok(word) => match word.as_str() {
                "inherit" => Ok(Self::Inherit),
                "null" => Ok(Self::Null),
                "pipe" => Ok(Self::Pipe),
                _ => Err(NativeError::bad_parameter(format!("{what} must be {wanted}"))),
            },
        }
    }
}

/// The streams of a child, and our ends of its pipes, which do not block.
#[derive(Debug)]
pub(super) struct Streams {
    /// For the child; it shares ours where there is none.
    pub(super) child: [Option<OwnedFd>; 3],
    pub(super) input: Option<PipeWriter>,
    pub(super) output: Option<PipeReader>,
    /// Only where output and errors are kept apart.
    pub(super) errors: Option<PipeReader>,
}

impl Streams {
    /// Opens input, output and errors. Where both of the latter lead to the script, they share
    /// one pipe unless they are to be kept `apart`.
    pub(super) fn open(
        run: &NativeContext,
        [input, output, errors]: &[Stream; 3],
        apart: bool,
    ) -> NativeResult<Self> {
        let mut ours = Self { child: [None, None, None], input: None, output: None, errors: None };
        ours.child[0] = match input {
            Stream::Pipe => {
                let (reader, writer) = pipe()?;
                ours.input = Some(without_blocking(writer)?);
                Some(reader.into())
            }
            Stream::File { append: true, .. } => {
                return Err(NativeError::bad_parameter("nothing can be appended to 'stdin'"));
            }
            other => opened(run, other, OpenOptions::new().read(true))?,
        };
        for (at, stream) in [(1, output), (2, errors)] {
            ours.child[at] = match (stream, &ours.child[1]) {
                (Stream::Pipe, Some(shared)) if at == 2 && *output == Stream::Pipe && !apart => {
                    Some(shared.try_clone().map_err(no_stream)?)
                }
                (Stream::Pipe, _) => {
                    let (reader, writer) = pipe()?;
                    let reader = Some(without_blocking(reader)?);
                    match apart && at == 2 {
                        true => ours.errors = reader,
                        false => ours.output = reader,
                    }
                    Some(writer.into())
                }
                (Stream::File { append, .. }, _) => {
                    let mut options = OpenOptions::new();
                    opened(
                        run,
                        stream,
                        options.create(true).append(*append).truncate(!append).write(true),
                    )?
                }
                (other, _) => opened(run, other, OpenOptions::new().write(true))?,
            };
        }
        Ok(ours)
    }
}

fn opened(
    run: &NativeContext,
    stream: &Stream,
    options: &mut OpenOptions,
) -> NativeResult<Option<OwnedFd>> {
    match stream {
        Stream::File { path, .. } => {
            open(&run.usable_path(path, Last::Followed)?, options).map(Some)
        }
        Stream::Null => open(Path::new("/dev/null"), options).map(Some),
        Stream::Inherit | Stream::Pipe => Ok(None),
    }
}

/// A named pipe without anybody at its other end must not hold up the script; the child waits as
/// it is used to.
fn open(path: &Path, options: &mut OpenOptions) -> NativeResult<OwnedFd> {
    let doing = "opening";
    let file: File =
        options.custom_flags(nix::libc::O_NONBLOCK).open(path).map_err(failed(doing, path))?;
    rustix::io::ioctl_fionbio(&file, false).map_err(|errno| failed(doing, path)(errno.into()))?;
    Ok(file.into())
}

fn pipe() -> NativeResult<(PipeReader, PipeWriter)> {
    io::pipe().map_err(no_stream)
}

fn without_blocking<T: AsFd>(end: T) -> NativeResult<T> {
    rustix::io::ioctl_fionbio(&end, true).map_err(|errno| no_stream(errno.into()))?;
    Ok(end)
}

fn no_stream(error: io::Error) -> NativeError {
    NativeError::arango("process.no_stream", 2, format!("cannot make a pipe: {error}"))
}
