//! Parts of a dump on their way to the disk, and the whole they become.
//!
//! Each part is packed into a temporary file of its own beside the dump, so that agents can be asked at the
//! same time. The whole is put together from the packed parts and takes its name only when it is complete.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tempfile::{NamedTempFile, TempDir};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::options::{Packing, Place};

const BUFFER: usize = 128 * 1024;

/// The place of a dump in the making.
pub(super) struct Workshop {
    packing: Packing,
    folder: PathBuf,
    /// The dump itself, when it is a folder.
    staged: Option<TempDir>,
}

/// A part in the making.
pub(super) enum Part {
    Zip(Box<ZipWriter<BufWriter<File>>>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
    Plain(BufWriter<NamedTempFile>),
}

/// A complete part.
pub(super) enum Packed {
    Zip(File),
    Gzip(File),
    Plain(NamedTempFile),
}

/// A part with its name in the dump.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) is_json: bool,
    pub(super) packed: Packed,
}

impl Workshop {
    /// Begins a dump that will be in `folder`, which is made if it is missing.
    pub(super) fn open(folder: &Path, packing: Packing) -> io::Result<Self> {
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        std::fs::create_dir_all(folder)?;
        let staged = match packing {
            Packing::Folder => Some(hidden(0o777).tempdir_in(folder)?),
            _ => None,
        };
        Ok(Self { packing, folder: folder.to_owned(), staged })
    }

    /// Begins a part.
    pub(super) fn part(&self) -> io::Result<Part> {
        let file = || {
            Ok::<_, io::Error>(BufWriter::with_capacity(
                BUFFER,
                tempfile::tempfile_in(&self.folder)?,
            ))
        };
        Ok(match self.packing {
            Packing::Zip => {
                let mut writer = ZipWriter::new(file()?);
                writer.start_file("part", zip_options().large_file(true))?;
                Part::Zip(Box::new(writer))
            }
            Packing::Gzip => Part::Gzip(Box::new(GzEncoder::new(file()?, Compression::fast()))),
            Packing::Folder => {
                let folder = self.staged.as_ref().map_or(&*self.folder, TempDir::path);
                Part::Plain(BufWriter::with_capacity(BUFFER, hidden(0o666).tempfile_in(folder)?))
            }
        })
    }

    /// A part that is at hand.
    pub(super) fn whole(&self, text: &[u8]) -> io::Result<Packed> {
        let mut part = self.part()?;
        part.write_all(text)?;
        part.finish()
    }

    /// Puts the dump together and into its place; tells where that is.
    ///
    /// # Errors
    /// `AlreadyExists` when the place is taken and no other will do.
    pub(super) fn finish(self, parts: Vec<Named>, place: &Place) -> io::Result<PathBuf> {
        match self.packing {
            Packing::Zip => {
                let mut staged = hidden(0o666).tempfile_in(&self.folder)?;
                zip(parts, staged.as_file_mut())?;
                put_file(staged, place, self.packing)
            }
            Packing::Gzip => {
                let mut staged = hidden(0o666).tempfile_in(&self.folder)?;
                gzip(parts, staged.as_file_mut())?;
                put_file(staged, place, self.packing)
            }
            Packing::Folder => {
                let Some(staged) = self.staged else { return Err(ErrorKind::NotFound.into()) };
                for part in parts {
                    let Packed::Plain(file) = part.packed else { continue };
                    file.persist_noclobber(staged.path().join(&part.name))
                        .map_err(|error| error.error)?;
                }
                put_folder(staged, place)
            }
        }
    }
}

impl Part {
    pub(super) fn finish(self) -> io::Result<Packed> {
        Ok(match self {
            Self::Zip(writer) => Packed::Zip(into_file(writer.finish()?)?),
            Self::Gzip(encoder) => Packed::Gzip(into_file(encoder.finish()?)?),
            Self::Plain(file) => {
                Packed::Plain(file.into_inner().map_err(io::IntoInnerError::into_error)?)
            }
        })
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zip(writer) => writer.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Plain(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hidden(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    // what the umask leaves of it, as for anything new
    builder.prefix(".agencydump-").permissions(Permissions::from_mode(mode));
    builder
}

fn zip_options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .unix_permissions(0o644)
}

fn into_file(writer: BufWriter<File>) -> io::Result<File> {
    let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Copies what is packed already.
fn zip(parts: Vec<Named>, file: &mut File) -> io::Result<()> {
    let mut writer = ZipWriter::new(BufWriter::with_capacity(BUFFER, file));
    for Named { name, packed, .. } in parts {
        let Packed::Zip(part) = packed else { continue };
        let mut part = ZipArchive::new(part)?;
        writer.raw_copy_file_rename(part.by_index_raw(0)?, name)?;
    }
    writer.finish()?.flush()
}

/// One object with a member for each part: compressed texts one after the other are a compressed text.
fn gzip(parts: Vec<Named>, file: &mut File) -> io::Result<()> {
    let mut separator = "{\n";
    for Named { name, is_json, packed } in parts {
        let Packed::Gzip(mut part) = packed else { continue };
        let key = format!("{separator}{}: ", serde_json::Value::from(name));
        separator = ",\n";
        compressed(file, key.as_bytes())?;
        if is_json {
            io::copy(&mut part, file)?;
            continue;
        }
        quote(MultiGzDecoder::new(part), file)?;
    }
    compressed(file, if separator == "{\n" { b"{}\n" } else { b"\n}\n" })
}

/// Compresses a text as a JSON string, piece by piece; bytes that are no text become the sign for that.
fn quote(mut text: impl Read, file: &mut File) -> io::Result<()> {
    let mut encoder = GzEncoder::new(file, Compression::fast());
    encoder.write_all(b"\"")?;
    let (mut buffer, mut kept) = (vec![0; BUFFER], 0);
    loop {
        let read = text.read(&mut buffer[kept..])?;
        let piece = &buffer[..kept + read];
        // a character may lie across the end of the piece
        let cut = match std::str::from_utf8(piece) {
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            _ => piece.len(),
        };
        let quoted = serde_json::Value::from(String::from_utf8_lossy(&piece[..cut])).to_string();
        encoder.write_all(&quoted.as_bytes()[1..quoted.len() - 1])?;
        let whole = piece.len();
        if read == 0 {
            break;
        }
        buffer.copy_within(cut..whole, 0);
        kept = whole - cut;
    }
    encoder.write_all(b"\"")?;
    encoder.finish().map(|_| ())
}

fn compressed(file: &mut File, text: &[u8]) -> io::Result<()> {
    let mut encoder = GzEncoder::new(file, Compression::fast());
    encoder.write_all(text)?;
    encoder.finish().map(|_| ())
}

fn put_file(mut staged: NamedTempFile, place: &Place, packing: Packing) -> io::Result<PathBuf> {
    for target in names(place, packing) {
        match staged.persist_noclobber(&target) {
            Ok(_) => return Ok(target),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => staged = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn put_folder(staged: TempDir, place: &Place) -> io::Result<PathBuf> {
    for target in names(place, Packing::Folder) {
        if target.symlink_metadata().is_ok() {
            continue;
        }
        // a folder with anything in it is not replaced
        match std::fs::rename(staged.path(), &target) {
            Ok(()) => {
                // it is no temporary folder any more
                let _ = staged.keep();
                return Ok(target);
            }
            Err(error) if target.symlink_metadata().is_err() => return Err(error),
            Err(_) => {}
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// The names that a dump may have, the best first.
fn names(place: &Place, packing: Packing) -> Box<dyn Iterator<Item = PathBuf> + '_> {
    match place {
        Place::Exactly(path) => Box::new(std::iter::once(path.clone())),
        Place::Folder { folder, stem } => {
            let ending = packing.ending();
            let later =
                (1..100_000_u32).map(move |number| folder.join(format!("{stem}_{number}{ending}")));
            Box::new(std::iter::once(folder.join(format!("{stem}{ending}"))).chain(later))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let amount = self.0.len().min(buffer.len()).min(3);
            buffer[..amount].copy_from_slice(&self.0[..amount]);
            self.0 = &self.0[amount..];
            Ok(amount)
        }
    }

    #[test]
    fn texts_are_quoted_whatever_is_in_them() {
        for text in [
            &b""[..],
            b"plain \"text\"\n",
            "z\u{fc}rich \u{1f600} \u{e9}".as_bytes(),
            b"a\xffb\xc3",
        ] {
            let mut file = tempfile::tempfile().unwrap();
            quote(Slow(text), &mut file).unwrap();
            file.seek(SeekFrom::Start(0)).unwrap();
            let found: String = serde_json::from_reader(MultiGzDecoder::new(file)).unwrap();
            assert_eq!(found, String::from_utf8_lossy(text));
        }
    }
}
