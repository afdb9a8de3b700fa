//! What runs inside of the tasks: on a worker, or the same by hand. Decided here, and done by `commands/`.

pub mod archive;
pub mod build;
pub mod dependencies;
#[cfg(unix)]
mod group;
pub mod head;
pub mod machine;
pub mod mask;
pub mod packer;
pub mod process;
pub mod remove;
pub mod seal;
pub mod secrets_file;
pub mod signals;
pub mod store;
pub mod task;
pub mod verify;
