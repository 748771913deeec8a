//! Small changes to valid bytes: most of what a parser gets wrong is close to what is right.

use crate::random::Random;

/// Changes made to one input at most.
const CHANGES_MAX: u64 = 4;

/// A copy of the example with a few changes: bits and bytes, cuts, repeats, and edge numbers.
pub fn mutated(example: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = example.to_vec();
    for _ in 0..=random.below(CHANGES_MAX) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        bytes.push(random.bits() as u8);
        return;
    }
    let at = random.index(bytes.len());
    let few = (bytes.len() - at).min(1 + random.index(8));
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.bits() as u8,
        2 => bytes[at] = random.pick(b"\0\x01\xff\"{}[]:,=&%+-.eE019 \\/_"),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..at + few)),
        5 => {
            let repeated = bytes[at..at + few].to_vec();
            bytes.splice(at..at, repeated);
        }
        6 => bytes.insert(at, random.bits() as u8),
        _ => {
            let number =
                random.pick(&[0, 1, 0x7fff_ffff, u64::MAX, u64::MAX - 1, 1 << 53, 1 << 32]);
            let number = number.to_le_bytes();
            let length = number.len().min(bytes.len() - at);
            bytes[at..at + length].copy_from_slice(&number[..length]);
        }
    }
}
