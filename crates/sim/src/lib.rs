//! What holds the exchange to its rules, and is never shipped with it.
//!
//! The [`oracle`] is a second, plain exchange written from `docs/rules.md` alone. The [`workload`]s
//! feed both it and the engine, as a [`pair`] that must agree. The [`parsers`] take bytes from
//! anybody and must not panic. The [`simulation`] moves a whole exchange step by step under faults. Nothing else in the workspace depends on this crate.

pub mod cancels;
mod counts;
pub mod disk;
pub mod environment;
pub mod http;
pub mod oracle;
pub mod pair;
pub mod parsers;
mod public_record;
pub mod random;
pub mod seeds;
pub mod simulation;
pub mod venue;
pub mod workload;
