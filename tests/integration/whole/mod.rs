//! Whole runs, as Taskcluster would have them: an event's decision creates tasks, and each is executed as its definition
//! says, by the program that its payload names, with the scopes that it holds and what the role `anonymous` adds. GitHub,
//! Taskcluster and a cloud are on loopback, repositories are real and bare, and what one task leaves is where the next one
//! looks for it.

/// What hostile input comes to.
mod attacks;
/// What is published and no longer used.
mod cleanup;
/// Google Cloud on loopback.
mod cloud;
/// Runs that are killed at each request.
mod killed;
/// What people do.
mod people;
/// Tasks that propose.
mod proposals;
/// One release, from pin to project.
mod release;
/// What roles may do.
mod roles;
/// What workers do.
mod worker;
/// Repositories, services, and what they hold at first.
mod world;

use world::{IMAGES, World};
