//! A queue whose memory follows its length, in both directions and without a pause.
//!
//! One that lies in a single piece is copied whenever it grows, while everybody waits, and keeps for ever
//! the room of its longest day.

use std::collections::VecDeque;
use std::ops::Index;

/// Items that lie together: some ten kilobytes of rows, which are taken and given back at once.
const CHUNK_ITEMS: usize = 64;

/// First in, first out, with access by place.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// Each full but the last; none empty.
    chunks: VecDeque<Vec<T>>,
    /// Items of the first chunk that are gone.
    gone: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), gone: 0 }
    }
}

impl<T: Copy> Queue<T> {
    pub(crate) fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1) * CHUNK_ITEMS + last - self.gone
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.chunks.front().map(|chunk| &chunk[self.gone])
    }

    pub(crate) fn push_back(&mut self, item: T) {
        match self.chunks.back_mut() {
            Some(chunk) if chunk.len() < CHUNK_ITEMS => chunk.push(item),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK_ITEMS);
                chunk.push(item);
                self.chunks.push_back(chunk);
            }
        }
    }

    /// Drops the first item, if there is one, without looking at it.
    pub(crate) fn drop_front(&mut self) {
        let Some(chunk) = self.chunks.front() else {
            return;
        };
        self.gone += 1;
        if self.gone == chunk.len() {
            self.chunks.pop_front();
            self.gone = 0;
        }
    }
}

impl<T> Index<usize> for Queue<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        let at = at + self.gone;
        &self.chunks[at / CHUNK_ITEMS][at % CHUNK_ITEMS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_as_a_plain_queue_and_gives_its_room_back() {
        let (mut queue, mut plain) = (Queue::default(), VecDeque::new());
        let mut next = 0_u64;
        // Grows for three steps out of five, then shrinks.
        for step in 0..4_000_u64 {
            let grows = step < 2_000;
            if (step % 5 < 3) == grows {
                next += 1;
                queue.push_back(next);
                plain.push_back(next);
            } else {
                queue.drop_front();
                plain.pop_front();
            }
            assert_eq!(queue.len(), plain.len(), "step {step}");
            assert_eq!(queue.front(), plain.front(), "step {step}");
            if step % 37 == 0 {
                let all: Vec<u64> = (0..plain.len()).map(|at| queue[at]).collect();
                assert!(all.iter().eq(plain.iter()), "step {step}");
            }
            assert!(queue.chunks.len() <= plain.len() / CHUNK_ITEMS + 2, "step {step}");
        }
        while plain.pop_front().is_some() {
            queue.drop_front();
        }
        queue.drop_front();
        assert!(queue.front().is_none() && queue.chunks.is_empty());
    }
}
