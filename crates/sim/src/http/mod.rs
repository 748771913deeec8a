//! An HTTP client and a server process for measuring and testing: connections that are kept, signed
//! requests as bytes, and the program on a core of its own.
//!
//! What enters: an address, or where the program is. What leaves: answers. Nothing here judges them
//! beyond their form.

mod connection;
mod requests;
mod server;

pub use connection::{Answer, Answers, Connection, SECOND_ADDRESS};
pub use requests::{ALICE, BOB, Key, Signer, delete, now_ms};
pub use server::Server;
