//! [`SecretFile`]: files with secrets that are written onto machines, as a YAML list of paths and values.

use crate::diagnostic::Diagnostic;
use crate::tree::TreePath;
use crate::yaml::{self, Decode as _, Decoder, Phase, record};

record! {
    /// A file that is written onto a machine.
    pub struct SecretFile {
        /// What it is called, for people.
        pub name / "name": Option<String>,
        /// Where it goes.
        pub path / "path": String,
        /// What it holds.
        pub value / "value": String,
    }
}

/// Reads a list of files. `path` is what faults call it.
///
/// # Errors
/// Every fault. None of them holds a value.
pub fn read(path: &TreePath, content: &[u8]) -> Result<Vec<SecretFile>, Vec<Diagnostic>> {
    let node = yaml::read(path, content)?;
    let mut decoder = Decoder::new(Phase::Resolved);
    let files = Vec::decode(&node, &mut decoder);
    match files {
        Some(files) if decoder.faults.is_empty() => Ok(files),
        _ => Err(decoder.faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_paths_and_values() {
        let read = |text: &str| read(&TreePath::from_git("secrets.yml"), text.as_bytes());
        let files =
            read("- {name: a, path: /etc/a, value: \"not-a-token\\n\"}\n- {path: /b, value: 1}\n")
                .unwrap();
        assert_eq!(files[0].value, "not-a-token\n");
        assert_eq!(files[1].path, "/b");
        let faults = read("- {path: /etc/a}\n- {value: not-a-token}\n").unwrap_err();
        let words: Vec<&str> = faults.iter().map(|fault| &*fault.message).collect();
        insta::assert_snapshot!(words.join("\n"), @r#"
        the key `value` is missing
        the key `path` is missing
        "#);
    }
}
