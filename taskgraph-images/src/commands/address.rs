//! The address of a repository on the web, as `.taskcluster.yml` compares it.

use taskgraph_images::tree::Repository;

/// A repository's address: `https://HOST/…`, without `.git` and without a slash at its end.
///
/// It is written into files and compared letter by letter, so nothing that needs quoting is part of it.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let path = text.strip_prefix("https://").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let is_address = parts.len() >= 3
        && path.chars().all(plain)
        && parts.iter().all(|part| !part.is_empty())
        && !path.ends_with(".git");
    if is_address {
        Ok(text.to_owned())
    } else {
        Err("expected `https://HOST/OWNER/NAME`, without `.git` or `/` at its end".to_owned())
    }
}

/// The address of the remote `origin`, if it has one on the web.
pub(super) fn origin(repository: &Repository) -> Option<String> {
    let origin = repository.origin()?;
    let trimmed = origin.trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed);
    let address = match trimmed.strip_prefix("git@") {
        Some(rest) => format!("https://{}", rest.replacen(':', "/", 1)),
        None => trimmed.replacen("ssh://git@", "https://", 1),
    };
    parse(&address).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses() {
        for good in ["https://github.com/o/r", "https://git.example.org/a/b/c.d"] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "https://github.com/o",
            "https://github.com/o/r/",
            "https://github.com/o/r.git",
            "https://github.com//r",
            "http://github.com/o/r",
            "https://me@github.com/o/r",
            "https://github.com/o/r\n",
            "https://github.com/o/${r}",
            "git@github.com:o/r",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
