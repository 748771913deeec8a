//! Answers that were given before, to be given again.
//!
//! Only where the fresh answer is a good one, so that nobody sees what he may not see any more, or
//! never might.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use openmart_model::KeyId;

/// Bytes of answers that one rule keeps; with more, it forgets all of them.
const BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// What an answer takes beside its body, roughly.
const ANSWER_BYTES: usize = 1_024;

/// An answer as it was.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The last answers to each request.
#[derive(Debug)]
pub(super) struct Stale {
    behind: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_request: HashMap<(Option<KeyId>, String), VecDeque<Arc<Said>>>,
    bytes: usize,
}

impl Stale {
    pub(super) fn new(behind: u32) -> Self {
        Self { behind: behind as usize, kept: Mutex::default() }
    }

    /// Keeps a fresh answer, and gives the one so many answers before it; the oldest that there is
    /// if there are not as many, and nothing if it is the first.
    pub(super) fn exchange(
        &self,
        key: Option<KeyId>,
        request: &str,
        fresh: &Said,
    ) -> Option<Arc<Said>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let length = fresh.body.len() + ANSWER_BYTES;
        if kept.bytes + length > BYTES_MAX {
            *kept = Kept::default();
        }
        let answers = kept.by_request.entry((key, request.to_owned())).or_default();
        answers.push_back(Arc::new(fresh.clone()));
        let mut forgotten = 0;
        if answers.len() > self.behind + 1 {
            forgotten = answers.pop_front().map_or(0, |said| said.body.len() + ANSWER_BYTES);
        }
        let earlier = (answers.len() > 1).then(|| answers[0].clone());
        kept.bytes = kept.bytes + length - forgotten;
        earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        Said {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(text.to_owned()),
        }
    }

    #[test]
    fn an_answer_comes_back_so_many_answers_later() {
        let stale = Stale::new(2);
        let pass = |key, text: &str| {
            let earlier = stale.exchange(key, "/v2/wallet", &said(text));
            earlier.map(|said| String::from_utf8(said.body.to_vec()).unwrap())
        };
        let alice = Some(KeyId(1));
        assert_eq!(pass(alice, "a"), None);
        assert_eq!(pass(alice, "b").as_deref(), Some("a"));
        assert_eq!(pass(alice, "c").as_deref(), Some("a"));
        assert_eq!(pass(alice, "d").as_deref(), Some("b"));
        assert_eq!(pass(None, "x"), None, "nobody sees the answers of others");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let stale = Stale::new(1);
        let body = "x".repeat(1_000_000);
        for request in 0..200 {
            stale.exchange(None, &format!("/{request}"), &said(&body));
            let kept = stale.kept.lock().unwrap();
            let answers = kept.by_request.values().flatten();
            let bytes: usize = answers.map(|said| said.body.len() + ANSWER_BYTES).sum();
            assert!(bytes <= BYTES_MAX && bytes == kept.bytes);
        }
    }
}
