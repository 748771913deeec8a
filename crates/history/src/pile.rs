//! A list that grows at its end, also by whole lists, without moving what is in it.
//!
//! Thousands of small batches are joined into a transaction. In one piece they would be copied whenever
//! it grows, some megabytes at a time, by the thread that everybody waits for.

/// Room that is taken at once: as many as a turn of the pipeline has, some ten kilobytes.
const CHUNK_ITEMS: usize = 64;

/// Items in the order in which they were added.
#[derive(Clone, Debug)]
pub(crate) struct Pile<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Pile<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Pile<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, item: T) {
        self.len += 1;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < chunk.capacity() => chunk.push(item),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK_ITEMS);
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
    }

    /// Adds what follows. Few items go where there is room for them, so that room for many is not
    /// kept for one.
    pub(crate) fn append(&mut self, next: Self) {
        self.len += next.len;
        for mut chunk in next.chunks {
            match self.chunks.last_mut() {
                Some(last) if last.capacity() - last.len() >= chunk.len() => {
                    last.append(&mut chunk)
                }
                _ => self.chunks.push(chunk),
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
}

impl<T: PartialEq> PartialEq for Pile<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Pile<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_ones_are_in_order_and_waste_less_than_half() {
        let mut all = Pile::default();
        let mut next = 0_u64;
        for items in (0..400).map(|turn| turn * 7 % 131) {
            let mut more = Pile::default();
            for _ in 0..items {
                more.push(next);
                next += 1;
            }
            assert_eq!(more.len() as u64, items);
            all.append(more);
        }
        assert_eq!(all.len() as u64, next);
        assert!(all.iter().copied().eq(0..next));
        let room: usize = all.chunks.iter().map(Vec::capacity).sum();
        assert!(room <= 2 * all.len() + CHUNK_ITEMS, "{room} for {}", all.len());
        let mut pushed = Pile::default();
        (0..next).for_each(|item| pushed.push(item));
        assert_eq!(all, pushed, "however it came together");
        pushed.push(next);
        assert_ne!(all, pushed);
    }
}
