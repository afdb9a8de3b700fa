//! [`Role`]: how a file goes into an image.

use std::fmt;

use serde::Serialize;

/// How one thing goes into another: the label of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The file that defines the image. Counts by the values that the image resolves to.
    Definition,
    /// A fragment that the definition extends. Counts by values.
    Extends,
    /// The pins. Count by the values that the image names.
    Pin,
    /// A Packer template. Counts by what it means for the image.
    Template,
    /// A file of values for a Packer template. Counts by what the template makes of it.
    VarFile,
    /// A provisioning script.
    Script,
    /// A file that is put onto the image.
    Upload,
    /// A file that a template reads while the image is built.
    ReadByTemplate,
    /// The Dockerfile.
    Dockerfile,
    /// The rules that leave files out of a container's context. Count by what they leave.
    IgnoreFile,
    /// A file that a Dockerfile copies.
    Context,
    /// A check.
    Check,
    /// Declared under `inputs`.
    Declared,
    /// Code that runs on the machine that builds.
    Host,
    /// It lies in an uploaded folder, but the image does not use it. Counts for nothing.
    Travels,
    /// A script reads it as part of itself.
    SourcedBy,
    /// A script imports it as a module.
    ImportedBy,
    /// A script runs it.
    RunBy,
    /// A script names it.
    NamedBy,
    /// A symbolic link leads to it, or it is a link on the way.
    LinkTarget,
    /// The image that this one is built from.
    Parent,
    /// The task before this one.
    Stage,
    /// The values that the definition resolves to.
    Values,
    /// The worker alias that the task runs on.
    Worker,
    /// What the rendered task runs.
    Payload,
    /// The settings, or a kind's template. Count by what they mean for the task.
    Settings,
}

/// Whether a file counts by its bytes or by what is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Any change of the file's content or mode counts.
    Bytes,
    /// Only what the image resolves to counts; a comment does not.
    Values,
    /// No change of it counts.
    Nothing,
}

impl Role {
    /// Whether a file in this role counts by its bytes.
    pub fn counts(self) -> Where {
        match self {
            Self::Definition
            | Self::Extends
            | Self::Pin
            | Self::Template
            | Self::VarFile
            | Self::IgnoreFile
            | Self::Settings => Where::Values,
            Self::Travels => Where::Nothing,
            _ => Where::Bytes,
        }
    }

    /// The role's name in JSON and text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Extends => "extends",
            Self::Pin => "pin",
            Self::Template => "template",
            Self::VarFile => "var-file",
            Self::Script => "script",
            Self::Upload => "upload",
            Self::ReadByTemplate => "read-by-template",
            Self::Dockerfile => "dockerfile",
            Self::IgnoreFile => "ignore-file",
            Self::Context => "context",
            Self::Check => "check",
            Self::Declared => "declared",
            Self::Host => "host",
            Self::Travels => "travels",
            Self::SourcedBy => "sourced-by",
            Self::ImportedBy => "imported-by",
            Self::RunBy => "run-by",
            Self::NamedBy => "named-by",
            Self::LinkTarget => "link-target",
            Self::Parent => "parent",
            Self::Stage => "stage",
            Self::Values => "values",
            Self::Worker => "worker",
            Self::Payload => "payload",
            Self::Settings => "settings",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
