//! Whether anything of a group of processes still runs: what its leader has started may take longer to end than itself.

/// Whether a group, named by its leader's id, has nothing left that runs. Only Linux tells; elsewhere the leader's end
/// counts as everybody's.
#[cfg(target_os = "linux")]
pub(super) fn is_gone(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return true;
    };
    !processes
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
        })
        // One that ended meanwhile has no file any more.
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .any(|stat| runs_in(&stat, group))
}

/// The same elsewhere.
#[cfg(not(target_os = "linux"))]
#[cfg(unix)]
pub(super) fn is_gone(_: u32) -> bool {
    true
}

/// Whether `/proc/<id>/stat` is of a process of the group that runs. What ended and is not waited for stays as a zombie.
#[cfg(target_os = "linux")]
fn runs_in(stat: &str, group: u32) -> bool {
    // The program's name may hold anything, also a parenthesis.
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return false;
    };
    let mut fields = rest.split_whitespace();
    let state = fields.next();
    let of = fields.nth(1).and_then(|text| text.parse().ok());
    of == Some(group) && !matches!(state, Some("Z" | "X"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn processes_of_a_group() {
        assert!(runs_in("12 (sh) S 1 10 10 0", 10));
        assert!(runs_in("12 (a) Z (b) R 1 10 10 0", 10));
        assert!(!runs_in("12 (sh) Z 1 10 10 0", 10));
        assert!(!runs_in("12 (sh) S 10 11 11 0", 10));
        for torn in ["", "12 (sh", "12 (sh) S", "12 (sh) S 1 x"] {
            assert!(!runs_in(torn, 10));
        }
        assert!(is_gone(u32::MAX));
    }
}
