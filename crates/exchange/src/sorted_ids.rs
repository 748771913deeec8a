//! A sorted set of ids that can be entered at any rank, for pages of long lists.

use std::collections::VecDeque;

/// Most ids of a chunk. Inserting moves at most 4 KiB, and finding a rank among a million ids
/// passes some thousand chunks.
const CHUNK_IDS_MAX: usize = 512;

/// Ids in ascending order, in chunks that are never empty.
#[derive(Clone, Default, Debug)]
pub(crate) struct SortedIds {
    chunks: VecDeque<Vec<u64>>,
    len: usize,
}

impl SortedIds {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn newest(&self) -> Option<u64> {
        self.chunks.back()?.last().copied()
    }

    /// Adds an id. False: it was there.
    pub(crate) fn insert(&mut self, id: u64) -> bool {
        let at = self.chunks.partition_point(|chunk| chunk[0] <= id).saturating_sub(1);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push_back(vec![id]);
            self.len = 1;
            return true;
        };
        let Err(place) = chunk.binary_search(&id) else {
            return false;
        };
        self.len += 1;
        if chunk.len() < CHUNK_IDS_MAX {
            chunk.insert(place, id);
            return true;
        }
        // A full chunk is split; ids mostly ascend, so one added at the end opens a chunk instead.
        let mut upper =
            chunk.split_off(if place == chunk.len() { place } else { CHUNK_IDS_MAX / 2 });
        let lower_len = chunk.len();
        if upper.is_empty() || place > lower_len {
            upper.insert(place - lower_len, id);
        } else {
            chunk.insert(place, id);
        }
        self.chunks.insert(at + 1, upper);
        true
    }

    /// Takes an id out. False: it was not there.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let at = self.chunks.partition_point(|chunk| chunk[0] <= id).saturating_sub(1);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return false;
        };
        let Ok(place) = chunk.binary_search(&id) else {
            return false;
        };
        chunk.remove(place);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(at);
        } else {
            self.join(at);
        }
        true
    }

    /// Joins a chunk with the next when both together are half of one, so that there are never many
    /// more chunks than ids need.
    fn join(&mut self, at: usize) {
        let next_len = self.chunks.get(at + 1).map_or(CHUNK_IDS_MAX, Vec::len);
        if self.chunks[at].len() + next_len <= CHUNK_IDS_MAX / 2
            && let Some(next) = self.chunks.remove(at + 1)
        {
            self.chunks[at].extend(next);
        }
    }

    /// How many ids are not below this one.
    pub(crate) fn count_from(&self, id: u64) -> usize {
        let mut count = 0;
        for chunk in self.chunks.iter().rev() {
            if chunk[0] < id {
                return count + chunk.len() - chunk.partition_point(|other| *other < id);
            }
            count += chunk.len();
        }
        count
    }

    /// Ids below this one, newest first.
    pub(crate) fn newest_below(&self, id: u64) -> impl Iterator<Item = u64> + '_ {
        let chunks = self.chunks.partition_point(|chunk| chunk[0] < id);
        let below = move |chunk: &Vec<u64>| chunk.partition_point(|other| *other < id);
        let last = chunks.checked_sub(1).map(|at| &self.chunks[at]);
        let last = last.map_or(&[][..], |chunk| &chunk[..below(chunk)]);
        let rest = self.chunks.range(..chunks.saturating_sub(1)).rev();
        last.iter().rev().chain(rest.flat_map(|chunk| chunk.iter().rev())).copied()
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
        assert!(ids.chunks.iter().all(|c| !c.is_empty() && c.len() <= CHUNK_IDS_MAX), "{context}");
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
                    let id = plain.range(id..).next().copied().unwrap_or(id);
                    assert_eq!(ids.remove(id), plain.remove(&id), "{context}");
                }
                if step % 97 == 0 {
                    compare(&ids, &plain, dice.below(range + 2), &context);
                }
            }
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
