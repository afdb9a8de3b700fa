//! What runs inside of the tasks: on a worker, or the same by hand. Decided here, and done by `commands/`.

pub mod build;
pub mod head;
pub mod mask;
pub mod packer;
pub mod process;
mod signals;
pub mod store;
pub mod task;
