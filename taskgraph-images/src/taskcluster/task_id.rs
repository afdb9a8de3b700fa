//! [`TaskId`]: a slugid, checked when it is made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The id of a task or a task group: a version 4 UUID in 22 characters of URL-safe base 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(String);

/// Some text is no task id; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no task id: expected 22 characters, such as `fN1SbArXTPSVFNUvaOlinQ`")]
pub struct TaskIdError(String);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl TaskId {
    /// The id that a task derives for another by a name: equal inputs, equal ids, however often it is asked.
    ///
    /// This is what makes a task that creates others repeatable. Ids are spread as random ones are, and none starts
    /// with `-`, which a command line would take for an option.
    pub fn derive(parent: &Self, name: &str) -> Self {
        let mut hasher = Sha256::new();
        // A parent's id has a fixed length, so no two pairs run together.
        hasher.update(b"taskgraph-images task id v1\0");
        hasher.update(parent.0.as_bytes());
        hasher.update(name.as_bytes());
        let digest = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // The version and variant of a random UUID; and the first bit, as slugid's `nice` has it.
        bytes[0] &= 0x7f;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let bits = u128::from_be_bytes(bytes);
        let text = (0..22)
            .map(|place| {
                let six = if place == 21 {
                    bits << 4
                } else {
                    bits >> (122 - 6 * place)
                };
                char::from(ALPHABET[(six & 63) as usize])
            })
            .collect();
        Self(text)
    }

    /// An id that no task has, for graphs that are only looked at.
    pub fn placeholder() -> Self {
        Self("AAAAAAAAQACAAAAAAAAAAA".to_owned())
    }

    /// The id's 16 bytes as lower case hexadecimal digits, for places that know no capitals.
    pub fn to_hex(&self) -> String {
        let value = |letter: u8| ALPHABET.iter().position(|known| *known == letter);
        let bits = self.0.bytes().take(21).fold(0_u128, |bits, letter| {
            bits << 6 | value(letter).unwrap_or_default() as u128
        });
        // Of the last letter only the first two bits count.
        let last = self.0.bytes().last().and_then(value).unwrap_or_default() as u128;
        format!("{:032x}", bits << 2 | last >> 4)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = TaskIdError;

    /// Takes what the queue takes: `^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`.
    fn from_str(text: &str) -> Result<Self, TaskIdError> {
        let bytes = text.as_bytes();
        let legal = bytes.len() == 22
            && bytes.iter().all(|byte| ALPHABET.contains(byte))
            && b"QRST".contains(&bytes[8])
            && b"CGKOSWaeimquy26-".contains(&bytes[10])
            && b"AQgw".contains(&bytes[21]);
        if legal {
            Ok(Self(text.to_owned()))
        } else {
            Err(TaskIdError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for TaskId {
    type Error = TaskIdError;

    fn try_from(text: String) -> Result<Self, TaskIdError> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_legal_and_apart() {
        let parent: TaskId = "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..2000 {
            let id = TaskId::derive(&parent, &format!("build-{number}"));
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
            assert!(!id.as_str().starts_with('-'));
            assert!(seen.insert(id));
        }
        let placeholder = TaskId::placeholder();
        assert_eq!(placeholder.as_str().parse(), Ok(placeholder.clone()));
        // It never changes: a decision that runs again with a newer program finds its tasks.
        assert_eq!(
            TaskId::derive(&parent, "build-a-aws").as_str(),
            "MI4fzTfDT02OrM_EEwTp_w"
        );
    }

    #[test]
    fn only_slugids_are_ids() {
        for text in [
            "",
            "fN1SbArXTPSVFNUvaOlin",
            "fN1SbArXTPSVFNUvaOlinQQ",
            "fN1SbArXAPSVFNUvaOlinQ",
            "fN1SbArXTPSVFNUvaOlin/",
            "fN1SbArXTPBVFNUvaOlinQ",
            "fN1SbArXTPSVFNUvaOlinB",
        ] {
            assert!(text.parse::<TaskId>().is_err(), "{text:?}");
        }
    }
}
