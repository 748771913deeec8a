//! The bytes on disk, field by field as `docs/journal-format.md` has them, and whole files of
//! version 2: a change that breaks this test breaks every journal in use.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use openmart_journal::{
    MemoryStorage, check_acknowledged_bytes, check_segment_bytes, check_snapshot_bytes,
};
use sha2::{Digest, Sha256};
use small::{open_exact, options};

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Two entries in one batch, a snapshot, one more entry.
fn written() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    journal.append(0x0102, b"ab").unwrap();
    journal.append(0x0304, b"").unwrap();
    journal.commit().unwrap();
    journal.snapshot_writer().write(2, &journal.chain(), 0x77, b"state").unwrap();
    journal.append(0x0506, b"xyz").unwrap();
    journal.commit().unwrap();
    storage
}

/// SHA-256 of nothing: eight words as the standard gives them, no blocks, no bytes that wait.
fn state_of_nothing() -> [u8; 104] {
    let words: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let mut state = [0; 104];
    for (bytes, word) in state.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    state
}

#[test]
fn a_segment_is_as_documented() {
    let files = written().files();
    let bytes = &files["segment-000000000001"];
    assert_eq!(bytes.len(), 2560);

    assert_eq!(&bytes[..8], b"OMSEGMNT");
    assert_eq!((u32_at(bytes, 8), u32_at(bytes, 12)), (2, 1536));
    assert_eq!((u64_at(bytes, 16), u64_at(bytes, 24), u64_at(bytes, 32)), (1, 1, 2560));
    assert_eq!(bytes[40..144], state_of_nothing());
    assert!(bytes[144..508].iter().all(|byte| *byte == 0));
    assert_eq!(u32_at(bytes, 508), crc32c::crc32c(&bytes[..508]));

    let mut body = Vec::new();
    body.extend([2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
    body.extend(b"ab");
    body.extend([0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0]);
    let batch = &bytes[512..1024];
    assert_eq!(&batch[..4], b"OMBT");
    assert_eq!(u32_at(batch, 4), crc32c::crc32c(&batch[8..72]));
    assert_eq!(u32_at(batch, 8) as usize, body.len());
    assert_eq!(u32_at(batch, 12), crc32c::crc32c(&body));
    assert_eq!((u64_at(batch, 16), u64_at(batch, 24)), (1, 1));
    assert_eq!((u32_at(batch, 32), u32_at(batch, 36)), (2, 0));
    assert_eq!(batch[40..72], *Sha256::digest(&body));
    assert_eq!(batch[72..72 + body.len()], body);
    assert!(batch[72 + body.len()..].iter().all(|byte| *byte == 0));

    assert_eq!(&bytes[1024..1028], b"OMBT");
    assert_eq!(u64_at(bytes, 1024 + 24), 3);
    assert!(bytes[1536..].iter().all(|byte| *byte == 0));
    assert!(files["segment-000000000002"].iter().all(|byte| *byte == 0));
    assert!(files["segment-reserve"].iter().all(|byte| *byte == 0));
}

#[test]
fn snapshot_and_mark_are_as_documented() {
    let files = written().files();
    let bytes = &files["snapshot-00000000000000000002"];
    assert_eq!(bytes.len(), 133);
    assert_eq!((&bytes[..8], u32_at(bytes, 8)), (&b"OMSNAPSH"[..], 2));
    assert_eq!(u32_at(bytes, 12), crc32c::crc32c(b"state"));
    assert_eq!((u64_at(bytes, 16), u64_at(bytes, 24), u64_at(bytes, 32)), (2, 0x77, 5));
    assert_eq!(bytes[40..72], files["segment-000000000001"][552..584]);
    assert_eq!(bytes[72..104], *Sha256::digest(b"state"));
    assert!(bytes[104..124].iter().all(|byte| *byte == 0));
    assert_eq!(u32_at(bytes, 124), crc32c::crc32c(&bytes[..124]));
    assert_eq!(&bytes[128..], b"state");

    let bytes = &files["acknowledged"];
    assert_eq!(bytes.len(), 64);
    assert_eq!((&bytes[..8], u32_at(bytes, 8), u32_at(bytes, 12)), (&b"OMACKNOW"[..], 2, 0));
    assert_eq!(u64_at(bytes, 16), 3);
    assert_eq!(bytes[24..56], files["segment-000000000001"][1064..1096]);
    assert_eq!((u32_at(bytes, 56), u32_at(bytes, 60)), (0, crc32c::crc32c(&bytes[..60])));
}

#[test]
fn files_of_version_2_stay_as_they_are() {
    let mut all = Sha256::new();
    for (name, bytes) in written().files() {
        if name != "lock" {
            all.update(name.as_bytes());
            all.update(&bytes);
        }
    }
    let digest: String = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "792b299a044e1fa6d040522ab8e9f531507a04a4d3433e2c2d1cf6f64d28d77e");
}

/// Sound files with a few bytes changed and checksums often made to fit again, so that the
/// checks behind the checksums are met too.
#[test]
fn no_bytes_make_the_checks_panic() {
    let files = written().files();
    let segment = &files["segment-000000000001"];
    assert_eq!(check_segment_bytes(segment).unwrap(), 3);
    assert!(check_snapshot_bytes(&files["snapshot-00000000000000000002"]));
    assert!(check_acknowledged_bytes(&files["acknowledged"]));
    let mut seed = 0x5EED_u64;
    let mut next = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    let (mut sound, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = segment.clone();
        for _ in 0..next(4) {
            let at = next(1_600);
            bytes[at] = [0, 1, 0x7F, 0xFF, next(256) as u8][next(5)];
        }
        bytes.truncate(if next(4) == 0 { next(2_561) } else { 2_560 });
        for (from, to, crc_at) in [(0, 508, 508), (584, 628, 524), (520, 584, 516)] {
            if next(4) > 0 && bytes.len() >= 1_024 {
                let crc = crc32c::crc32c(&bytes[from..to]);
                bytes[crc_at..crc_at + 4].copy_from_slice(&crc.to_le_bytes());
            }
        }
        match check_segment_bytes(&bytes) {
            Ok(_) => sound += 1,
            Err(_) => refused += 1,
        }
        let length = next(200);
        check_snapshot_bytes(&bytes[..length.min(bytes.len())]);
        check_acknowledged_bytes(&bytes[..length.min(bytes.len())]);
    }
    assert!(sound > 1_000 && refused > 1_000, "{sound} sound, {refused} refused");
}
