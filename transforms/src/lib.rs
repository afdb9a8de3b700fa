//! Turns resolved machine image definitions into Taskcluster task definitions.

pub mod definition;
mod error;
mod full;
mod graph;
mod json;
mod parameters;
mod payload;
mod quote;
mod shape;
mod task;
mod templates;
#[cfg(test)]
mod testing;
mod transforms;
pub mod verify;

pub use definition::*;
pub use error::{TransformError, TransformErrorKind};
pub use full::{ImageTasks, full_task_graph, kinds};
pub use graph::{GraphError, TaskGraph};
pub use parameters::Parameters;
pub use payload::*;
pub use shape::{Fingerprints, PayloadShape, WorkerShape, payload_fingerprint};
pub use task::*;
pub use templates::{KindTemplates, RenderError, TemplateError};
pub use verify::Violation;
