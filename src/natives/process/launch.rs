//! Starts a program.
//!
//! `posix_spawn` gives the child default handlers for all signals and an empty mask, whatever
//! this process ignores or blocks. It knows no working directory: on Linux a thread that has a
//! directory of its own starts the child. Where that is forbidden, the standard library does, and
//! signals that this process ignores stay ignored.

use std::collections::BTreeMap;
use std::ffi::{CString, NulError, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::SigSet;
use nix::unistd::Pid;

/// Where programs are looked for without a `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What is started, and how.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) directory: Option<PathBuf>,
    /// Standard input, output and error; the child shares ours where there is none.
    pub(super) streams: [Option<OwnedFd>; 3],
    pub(super) new_group: bool,
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error("'{program}' cannot be started")]
    Program { program: String, source: io::Error },
    #[error("'{program}' cannot be started in '{}'", directory.display())]
    Directory { program: String, directory: PathBuf, source: io::Error },
    #[error("a NUL character can be no part of a program's name, arguments or environment")]
    Nul(#[from] NulError),
}

impl Launch {
    /// Starts it; gives the number of the process.
    pub(super) fn start(&self) -> Result<i32, LaunchError> {
        let Some(directory) = &self.directory else {
            let image = self.image()?;
            return self.search(|path| self.spawn(path, &image));
        };
        let failed = |source| LaunchError::Directory {
            program: self.program.clone(),
            directory: directory.clone(),
            source,
        };
        let found = std::fs::metadata(directory).map_err(failed)?;
        if !found.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        // the thread's directory and mask end with it
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("agencysh-start".to_owned());
            let started = thread.spawn_scoped(scope, || {
                if has_own_directory() {
                    let image = self.image()?;
                    #[expect(clippy::disallowed_methods, reason = "it is this thread's own")]
                    std::env::set_current_dir(directory).map_err(failed)?;
                    return self.search(|path| self.spawn(path, &image));
                }
                self.search(|path| self.spawn_in(directory, path))
            });
            started.map_err(failed)?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Tries all places where the program may be, as a shell does.
    fn search(&self, mut start: impl FnMut(&Path) -> io::Result<i32>) -> Result<i32, LaunchError> {
        let mut failure = io::Error::from(Errno::ENOENT);
        for place in self.places() {
            match start(&place) {
                Ok(pid) => return Ok(pid),
                Err(error) => match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {}
                    // another folder may hold one that can be used
                    io::ErrorKind::PermissionDenied => failure = error,
                    _ => {
                        failure = error;
                        break;
                    }
                },
            }
        }
        Err(LaunchError::Program { program: self.program.clone(), source: failure })
    }

    fn places(&self) -> Vec<PathBuf> {
        if self.program.contains('/') {
            return vec![self.program.as_str().into()];
        }
        let path = self.environment.get(OsStr::new("PATH"));
        let path = path.map_or(OsStr::new(DEFAULT_PATH), OsString::as_os_str);
        let here = |folder: PathBuf| if folder == Path::new("") { ".".into() } else { folder };
        std::env::split_paths(path).map(|folder| here(folder).join(&self.program)).collect()
    }

    /// Words and environment as the system takes them.
    fn image(&self) -> Result<(Vec<CString>, Vec<CString>), NulError> {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        let words = words.map(|word| CString::new(word.as_str())).collect::<Result<_, _>>()?;
        let variable = |(name, value): (&OsString, &OsString)| {
            let mut entry = name.clone();
            entry.push("=");
            entry.push(value);
            CString::new(entry.into_vec())
        };
        Ok((words, self.environment.iter().map(variable).collect::<Result<_, _>>()?))
    }

    fn spawn(&self, path: &Path, image: &(Vec<CString>, Vec<CString>)) -> io::Result<i32> {
        let mut attributes = PosixSpawnAttr::init()?;
        let mut flags =
            PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
        attributes.set_sigdefault(&SigSet::all())?;
        attributes.set_sigmask(&SigSet::empty())?;
        if self.new_group {
            flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
            attributes.set_pgroup(Pid::from_raw(0))?;
        }
        attributes.set_flags(flags)?;
        let mut actions = PosixSpawnFileActions::init()?;
        for (stream, number) in self.streams.iter().zip(0..) {
            if let Some(stream) = stream {
                actions.add_dup2(stream.as_raw_fd(), number)?;
            }
        }
        let (words, environment) = image;
        let pid = posix_spawn(path, &actions, &attributes, words, environment)?;
        Ok(pid.as_raw())
    }

    /// The same by means of the standard library, on a thread that ends afterwards.
    fn spawn_in(&self, directory: &Path, path: &Path) -> io::Result<i32> {
        SigSet::empty().thread_set_mask()?;
        let mut command = Command::new(path);
        command
            .arg0(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(directory);
        if self.new_group {
            command.process_group(0);
        }
        let [input, output, errors] = &self.streams;
        let stdio = |stream: &Option<OwnedFd>| match stream {
            Some(stream) => stream.try_clone().map(Stdio::from),
            None => Ok(Stdio::inherit()),
        };
        command.stdin(stdio(input)?).stdout(stdio(output)?).stderr(stdio(errors)?);
        let child = command.spawn()?;
        i32::try_from(child.id()).map_err(io::Error::other)
    }
}

/// Gives the calling thread a working directory of its own, if the system does that.
fn has_own_directory() -> bool {
    #[cfg(target_os = "linux")]
    return nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS).is_ok();
    #[cfg(not(target_os = "linux"))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The output of `sh -c script` in `/`, started by the standard library.
    fn said(launch: Launch) -> String {
        let (mut reader, writer) = io::pipe().unwrap();
        let launch = Launch { streams: [None, Some(writer.into()), None], ..launch };
        let start = || launch.search(|path| launch.spawn_in(Path::new("/"), path));
        let pid = std::thread::scope(|scope| scope.spawn(start).join()).unwrap().unwrap();
        drop(launch);
        let mut text = String::new();
        io::Read::read_to_string(&mut reader, &mut text).unwrap();
        nix::sys::wait::waitpid(Pid::from_raw(pid), None).unwrap();
        text
    }

    #[test]
    fn p8_the_standard_library_starts_a_child_in_its_directory_as_well() {
        let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
        let script = "echo $0 $(pwd) $X; test $$ = $(cut -d ' ' -f 5 /proc/$$/stat) && echo own";
        let text = said(Launch {
            program: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: [("PATH".into(), path), ("X".into(), "x".into())].into(),
            directory: None,
            streams: [None, None, None],
            new_group: true,
        });
        assert_eq!(text, "sh / x\nown\n");
    }

    #[test]
    fn programs_are_looked_for_in_all_folders_of_the_path() {
        let places = |program: &str, path: Option<&str>| {
            let launch = Launch {
                program: program.to_owned(),
                arguments: Vec::new(),
                environment: path.map(|path| ("PATH".into(), path.into())).into_iter().collect(),
                directory: None,
                streams: [None, None, None],
                new_group: false,
            };
            launch
                .places()
                .iter()
                .map(|place| place.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(places("a", Some("/x::/y")), ["/x/a", "./a", "/y/a"]);
        assert_eq!(places("a", None), ["/usr/local/bin/a", "/usr/bin/a", "/bin/a"]);
        assert_eq!(places("./a", Some("/x")), ["./a"]);
    }
}
