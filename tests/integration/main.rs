//! temp
mod fleet;
