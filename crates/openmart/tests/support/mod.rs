//! What the tests of the program share: running it, speaking HTTP to it, acting as an account.
#![allow(dead_code, reason = "each test program uses a part of this")]

pub(crate) mod account;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod trader;
