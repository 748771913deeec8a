//! Everything that parses foreign bytes, as one function each for fuzzing.
//!
//! Any bytes enter; whether they were accepted leaves. A parser that panics, or accepts what it would not write back
//! the same, is a defect. The targets in `fuzz/` and a test over mutated examples call these.

mod admin_request;
mod client;
mod connection;
mod cost;
mod engine;
mod exchange;
mod gateway;
mod journal;
mod liquidity;
mod marketdata;
mod model;
mod mutation;
mod operator;
mod program;
mod socket;
mod venue;
mod wire;

pub use mutation::mutated;

/// Mutations that an ordinary test tries on a parser.
const MUTATIONS: u64 = 200_000;
/// The same on one that takes its time: a socket, a file, a whole configuration.
const MUTATIONS_SLOW: u64 = 10_000;

/// One parser of foreign bytes.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// Its name, which is that of its fuzz target and of its corpus.
    pub name: &'static str,
    /// Parses any bytes, checks what it accepted, and tells whether it did.
    ///
    /// # Panics
    ///
    /// If the parser is defective.
    pub parse: fn(&[u8]) -> bool,
    /// Inputs that are accepted, for starting from.
    pub examples: fn() -> Vec<Vec<u8>>,
    /// How many mutations an ordinary test tries.
    pub mutations: u64,
}

impl Parser {
    const fn new(
        name: &'static str,
        parse: fn(&[u8]) -> bool,
        examples: fn() -> Vec<Vec<u8>>,
    ) -> Self {
        Self { name, parse, examples, mutations: MUTATIONS }
    }

    const fn slow(self) -> Self {
        Self { mutations: MUTATIONS_SLOW, ..self }
    }
}

/// All of them.
pub const PARSERS: [Parser; 28] = [
    Parser::new("command", model::command, model::commands),
    Parser::new("decimal", model::decimal, model::decimals),
    Parser::new("engine_snapshot", engine::snapshot, engine::snapshots),
    Parser::new("journal_segment", journal::segment, journal::segments),
    Parser::new("journal_snapshot", journal::snapshot, journal::snapshots),
    Parser::new("journal_acknowledged", journal::acknowledged, journal::acknowledged_marks),
    Parser::new("marketdata_snapshot", marketdata::snapshot, marketdata::snapshots),
    Parser::new("exchange_state", exchange::state, exchange::states),
    Parser::new("access_token", gateway::token, gateway::tokens),
    Parser::new("sealed_secret", gateway::sealed_secret, gateway::sealed_secrets),
    Parser::new("key_file", gateway::key_file, gateway::key_files).slow(),
    Parser::new("config", program::config, program::configs).slow(),
    Parser::new("connection", connection::bytes, connection::examples).slow(),
    Parser::new("direct_request", gateway::direct_request, gateway::direct_requests),
    Parser::new("order_body", wire::order_body, wire::order_bodies),
    Parser::new("number_text", wire::number_text, wire::number_texts),
    Parser::new("token_form", wire::token_form, wire::token_forms),
    Parser::new("query", wire::query, wire::queries),
    Parser::new("cancel_request", wire::cancel_request, wire::cancel_requests),
    Parser::new("stream_message", wire::stream_message, wire::stream_messages),
    Parser::new("headers", wire::headers, wire::header_values),
    Parser::new("answer", client::answer, client::answers),
    Parser::new("server_message", client::server_message, client::server_messages),
    Parser::new("client_decimal", client::client_decimal, client::client_decimals),
    Parser::new("recording", liquidity::recording, liquidity::recordings),
    Parser::new("faults_file", operator::faults_file, operator::faults_files).slow(),
    Parser::new("admin_body", operator::admin_body, operator::admin_bodies),
    Parser::new("admin_request", admin_request::bytes, admin_request::examples).slow(),
];

/// Runs the parser of a name, as a fuzz target does.
///
/// # Panics
///
/// If there is no such parser, it is defective, or it takes longer than an input may.
pub fn run(name: &str, bytes: &[u8]) {
    let parser = PARSERS.iter().find(|parser| parser.name == name);
    let parser = parser.expect("a parser of that name");
    cost::bounded(|| (parser.parse)(bytes));
}
