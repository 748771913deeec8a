//! A sorted set of ids that can be entered at any rank, for pages of long lists.

use std::collections::VecDeque;

/// Most ids of a chunk. Inserting moves at most 4 KiB, and finding a rank among a million ids
/// passes some thousand chunks.
const CHUNK_IDS_MAX: usize = 512;

/// Ids in ascending order, in chunks that are never empty.
#[derive(Clone, Default, Debug)]
pub(crate) struct SortedIds {
    chunks: VecDeque<Chunk>,
    len: usize,
}

/// Ids that lie together.
#[derive(Clone, Debug)]
struct Chunk {
    /// The first of them, here so that looking for a chunk touches the list of chunks alone.
    first: u64,
    ids: Vec<u64>,
}

impl Chunk {
    /// Not of nothing.
    fn new(ids: Vec<u64>) -> Self {
        Self { first: ids[0], ids }
    }

    fn insert(&mut self, place: usize, id: u64) {
        self.ids.insert(place, id);
        self.first = self.ids[0];
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    /// Where an id is. Between two ids are at most as many others as there are numbers, so that among
    /// neighbours, which most are, little or nothing is left to search.
    fn place_of(&self, id: u64) -> Option<usize> {
        let (len, last) = (self.len() as u64, *self.ids.last()?);
        let (from_first, to_last) = (id.checked_sub(self.first)?, last.checked_sub(id)?);
        let begin = len.saturating_sub(to_last.saturating_add(1)) as usize;
        let end = len.min(from_first.saturating_add(1)) as usize;
        let place = self.ids[begin..end].binary_search(&id).ok()?;
        Some(begin + place)
    }
}

impl SortedIds {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn newest(&self) -> Option<u64> {
        self.chunks.back()?.ids.last().copied()
    }

    /// Adds an id. False: it was there.
    pub(crate) fn insert(&mut self, id: u64) -> bool {
        let at = self.place_of(id);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push_back(Chunk::new(vec![id]));
            self.len = 1;
            return true;
        };
        // Ids mostly ascend.
        let ascends = chunk.ids.last().is_some_and(|last| *last < id);
        let found = if ascends { Err(chunk.len()) } else { chunk.ids.binary_search(&id) };
        let Err(place) = found else {
            return false;
        };
        self.len += 1;
        if chunk.len() < CHUNK_IDS_MAX {
            chunk.insert(place, id);
            return true;
        }
        // A full chunk is split, but one added at the end opens a chunk instead.
        let upper = if place == chunk.len() {
            Chunk::new(vec![id])
        } else {
            let mut upper = Chunk::new(chunk.ids.split_off(CHUNK_IDS_MAX / 2));
            match place.checked_sub(chunk.len()) {
                Some(place) if place > 0 => upper.insert(place, id),
                _ => chunk.insert(place, id),
            }
            upper
        };
        self.chunks.insert(at + 1, upper);
        true
    }

    /// Takes an id out. False: it was not there.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let at = self.place_of(id);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return false;
        };
        let Some(place) = chunk.place_of(id) else {
            return false;
        };
        chunk.ids.remove(place);
        self.len -= 1;
        match chunk.ids.first() {
            None => drop(self.chunks.remove(at)),
            Some(first) => {
                chunk.first = *first;
                self.join(at);
            }
        }
        true
    }

    /// The chunk that an id is in, or would be.
    fn place_of(&self, id: u64) -> usize {
        self.chunks.partition_point(|chunk| chunk.first <= id).saturating_sub(1)
    }

    /// Joins a chunk with the next when both together are half of one, so that there are never many
    /// more chunks than ids need.
    fn join(&mut self, at: usize) {
        let next_len = self.chunks.get(at + 1).map_or(CHUNK_IDS_MAX, Chunk::len);
        if self.chunks[at].len() + next_len <= CHUNK_IDS_MAX / 2
            && let Some(next) = self.chunks.remove(at + 1)
        {
            self.chunks[at].ids.extend(next.ids);
        }
    }

    /// How many ids are not below this one.
    pub(crate) fn count_from(&self, id: u64) -> usize {
        let mut count = 0;
        for chunk in self.chunks.iter().rev() {
            if chunk.first < id {
                return count + chunk.len() - chunk.ids.partition_point(|other| *other < id);
            }
            count += chunk.len();
        }
        count
    }

    /// Ids below this one, newest first.
    pub(crate) fn newest_below(&self, id: u64) -> impl Iterator<Item = u64> + '_ {
        let chunks = self.chunks.partition_point(|chunk| chunk.first < id);
        let below = move |ids: &[u64]| ids.partition_point(|other| *other < id);
        let last = chunks.checked_sub(1).map(|at| &self.chunks[at].ids[..]);
        let last = last.map_or(&[][..], |ids| &ids[..below(ids)]);
        let rest = self.chunks.range(..chunks.saturating_sub(1)).rev();
        last.iter().rev().chain(rest.flat_map(|chunk| chunk.ids.iter().rev())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// SplitMix64.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) % limit
        }
    }

    fn compare(ids: &SortedIds, plain: &BTreeSet<u64>, probe: u64, context: &str) {
        assert_eq!(ids.len(), plain.len(), "{context}");
        assert_eq!(ids.newest(), plain.last().copied(), "{context}");
        assert_eq!(ids.count_from(probe), plain.range(probe..).count(), "{context}");
        let below: Vec<u64> = ids.newest_below(probe).take(40).collect();
        let expected: Vec<u64> = plain.range(..probe).rev().take(40).copied().collect();
        assert_eq!(below, expected, "{context}");
        let whole = |c: &Chunk| c.ids.first() == Some(&c.first) && c.len() <= CHUNK_IDS_MAX;
        assert!(ids.chunks.iter().all(whole), "{context}");
    }

    #[test]
    fn behaves_as_a_sorted_set() {
        for seed in 0..20 {
            let mut dice = Dice(seed);
            let (mut ids, mut plain) = (SortedIds::default(), BTreeSet::new());
            let range = [50, 3_000, 100_000][dice.below(3) as usize];
            // Grow, then shrink: chunks are split and joined.
            for step in 0..12_000 {
                let id = dice.below(range);
                let context = format!("seed {seed} step {step} id {id}");
                if dice.below(10) < if step < 6_000 { 8 } else { 1 } {
                    assert_eq!(ids.insert(id), plain.insert(id), "{context}");
                } else {
                    // Mostly one that is there.
                    let next = plain.range(id..).next().copied().unwrap_or(id);
                    let id = if dice.below(8) == 0 { id } else { next };
                    assert_eq!(ids.remove(id), plain.remove(&id), "{context}");
                }
                if step % 97 == 0 {
                    compare(&ids, &plain, dice.below(range + 2), &context);
                }
            }
            assert!(!ids.remove(range) && !ids.remove(u64::MAX), "seed {seed}");
            for id in plain.clone() {
                assert!(ids.remove(id) && plain.remove(&id), "seed {seed} id {id}");
            }
            assert!(ids.is_empty() && ids.chunks.is_empty(), "seed {seed}");
        }
    }

    #[test]
    fn ascending_ids_fill_their_chunks() {
        let mut ids = SortedIds::default();
        let all = 10 * CHUNK_IDS_MAX as u64;
        assert!((0..all).all(|id| ids.insert(id)));
        assert_eq!(ids.chunks.len(), 10);
        assert_eq!(
            ids.newest_below(u64::MAX).collect::<Vec<_>>(),
            (0..all).rev().collect::<Vec<_>>()
        );
    }
}
