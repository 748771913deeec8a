//! What the disk in memory promises to those who test on it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::{CrashPolicy, MemoryStorage};
use crate::format::SECTOR_BYTES;
use crate::storage::{Access, Storage};

#[test]
fn only_synced_bytes_and_names_survive_a_power_cut() {
    let storage = MemoryStorage::new();
    let file = storage.create("a").unwrap();
    file.write_at(b"old", 0).unwrap();
    file.sync().unwrap();
    assert!(storage.crash_image(CrashPolicy::Drop).files().is_empty());
    storage.sync_folder().unwrap();
    file.write_at(b"new", 0).unwrap();
    storage.rename("a", "b").unwrap();
    let dropped = storage.crash_image(CrashPolicy::Drop).files();
    assert_eq!(dropped, BTreeMap::from([("a".to_owned(), b"old".to_vec())]));
    let kept = storage.crash_image(CrashPolicy::Keep).files();
    assert_eq!(kept, BTreeMap::from([("b".to_owned(), b"new".to_vec())]));
}

#[test]
fn a_seed_tears_sectors_and_repeats() {
    let storage = MemoryStorage::new();
    let file = storage.create("a").unwrap();
    storage.sync_folder().unwrap();
    file.write_at(&[1; 4096], 0).unwrap();
    let image = |seed| storage.crash_image(CrashPolicy::Mixed(seed)).files();
    assert_eq!(image(7), image(7));
    let torn = (0..100).any(|seed| {
        let bytes = &image(seed)["a"];
        bytes.chunks(SECTOR_BYTES).any(|sector| sector.contains(&0) && sector.contains(&1))
    });
    assert!(torn);
}

#[test]
fn a_failed_sync_forgets_what_it_should_have_written() {
    let storage = MemoryStorage::new();
    let file = storage.create("a").unwrap();
    storage.sync_folder().unwrap();
    file.write_at(b"bytes", 0).unwrap();
    storage.fail_sync_after(0);
    file.sync().unwrap_err();
    file.sync().unwrap();
    assert_eq!(storage.files()["a"], b"bytes");
    assert_ne!(storage.crash_image(CrashPolicy::Drop).files()["a"], b"bytes");
}

#[test]
fn a_full_disk_refuses_growth_and_allows_overwriting() {
    let storage = MemoryStorage::new();
    let file = storage.create("a").unwrap();
    storage.set_capacity(Some(4));
    file.write_at(b"1234", 0).unwrap();
    let full = file.write_at(b"5", 4).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    file.write_at(b"4321", 0).unwrap();
}

#[test]
fn a_write_goes_astray_and_what_was_intended_is_known() {
    let files = || [("a", vec![1; 2 * SECTOR_BYTES]), ("b", vec![2; 2 * SECTOR_BYTES])];
    let mut victims = BTreeSet::new();
    for seed in 0..50 {
        let storage = MemoryStorage::with_files(files());
        let file = storage.open("a", Access::Write).unwrap();
        storage.misdirect_write_after(1, seed);
        file.write_at(&[3; SECTOR_BYTES], 0).unwrap();
        assert!(storage.intended().is_none());
        file.write_at(&[4; SECTOR_BYTES], 0).unwrap();
        file.write_at(&[5], 700).unwrap();
        let intended = storage.intended().unwrap().files();
        assert_eq!(intended["a"][..SECTOR_BYTES], [4; SECTOR_BYTES], "seed {seed}");
        assert_eq!((intended["a"][700], &intended["b"]), (5, &files()[1].1), "seed {seed}");
        let found = storage.files();
        assert_eq!(found["a"][0], 3, "seed {seed}: it is not where it should be");
        assert_eq!(found["a"][700], 5, "seed {seed}: later writes are");
        let astray = |name: &str| found[name].iter().position(|byte| *byte == 4);
        victims.insert((astray("a"), astray("b")));
    }
    let sector = Some(SECTOR_BYTES);
    let expected = [(None, None), (None, Some(0)), (None, sector), (sector, None)];
    assert_eq!(victims, BTreeSet::from(expected));
}

#[test]
fn rot_is_seen_and_survives() {
    let storage = MemoryStorage::with_files([("a", vec![0; 3])]);
    storage.rot("a", 1, 0b100).unwrap();
    assert_eq!(storage.files()["a"], [0, 4, 0]);
    assert_eq!(storage.crash_image(CrashPolicy::Drop).files()["a"], [0, 4, 0]);
    assert!(storage.rot("a", 3, 1).is_err() && storage.rot("b", 0, 1).is_err());
}
