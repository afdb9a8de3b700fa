//! [`Word`]: how the types of other modules look in the manifest's JSON schema.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use taskgraph_images_transforms::{Arch, Cloud, Digest, ImageId, Level, Os};

use crate::taskcluster::{TaskId, Timestamp};

/// A value of some type as JSON shows it.
pub(super) struct Word<T>(PhantomData<T>);

/// A type whose values are words.
pub(super) trait Shape {
    /// Its name in the schema.
    const NAME: &'static str;

    /// What its words look like.
    fn shape() -> Schema;
}

impl<T: Shape> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::shape()
    }
}

macro_rules! shapes {
    ($($type:ty, $name:literal, $shape:tt;)+) => {
        $(impl Shape for $type {
            const NAME: &'static str = $name;

            fn shape() -> Schema {
                json_schema!($shape)
            }
        })+
    };
}

shapes! {
    Arch, "Arch", {"enum": Arch::WORDS};
    Cloud, "Cloud", {"enum": Cloud::WORDS};
    Os, "Os", {"enum": Os::WORDS};
    Level, "Level", {"enum": [1, 3]};
    Digest, "Digest", {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256"};
    ImageId, "ImageId", {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}@[a-z]+$", "description": "name@cloud"};
    TaskId, "TaskId", {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"};
    Timestamp, "Timestamp", {"type": "string", "format": "date-time"};
}
