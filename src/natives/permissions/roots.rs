//! The folders that a script may use files in.
//!
//! A path is followed as the system would follow it, link by link, before anything is done; what is
//! used then is the path that came out, which holds no link and no `..`. So neither leads out
//! of a root. Who can change folders at the same moment from outside is not kept from anything.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Links that are followed before a path counts as a circle, as on Linux.
const MOST_LINKS: usize = 40;

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// What a link at its end leads to.
    Followed,
    /// The entry itself, be it a link.
    Entry,
}

/// Folders, with everything below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Adds a folder that exists.
    pub(super) fn add(&mut self, folder: &Path) -> io::Result<()> {
        let folder = folder.canonicalize()?;
        if !folder.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.0.push(folder);
        Ok(())
    }

    /// Where `path` leads, when that is below one of the roots or `also`.
    pub(super) fn inside(
        &self,
        path: &Path,
        last: Last,
        also: Option<&Path>,
    ) -> io::Result<Option<PathBuf>> {
        let real = real(path, last)?;
        let roots = self.0.iter().map(PathBuf::as_path).chain(also);
        Ok(roots.into_iter().any(|root| real.starts_with(root)).then_some(real))
    }
}

/// The absolute path without links and `..`; what does not exist yet is kept as it is named.
pub(in crate::natives) fn real(path: &Path, last: Last) -> io::Result<PathBuf> {
    let mut open: Vec<OsString> = Vec::new();
    let push = |open: &mut Vec<OsString>, path: &Path| {
        open.extend(path.components().rev().map(|part| part.as_os_str().to_owned()));
    };
    push(&mut open, &std::path::absolute(path)?);
    // a slash at the end asks for what a link leads to
    let slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let (mut real, mut links) = (PathBuf::new(), 0);
    while let Some(part) = open.pop() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => {
                real.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            _ => real.push(&part),
        }
        if open.is_empty() && last == Last::Entry && !slash {
            break;
        }
        let is_link = std::fs::symlink_metadata(&real).is_ok_and(|data| data.is_symlink());
        if is_link {
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from_raw_os_error(nix::errno::Errno::ELOOP as i32));
            }
            let target = std::fs::read_link(&real)?;
            real.pop();
            push(&mut open, &target);
        }
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Tree {
        folder: tempfile::TempDir,
        roots: Roots,
    }

    fn tree() -> Tree {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("root/sub")).unwrap();
        std::fs::create_dir_all(folder.path().join("root-sibling")).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        let mut roots = Roots::default();
        roots.add(&folder.path().join("root")).unwrap();
        Tree { folder, roots }
    }

    impl Tree {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn takes(&self, name: &str, last: Last) -> bool {
            self.roots.inside(&self.path(name), last, None).unwrap().is_some()
        }
    }

    #[test]
    fn what_is_below_a_root_is_inside() {
        let tree = tree();
        for name in ["root", "root/", "root/sub/new", "root/sub/../x", "root/none/of/these"] {
            assert!(tree.takes(name, Last::Followed), "{name}");
        }
    }

    #[test]
    fn neither_dots_nor_a_longer_name_lead_out() {
        let tree = tree();
        for name in
            ["secret", "root/../secret", "root/none/../../secret", "root-sibling/x", "root/.."]
        {
            assert!(!tree.takes(name, Last::Followed), "{name}");
        }
    }

    #[test]
    fn links_do_not_lead_out() {
        let tree = tree();
        symlink(tree.path("secret"), tree.path("root/link")).unwrap();
        symlink("../../secret", tree.path("root/sub/relative")).unwrap();
        symlink(tree.path("not-there"), tree.path("root/dangling")).unwrap();
        symlink(tree.folder.path(), tree.path("root/up")).unwrap();
        for name in
            ["root/link", "root/sub/relative", "root/dangling", "root/up/secret", "root/up/new"]
        {
            assert!(!tree.takes(name, Last::Followed), "{name}");
        }
        assert!(tree.takes("root/link", Last::Entry), "the link itself is inside");
        assert!(!tree.takes("root/up/secret", Last::Entry), "its folder is not");
        assert!(!tree.takes("root/up/", Last::Entry), "a slash follows the link");
    }

    #[test]
    fn links_inside_are_followed() {
        let tree = tree();
        symlink("sub", tree.path("root/alias")).unwrap();
        let found = tree.roots.inside(&tree.path("root/alias/file"), Last::Followed, None).unwrap();
        assert_eq!(
            found.unwrap(),
            tree.path("root/sub/file")
                .canonicalize()
                .unwrap_or(tree.folder.path().canonicalize().unwrap().join("root/sub/file"))
        );
    }

    #[test]
    fn a_circle_of_links_is_an_error() {
        let tree = tree();
        symlink("b", tree.path("root/a")).unwrap();
        symlink("a", tree.path("root/b")).unwrap();
        assert!(tree.roots.inside(&tree.path("root/a"), Last::Followed, None).is_err());
    }
}
