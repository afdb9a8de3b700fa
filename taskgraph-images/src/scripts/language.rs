//! [`Language`]: which scripts are read.

use crate::tree::TreePath;

/// A language that scripts are analysed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// POSIX shell and its descendants.
    Shell,
    /// PowerShell: scripts, modules and module manifests.
    PowerShell,
}

/// The language of a file, by its extension, else by its first line; nothing when it is no script we read.
pub fn language(path: &TreePath, content: &[u8]) -> Option<Language> {
    if let Some(extension) = path.extension() {
        for (known, language) in [
            ("sh", Language::Shell),
            ("bash", Language::Shell),
            ("ksh", Language::Shell),
            ("zsh", Language::Shell),
            ("ps1", Language::PowerShell),
            ("psm1", Language::PowerShell),
            ("psd1", Language::PowerShell),
        ] {
            if extension.eq_ignore_ascii_case(known) {
                return Some(language);
            }
        }
    }
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let line = content.strip_prefix(b"#!")?;
    let line = line.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.get(..256).unwrap_or(line)).ok()?;
    // `#!/usr/bin/env -S bash -e`: the first word that is neither `env`, an option nor an assignment.
    let interpreter = line
        .split_ascii_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    match interpreter {
        "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" | "mksh" => Some(Language::Shell),
        "pwsh" | "powershell" => Some(Language::PowerShell),
        _ => None,
    }
}
