//! [`Archive`]: a tar archive of files, as machines unpack it: owned by root, of no time, so that the same files give the
//! same bytes.

use std::io::{self, Write};

/// The size of a tar archive's blocks.
const BLOCK: usize = 512;
/// Where a header's fields stand.
const NAME: std::ops::Range<usize> = 0..100;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const PREFIX: std::ops::Range<usize> = 345..500;

/// A tar archive that is being written.
#[derive(Debug)]
pub struct Archive<W> {
    out: W,
}

impl<W: Write> Archive<W> {
    /// An archive without files.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a file. Its folders are made where it is unpacked.
    ///
    /// # Errors
    /// When it cannot be written, or the path is too long for the format.
    pub fn add(&mut self, path: &str, is_executable: bool, content: &[u8]) -> io::Result<()> {
        let path = path.trim_start_matches('/');
        let (prefix, name) = split(path).ok_or_else(|| {
            let words = format!("the path `{path}` is too long for an archive");
            io::Error::new(io::ErrorKind::InvalidInput, words)
        })?;
        let mut header = [0_u8; BLOCK];
        let mut put =
            |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(NAME.start, name);
        put(100, if is_executable { "0000755" } else { "0000644" });
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", content.len()));
        put(136, "00000000000");
        put(156, "0");
        put(257, "ustar\u{0}00");
        put(265, "root");
        put(297, "root");
        put(PREFIX.start, prefix);
        // The sum is made as if it were blank itself.
        header[CHECKSUM].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[CHECKSUM].copy_from_slice(format!("{sum:06o}\u{0} ").as_bytes());
        self.out.write_all(&header)?;
        self.out.write_all(content)?;
        let rest = content.len().next_multiple_of(BLOCK) - content.len();
        self.out.write_all(&[0; BLOCK][..rest])
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A path as the format holds it: a folder and a name, if it is too long for a name.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME.len() {
        return Some(("", path));
    }
    path.match_indices('/')
        .map(|(at, _)| (&path[..at], &path[at + 1..]))
        .find(|(prefix, name)| prefix.len() <= PREFIX.len() && name.len() <= NAME.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, bool, &str)]) -> Vec<u8> {
        let mut archive = Archive::new(Vec::new());
        for (path, is_executable, content) in files {
            archive
                .add(path, *is_executable, content.as_bytes())
                .unwrap();
        }
        archive.finish().unwrap()
    }

    #[test]
    fn an_archive_has_whole_blocks() {
        let bytes = archive(&[("files/etc/a", false, "one\n"), ("/files/b", true, "")]);
        assert_eq!(bytes.len(), BLOCK * 5);
        assert_eq!(&bytes[257..262], b"ustar");
        assert_eq!(
            bytes,
            archive(&[("files/etc/a", false, "one\n"), ("files/b", true, "")])
        );
    }

    #[test]
    fn long_paths_are_split_and_longer_ones_refused() {
        let folder = "f".repeat(120);
        assert_eq!(split(&format!("{folder}/x")), Some((folder.as_str(), "x")));
        let long = "n".repeat(101);
        assert!(Archive::new(Vec::new()).add(&long, false, b"").is_err());
    }

    /// The format, as a program of this machine has it.
    #[cfg(unix)]
    #[test]
    fn tar_unpacks_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.tar");
        let long = format!("files/{}/{}", "d".repeat(90), "n".repeat(90));
        std::fs::write(
            &file,
            archive(&[("files/etc/a", true, "one\n"), (&long, false, "two")]),
        )
        .unwrap();
        let status = std::process::Command::new("tar")
            .args(["-x", "-C"])
            .arg(folder.path())
            .arg("-f")
            .arg(&file)
            .arg("--strip-components=1")
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(
            std::fs::read(folder.path().join("etc/a")).unwrap(),
            b"one\n"
        );
        let long = long.strip_prefix("files/").unwrap();
        assert_eq!(std::fs::read(folder.path().join(long)).unwrap(), b"two");
    }
}
