//! [`Mask`]: keeps secrets out of what is written.

/// What must not be shown.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Longest first, so that no part of a longer one is left.
    secrets: Vec<String>,
}

/// The shortest text that is masked: shorter ones are in any output, and would tell more by their absence.
const SHORTEST: usize = 4;
/// What stands in the place of a secret.
const SHOWN: &str = "[secret]";

impl Mask {
    /// Masks some texts, and each of their lines: output is masked line by line.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for secret in secrets {
            let lines = secret.as_ref().lines().map(str::trim);
            all.extend(
                lines
                    .filter(|line| line.len() >= SHORTEST)
                    .map(str::to_owned),
            );
        }
        all.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { secrets: all }
    }

    /// A line without secrets, also where they are quoted for JSON.
    pub fn apply(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for secret in &self.secrets {
            if line.contains(secret.as_str()) {
                line = line.replace(secret.as_str(), SHOWN);
            }
            let quoted = serde_json::Value::from(secret.as_str()).to_string();
            let quoted = &quoted[1..quoted.len() - 1];
            if quoted != secret && line.contains(quoted) {
                line = line.replace(quoted, SHOWN);
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let mask = Mask::new(["not-a-real-key", "not-a-real-key-2\nsecond \"line\"", "ab"]);
        assert_eq!(
            mask.apply("x not-a-real-key-2 second \\\"line\\\" second \"line\" ab"),
            "x [secret] [secret] [secret] ab"
        );
    }
}
