//! The published APIs of the exchange as typed JSON, one module per dialect, and the operator's API.
//!
//! What enters: the bytes of requests and responses as they travel. What leaves: typed requests
//! whose shape is already checked, typed responses that serialise exactly as the API documents
//! them, and the signing and verification of requests. A server and a client both use it.
//!
//! What it must not know: the vocabulary of the exchange (`openmart-model`), which markets or
//! accounts exist, HTTP libraries, clocks. Decimals are texts here, identifiers are `u64`, times
//! are `u64` milliseconds since 1970 UTC.

pub mod admin;
pub mod bitmart_v2;
