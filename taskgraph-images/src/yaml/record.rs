//! [`record!`]: a struct, its decoder and its JSON schema from one list of fields.

/// Declares a struct whose fields are the keys of a YAML map (kebab-case), with its [`Decode`](super::Decode) and
/// its JSON schema. The doc comments become the schema's descriptions, which editors show.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident / $key:literal: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* #[schemars(rename = $key)] pub $field: $type,)*
        }

        impl $crate::yaml::Decode for $name {
            fn decode(node: &$crate::yaml::Node, decoder: &mut $crate::yaml::Decoder) -> Option<Self> {
                let fields = &mut $crate::yaml::Fields::new(node, decoder)?;
                // All fields are decoded before any is asked for, so that every fault is noted.
                $(let $field = fields.field::<$type>($key, decoder);)*
                fields.finish(decoder);
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}
pub(crate) use record;
