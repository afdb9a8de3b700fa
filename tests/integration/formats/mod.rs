//! Repositories of other shapes, as the recipes that come with the program read them: which change affects what, and what
//! is said of bad input.

/// Builder files with Jinja templates.
mod builders;
/// Such a repository in its earlier years.
mod earlier;
/// Native definitions for what a recipe read.
mod import;
/// Junk in any file.
mod spoilt;
/// Fixtures, edited.
mod support;
/// The format's name, tasks, and what cannot be resolved.
mod tasks;
/// YAML files with defaults and templates of the repository.
mod templates;
