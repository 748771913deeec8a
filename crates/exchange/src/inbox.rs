//! Answers to many commands of one caller in one place, without a channel for each.
//!
//! A caller submits commands with numbers of his own choice; the sequencing thread puts the answers
//! in, and the caller takes all there are at once. He is woken once, however many came together.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::SubmitError;
use crate::pending::{Receipt, in_doubt};

/// An answer, with the number that the caller gave the command.
pub type Numbered = (u32, Result<Receipt, SubmitError>);

/// Where the answers to one caller's commands arrive. Used again and again, it allocates nothing.
///
/// Dropping it changes nothing: commands under way run all the same.
#[derive(Debug, Default)]
pub struct Inbox {
    post: Arc<Post>,
}

impl Inbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves all answers that have come to the end of `answers`, in the order in which they came,
    /// waiting for the first. Completes only when there is one: poll it as long as some are owed.
    pub fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        answers: &mut Vec<Numbered>,
    ) -> Poll<()> {
        let mut letters = self.post.lock();
        if letters.answers.is_empty() {
            match &mut letters.reader {
                Some(reader) => reader.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        answers.append(&mut letters.answers);
        Poll::Ready(())
    }

    pub(crate) fn address(&self, number: u32) -> Address {
        Address { post: Some(self.post.clone()), number }
    }
}

#[derive(Default)]
struct Post {
    letters: Mutex<Letters>,
}

#[derive(Default)]
struct Letters {
    answers: Vec<Numbered>,
    /// Whom to wake when something comes, once.
    reader: Option<Waker>,
}

impl Post {
    fn lock(&self) -> MutexGuard<'_, Letters> {
        // Nothing under this lock can leave it half changed.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").finish_non_exhaustive()
    }
}

/// Where one answer goes. Dropped without one, it says that the outcome is in doubt.
#[derive(Debug)]
pub(crate) struct Address {
    post: Option<Arc<Post>>,
    number: u32,
}

impl Address {
    /// Puts the answer in. Whoever is to be woken for it, if nobody has taken that on yet.
    pub(crate) fn put(mut self, answer: Result<Receipt, SubmitError>) -> Option<Waker> {
        self.post.take().and_then(|post| put(&post, self.number, answer))
    }

    /// Forgets it: the caller knows why without an answer.
    pub(crate) fn forget(mut self) {
        self.post = None;
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if let Some(post) = self.post.take()
            && let Some(reader) = put(&post, self.number, Err(in_doubt()))
        {
            reader.wake();
        }
    }
}

fn put(post: &Post, number: u32, answer: Result<Receipt, SubmitError>) -> Option<Waker> {
    let mut letters = post.lock();
    letters.answers.push((number, answer));
    letters.reader.take()
}
