//! `pins.yml`: external versions, declared once and used by reference.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use taskgraph_images_transforms::{Digest, Duration};

use super::text::Parsed;
use crate::datasources::Source;
use crate::diagnostic::{Diagnostic, Place};
use crate::proposals::Group;
use crate::versions::{Constraint, Scheme};
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
        /// Whether the value is only a name for what is newest: each build takes the version that its datasource has then, and
        /// tells it in the manifest.
        pub floats / "floats": Option<bool>,
        /// SHA-256 of what is downloaded, by asset: `{{pins.<name>.sha256.<asset>}}`.
        #[schemars(default)]
        pub sha256 / "sha256": BTreeMap<String, Parsed<Digest>>,
        /// Where it comes from, for the reader.
        pub source / "source": Option<String>,
        /// Where newer versions are looked for.
        pub datasource / "datasource": Option<Spanned<Datasource>>,
        /// How its versions are ordered, where the datasource may have any: `semver`, `dotted`, `date`, `debian`, `git`,
        /// `opaque`.
        pub scheme / "scheme": Option<Parsed<Scheme>>,
        /// The versions that it may go to: `^88`, `>=1.2, <2`, or the start of one, such as `26100.`.
        pub constraint / "constraint": Option<String>,
        /// How long a version must have been out before it is proposed; three days if absent.
        pub cool_down / "cool-down": Option<Parsed<Duration>>,
        /// Whether prereleases are proposed.
        pub prereleases / "prereleases": Option<bool>,
        /// What it is proposed with: pins of one group go together. Its own name if absent.
        pub group / "group": Option<Parsed<Group>>,
        /// Why it is held at this version.
        pub reason / "reason": Option<String>,
        /// When to look at it again: a date, `2027-03-01`.
        pub review / "review": Option<String>,
    }
}

/// Where newer versions of a pin are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datasource(pub Source);

impl Decode for Datasource {
    const LITERAL: bool = true;

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match Source::from_json(node.to_json()) {
            Ok(source) => Some(Self(source)),
            Err(why) => {
                decoder.fault("datasource", node, why);
                None
            }
        }
    }
}

impl schemars::JsonSchema for Datasource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Datasource".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Source>()
    }
}

/// The pins of a tree.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// Pins by name, and where each was written.
    pub pins: BTreeMap<String, Spanned<Pin>>,
    context: Json,
}

impl Pin {
    /// Whether each build takes what is newest.
    pub fn is_floating(&self) -> bool {
        self.floats == Some(true)
    }

    /// How its versions are ordered, and which of them it may go to; nothing if no datasource is named.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub fn order(&self) -> Result<Option<(Scheme, Constraint)>, String> {
        let Some(datasource) = &self.datasource else {
            return Ok(None);
        };
        let declared = self.scheme.as_ref().map(|scheme| scheme.0);
        let scheme = match (declared, datasource.value.0.scheme()) {
            (Some(declared), Some(of_source)) if declared != of_source => {
                return Err(format!(
                    "its `scheme` is `{declared}`, and its datasource has versions of the scheme `{of_source}`"
                ));
            }
            (Some(scheme), _) | (None, Some(scheme)) => scheme,
            (None, None) => {
                return Err(
                    "it names no `scheme`, and its datasource may have versions of any".to_owned(),
                );
            }
        };
        let constraint = match &self.constraint {
            Some(text) => Constraint::parse(scheme, text).map_err(|error| error.to_string())?,
            None => Constraint::none(scheme),
        };
        Ok(Some((scheme, constraint)))
    }

    /// Why it cannot float, if it should and cannot.
    fn fault(&self) -> Option<&'static str> {
        if !self.is_floating() {
            None
        } else if self.datasource.is_none() {
            Some("it floats, and no `datasource` says what is newest")
        } else if !self.sha256.is_empty() {
            Some("it floats, so nobody knows the `sha256` of what a build takes")
        } else {
            None
        }
    }
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
    for (name, pin) in &pins {
        if let Some(why) = pin.value.fault() {
            let fault = Diagnostic::error("floating-pin", format!("the pin `{name}`: {why}"));
            faults.push(fault.at(pin.place.clone()));
        }
        if let Err(why) = pin.value.order() {
            let fault = Diagnostic::error("unordered-pin", format!("the pin `{name}`: {why}"));
            faults.push(fault.at(pin.place.clone()));
        }
    }
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
