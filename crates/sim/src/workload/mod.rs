//! Streams of commands: [`random`] ones for finding disagreements, one fixed order [`flow`] for
//! measuring.

pub mod flow;
mod mersenne;
pub mod random;
