//! Tasks on this machine: what a worker does with a task's payload, as far as one machine without a worker can.
//!
//! A task's definition, as the queue has it, is read ([`LocalTask`]); its mounts are put into a folder of its own
//! ([`mounts`]); its commands run there ([`execute`]); what its payload's rules name is collected into a folder laid out
//! like the queue ([`Place`]). Several run in the order of what they need ([`schedule`]), and what is done already is
//! told by the records that they leave ([`record`]).
//!
//! A container is none here: what would run in one runs on this machine itself.

mod artifacts;
pub mod execute;
pub mod mounts;
mod payload;
mod place;
pub mod record;
pub mod schedule;

pub use payload::{Command, Content, LocalTask, Mount, PayloadError, Rule, Worker};
pub use place::Place;
