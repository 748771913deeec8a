//! Every parser of foreign bytes over its examples and over mutations of them.
//!
//! A failure prints the parser, the seed and the bytes; fuzzing goes deeper, see `fuzz/README.md`.

use std::panic::catch_unwind;

use openmart_sim::parsers::{PARSERS, Parser, mutated};
use openmart_sim::random::Random;

/// Corpora are kept small, so that they can be part of the repository.
const CORPORA_BYTES_MAX: usize = 200_000;

/// Whether the bytes are accepted.
fn try_one(parser: &Parser, bytes: &[u8], seed: Option<u64>) -> bool {
    let parse = parser.parse;
    catch_unwind(|| parse(bytes)).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(bytes);
        panic!("{} fails, mutation {seed:?}, on {bytes:02x?}\nas text: {text}", parser.name)
    })
}

#[test]
fn parsers_accept_or_refuse_but_never_panic() {
    for parser in &PARSERS {
        let examples = (parser.examples)();
        assert!(!examples.is_empty(), "{} has no example", parser.name);
        for example in &examples {
            let text = String::from_utf8_lossy(example);
            assert!(try_one(parser, example, None), "{} refuses {text:?}", parser.name);
        }
        let mut accepted = 0;
        for seed in 0..parser.mutations {
            let mut random = Random::new(seed);
            let example = &examples[random.index(examples.len())];
            let bytes = mutated(example, &mut random);
            accepted += u64::from(try_one(parser, &bytes, Some(seed)));
        }
        println!("{}: {accepted} of {} mutations accepted", parser.name, parser.mutations);
    }
}

#[test]
fn nothing_in_the_corpora_panics() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    let mut bytes_all = 0;
    for parser in &PARSERS {
        let files = std::fs::read_dir(format!("{folder}/{}", parser.name));
        let files = files.unwrap_or_else(|error| panic!("no corpus of {}: {error}", parser.name));
        for file in files {
            let path = file.expect("a readable folder").path();
            let bytes = std::fs::read(&path).expect("a readable file");
            println!("{}", path.display());
            try_one(parser, &bytes, None);
            bytes_all += bytes.len();
        }
    }
    assert!(bytes_all < CORPORA_BYTES_MAX, "the corpora are {bytes_all} bytes");
}

#[test]
fn every_parser_has_a_fuzz_target() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/fuzz_targets");
    let files = std::fs::read_dir(folder).expect("the folder of the fuzz targets");
    let mut targets: Vec<String> = files
        .map(|file| file.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    targets.sort();
    let mut expected: Vec<String> =
        PARSERS.iter().map(|parser| format!("{}.rs", parser.name)).collect();
    expected.sort();
    assert_eq!(targets, expected);
}
