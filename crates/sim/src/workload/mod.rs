//! Streams of commands: [`random`] ones for finding disagreements.

pub mod random;
