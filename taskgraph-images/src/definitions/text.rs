//! [`Parsed`]: words and names that check themselves, decoded with the place of what is wrong.

use std::fmt::Display;
use std::str::FromStr;

use schemars::{Schema, SchemaGenerator, json_schema};
use taskgraph_images_transforms::{
    AliasName, Arch, Cloud, Digest, Duration, EnvPrefix, Firmware, GithubApp, GithubRepository,
    ImageName, Implementation, IndexPath, Level, Os, Priority, ProvisionerId, SecretName,
    TrustDomain, VerifyMethod, WorkerType,
};

use crate::actions::Action;
use crate::diagnostic::{Diagnostic, nearest};
use crate::proposals::Group;
use crate::versions::Scheme;
use crate::yaml::{Decode, Decoder, Node};

/// A value that is read from text and checks itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parsed<T>(pub T);

/// What a [`Parsed`] type says about itself.
pub trait Text: FromStr<Err: Display> {
    /// The type's name in the schema.
    const NAME: &'static str;
    /// All legal words, where there are few.
    const WORDS: &'static [&'static str] = &[];
    /// An example, where any word of some form is legal.
    const EXAMPLE: &'static str = "";
}

impl<T: Text> Decode for Parsed<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let text = String::decode(node, decoder)?;
        match text.parse() {
            Ok(value) => Some(Self(value)),
            Err(error) => {
                let mut fault = Diagnostic::error("bad-value", error.to_string()).at(node.place());
                if let Some(near) = nearest(&text, T::WORDS.iter().copied()) {
                    fault = fault.hint(format!("did you mean `{near}`?"));
                }
                decoder.faults.push(fault);
                None
            }
        }
    }
}

impl<T: Text> schemars::JsonSchema for Parsed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        if T::WORDS.is_empty() {
            json_schema!({"type": "string", "examples": [T::EXAMPLE]})
        } else if T::WORDS.iter().all(|word| word.parse::<u32>().is_ok()) {
            let numbers: Vec<u32> = T::WORDS
                .iter()
                .filter_map(|word| word.parse().ok())
                .collect();
            json_schema!({"enum": numbers})
        } else {
            json_schema!({"enum": T::WORDS})
        }
    }
}

macro_rules! text {
    ($($name:ident $(= $example:literal)? $(in $words:expr)?;)*) => {
        $(impl Text for $name {
            const NAME: &'static str = stringify!($name);
            $(const EXAMPLE: &'static str = $example;)?
            $(const WORDS: &'static [&'static str] = $words;)?
        })*
    };
}

text! {
    Action in Self::WORDS;
    AliasName = "linux-builder";
    Arch in Self::WORDS;
    Cloud in Self::WORDS;
    Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    Duration = "30 minutes";
    EnvPrefix = "TASKGRAPH_IMAGES";
    Firmware in Self::WORDS;
    Group = "taskcluster";
    GithubApp = "example-bot";
    GithubRepository = "example/images";
    ImageName = "ubuntu-2404-headless";
    Implementation in Self::WORDS;
    IndexPath = "taskgraph-images";
    Level in &["1", "3"];
    Os in Self::WORDS;
    Priority in Self::WORDS;
    ProvisionerId = "taskgraph-images-3";
    Scheme in &["semver", "dotted", "date", "debian", "git", "opaque"];
    SecretName = "cloud/google";
    TrustDomain = "taskgraph-images";
    VerifyMethod in Self::WORDS;
    WorkerType = "image-builder";
}
