//! `pins.yml`: external versions, declared once and used by reference.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use taskgraph_images_transforms::Digest;

use super::text::Parsed;
use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::{Decode, Decoder, Node, Phase, Spanned, record};

record! {
    /// The external versions that definitions use as `{{pins.<name>.value}}`.
    pub struct PinsFile {
        /// Pins by name.
        #[schemars(default)]
        pub pins / "pins": BTreeMap<String, Spanned<Pin>>,
    }
}

record! {
    /// An external version.
    pub struct Pin {
        /// The version, revision or name that is used.
        pub value / "value": Spanned<String>,
        /// SHA-256 of what is downloaded, by asset: `{{pins.<name>.sha256.<asset>}}`.
        #[schemars(default)]
        pub sha256 / "sha256": BTreeMap<String, Parsed<Digest>>,
        /// Where it comes from, for the reader.
        pub source / "source": Option<String>,
        /// Why it is held at this version.
        pub reason / "reason": Option<String>,
        /// When to look at it again: a date, `2027-03-01`.
        pub review / "review": Option<String>,
    }
}

/// The pins of a tree.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// Pins by name, and where each was written.
    pub pins: BTreeMap<String, Spanned<Pin>>,
    context: Json,
}

impl Pins {
    /// The pins as templates see them.
    pub(super) fn context(&self) -> &Json {
        &self.context
    }

    /// Where a pin was written.
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.pins.get(name).map(|pin| &pin.place)
    }
}

/// Reads the pins from the file's node.
pub(super) fn resolve(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Pins> {
    let mut decoder = Decoder::new(Phase::Resolved);
    let file = PinsFile::decode(node, &mut decoder);
    faults.append(&mut decoder.faults);
    let pins = file?.pins;
    let context = pins
        .iter()
        .map(|(name, pin)| {
            let sha256: BTreeMap<&str, &str> = pin
                .value
                .sha256
                .iter()
                .map(|(asset, digest)| (asset.as_str(), digest.0.as_str()))
                .collect();
            (
                name.clone(),
                json!({"value": pin.value.value.value, "sha256": sha256}),
            )
        })
        .collect();
    Some(Pins {
        pins,
        context: Json::Object(context),
    })
}
