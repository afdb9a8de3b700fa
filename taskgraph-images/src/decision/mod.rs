//! The decision: from an event to the tasks that are created for it.
//!
//! ```text
//! Event ─ DecisionParameters     what is known of the event, under Taskgraph's names
//!         Targets                the tasks that it asks for, with why
//! index ─ Lookups ─ Optimized    kept, replaced or removed, each with its reason
//!         Plan                   ids, resolved references, dates
//!         scopes                 what creating them needs, against what is held
//! queue ─ create                 the only stage that writes to the world
//!         artifacts              what other tools read
//! ```
//!
//! All but the two that name a service are pure. A decision may run again at any point: ids are derived from the
//! decision task's id and the label, so what an earlier run created is found and left as it is.

pub mod artifacts;
pub mod create;
pub mod event;
pub mod graphs;
pub mod lookup;
pub mod optimize;
pub mod parallel;
pub mod parameters;
pub mod plan;
pub mod report;
pub mod request;
pub mod scopes;
pub mod target;
#[cfg(test)]
pub(crate) mod testing;
