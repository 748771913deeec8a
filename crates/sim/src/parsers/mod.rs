//! Everything that parses foreign bytes, as one function each for fuzzing.
//!
//! Any bytes enter; whether they were accepted leaves. A parser that panics, or accepts what it would not write back
//! the same, is a defect. The targets in `fuzz/` and a test over mutated examples call these.

mod engine;
mod exchange;
mod gateway;
mod journal;
mod marketdata;
mod model;
mod mutation;
mod wire;

pub use mutation::mutated;

/// One parser of foreign bytes.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// Its name, which is that of its fuzz target.
    pub name: &'static str,
    /// Parses any bytes, checks what it accepted, and tells whether it did.
    ///
    /// # Panics
    ///
    /// If the parser is defective.
    pub parse: fn(&[u8]) -> bool,
    /// Inputs that are accepted, for starting from.
    pub examples: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const PARSERS: [Parser; 17] = [
    Parser { name: "command", parse: model::command, examples: model::commands },
    Parser { name: "decimal", parse: model::decimal, examples: model::decimals },
    Parser { name: "engine_snapshot", parse: engine::snapshot, examples: engine::snapshots },
    Parser { name: "journal_segment", parse: journal::segment, examples: journal::segments },
    Parser { name: "journal_snapshot", parse: journal::snapshot, examples: journal::snapshots },
    Parser {
        name: "journal_acknowledged",
        parse: journal::acknowledged,
        examples: journal::acknowledged_marks,
    },
    Parser {
        name: "marketdata_snapshot",
        parse: marketdata::snapshot,
        examples: marketdata::snapshots,
    },
    Parser { name: "exchange_state", parse: exchange::state, examples: exchange::states },
    Parser { name: "access_token", parse: gateway::token, examples: gateway::tokens },
    Parser {
        name: "direct_request",
        parse: gateway::direct_request,
        examples: gateway::direct_requests,
    },
    Parser { name: "order_body", parse: wire::order_body, examples: wire::order_bodies },
    Parser { name: "number_text", parse: wire::number_text, examples: wire::number_texts },
    Parser { name: "token_form", parse: wire::token_form, examples: wire::token_forms },
    Parser { name: "query", parse: wire::query, examples: wire::queries },
    Parser { name: "cancel_request", parse: wire::cancel_request, examples: wire::cancel_requests },
    Parser { name: "stream_message", parse: wire::stream_message, examples: wire::stream_messages },
    Parser { name: "headers", parse: wire::headers, examples: wire::header_values },
];

/// Runs the parser of a name, as a fuzz target does.
///
/// # Panics
///
/// If there is no such parser, or it is defective.
pub fn run(name: &str, bytes: &[u8]) {
    let parser = PARSERS.iter().find(|parser| parser.name == name);
    (parser.expect("a parser of that name").parse)(bytes);
}
