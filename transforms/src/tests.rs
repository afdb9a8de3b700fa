//! Tests of whole graphs: what they look like, what Taskcluster makes of them, and laws that hold for all of them.

mod attack;
mod fingerprints;
mod laws;
mod oracle;
mod quoting;
mod schemas;
mod snapshots;
