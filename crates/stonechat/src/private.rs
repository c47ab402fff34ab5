//! Files of the user's that are nobody else's business.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

/// More than such a file has, in bytes.
const MOST: u64 = 4 << 20;

/// A file as it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) text: Zeroizing<Vec<u8>>,
    /// Who may read and change it, as for chmod.
    pub(crate) mode: u32,
}

impl Content {
    /// Whether others may read or change it.
    pub(crate) fn is_open_to_others(&self) -> bool {
        self.mode & 0o077 != 0
    }
}

/// What is in a file; `None` where there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Content>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Of what was opened, so that nobody can put another in its place between.
    let mode = file.metadata()?.mode() & 0o777;
    let mut text = Zeroizing::new(Vec::new());
    (&mut file).take(MOST).read_to_end(&mut text)?;
    Ok(Some(Content { text, mode }))
}

/// Puts something in the place of what was there before, wholly or not at all, also when the machine goes down meanwhile; it is on the
/// disk then. Nobody else may read it.
pub(crate) fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    make_folder(path)?;
    let new = path.with_extension("new");
    // What is left over may have been made by somebody else, with rights of its own.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    out.write_all(text)?;
    // Before it has the name: with that alone on the disk, nothing would be in it.
    out.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Makes the folder of a file.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| DirBuilder::new().recursive(true).mode(0o700).create(folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/file.json");
        assert_eq!(read(&path).unwrap(), None);
        for text in ["one", "two"] {
            write(&path, text.as_bytes()).unwrap();
        }
        let content = read(&path).unwrap().unwrap();
        assert_eq!((content.text.as_slice(), content.mode), (&b"two"[..], 0o600));
        assert!(!content.is_open_to_others());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap().unwrap().is_open_to_others());
        // What somebody has prepared is not written into.
        fs::write(path.with_extension("new"), "").unwrap();
        fs::set_permissions(path.with_extension("new"), fs::Permissions::from_mode(0o666)).unwrap();
        write(&path, b"three").unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        write(&path, b"one").unwrap();
        fs::create_dir(path.with_extension("new")).unwrap();
        write(&path, b"two").unwrap_err();
        assert_eq!(read(&path).unwrap().unwrap().text.as_slice(), b"one");
        write(&path.join("below"), b"three").unwrap_err();
    }
}
