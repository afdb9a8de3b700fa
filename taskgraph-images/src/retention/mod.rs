//! Which published images are kept, and which go: a plan that a person reads before anything is done. Pure.
//!
//! ```text
//! Inventory (what was published)  ┐
//! Stock     (what providers hold) │
//! Usage     (who uses it)         ├─ Plan ─ reviewed by a person ─ agreed with a plan made anew ─▶ what is done
//! Policy    (how long)            ┘
//! ```
//!
//! Not knowing is no reason to delete. A plan is refused when there is nothing in the inventory, when much of what was
//! there is gone, and when a source of usage names nothing or could not be read. An image only ever goes one step further
//! each time a limit passes (keep, deprecate, disable, delete), counted from the first plan that saw it unused, so a
//! project that is missing for a day costs nothing.

mod agreed;
mod plan;
mod policy;
mod running;
mod strays;
#[cfg(test)]
mod tests;
mod text;
mod usage;

pub use agreed::{Agreed, agreed};
pub use plan::{Action, Item, Kept, Place, Plan, PlanError, Refusal};
pub use policy::Policy;
pub use running::images_of_pool;
pub use strays::{Stray, is_kept};
pub use usage::Usage;
