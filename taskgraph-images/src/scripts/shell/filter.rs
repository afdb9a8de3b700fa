//! Tells most scripts that read no other file apart from the rest, without parsing them.

/// Words that run a file, when they stand where a command's name does.
const READERS: [&str; 18] = [
    ".",
    "source",
    "sh",
    "bash",
    "dash",
    "ash",
    "ksh",
    "zsh",
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "pwsh",
    "powershell",
    "eval",
    "cd",
];
/// Words that another command's name may follow.
const PREFIXES: [&str; 26] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "sudo", "doas", "env",
    "exec", "command", "builtin", "nohup", "nice", "ionice", "timeout", "setsid", "stdbuf",
    "coproc", "export", "case", "in",
];
/// Text without which no path starts at the script or the repository.
const ANCHORS: [&str; 4] = ["$0", "${0", "BASH_SOURCE", "--show-toplevel"];

/// Whether a script may read other files. Errs towards yes.
pub(super) fn may_refer(text: &str) -> bool {
    if ANCHORS.iter().any(|anchor| text.contains(anchor)) || text.contains("taskgraph-images:") {
        return true;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    // Whether the next word may be a command's name, and whether that holds to the command's end.
    let (mut names, mut all) = (true, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\\' if matches!(bytes.get(at + 1), Some(b'\n' | b'\r')) => at += 2,
            b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'`' => {
                (names, all) = (true, false);
                at += 1;
            }
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(bytes.len() - at)
            }
            _ => {
                let start = at;
                while bytes
                    .get(at)
                    .is_some_and(|byte| !b" \t\r\n;&|()`".contains(byte))
                {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if names {
                    let word = &bytes[start..at.min(bytes.len())];
                    if is_suspect(word) {
                        return true;
                    }
                    let is_prefix = PREFIXES.iter().any(|prefix| prefix.as_bytes() == word);
                    all |= is_prefix;
                    names = all || is_assignment(word);
                }
            }
        }
    }
    false
}

fn is_suspect(word: &[u8]) -> bool {
    if is_assignment(word) {
        return false;
    }
    let bare = word
        .iter()
        .copied()
        .filter(|byte| *byte != b'"' && *byte != b'\'' && *byte != b'\\');
    let (mut length, mut expands) = (0, false);
    for byte in bare.clone() {
        if byte == b'/' {
            return true;
        }
        expands |= byte == b'$';
        length += 1;
    }
    // `$` alone is the beginning of `$(`.
    if expands && length > 1 {
        return true;
    }
    READERS
        .iter()
        .any(|reader| reader.len() == length && reader.bytes().eq(bare.clone()))
}

fn is_assignment(word: &[u8]) -> bool {
    word.iter()
        .position(|byte| *byte == b'=')
        .is_some_and(|at| {
            at > 0
                && word[..at]
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+[]".contains(byte))
        })
}
