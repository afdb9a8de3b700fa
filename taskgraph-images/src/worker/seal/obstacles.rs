//! [`obstacles`]: what keeps an image from being made of a machine's disk, whatever is taken away.

use std::path::Path;

use super::Left;

/// The file systems that other machines share. What is removed there is gone for them, too.
const SHARED: [&str; 18] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "fuse.blobfuse2",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.goofys",
    "fuse.mountpoint-s3",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "virtiofs",
];

/// What keeps an image from being made of a machine's disk, of the file system below `root`. Nothing is changed.
pub fn obstacles(root: &Path) -> Vec<Left> {
    let mut found = shared(root);
    found.extend(swap(root));
    found
}

/// File systems of others.
pub(super) fn shared(root: &Path) -> Vec<Left> {
    let text = std::fs::read_to_string(root.join("proc/self/mounts")).unwrap_or_default();
    let found = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (folder, kind) = (words.next()?, words.next()?);
        SHARED.contains(&kind).then(|| Left {
            path: folder.into(),
            what: "a file system of other machines",
            why: format!("it is of the type `{kind}`, and what is removed there is gone for others: unmount it"),
        })
    });
    found.collect()
}

/// Memory that was written to the disk may hold secrets, and cannot be taken from it.
pub(super) fn swap(root: &Path) -> Vec<Left> {
    let text = std::fs::read_to_string(root.join("proc/swaps")).unwrap_or_default();
    let names = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        // Compressed memory is in memory.
        .filter(|name| !name.starts_with("/dev/zram"));
    names
        .map(|name| Left {
            path: name.into(),
            what: "swapped memory",
            why: "turn swap off in the image of the worker".to_owned(),
        })
        .collect()
}
