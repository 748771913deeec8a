//! The benchmark flow against what its Python definition wrote.
//!
//! The definition is the generator `gen_workload.py`; the numbers here are those of its manifest.

use openmart_sim::workload::flow::{Flow, PROFILES, Profile, SEED, Totals};
use sha2::{Digest, Sha256};

fn profile(name: &str) -> Profile {
    *PROFILES.iter().find(|profile| profile.name == name).expect("a profile of that name")
}

fn sha256(flow: &Flow) -> String {
    Sha256::digest(flow.to_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn twenty_thousand_commands_are_those_of_the_definition() {
    let flow = Flow::generate(profile("m1_10k"), 20_000, SEED);
    let expected = Totals {
        places: 9_207,
        cancels: 8_848,
        takes: 1_945,
        trades: 2_304,
        quantity: 20_273,
        notional: 2_027_301_079,
        live: 9_966,
        live_quantity: 505_568,
        levels: 361,
        trade_digest: 0xe979_492c_27c1_e08e,
    };
    assert_eq!(flow.totals, expected);
    let file = "a4857a140dba605cb1c7b42cfa2aed21fdb982fadca58bab662f5282d001a727";
    assert_eq!(sha256(&flow), file);
}

#[test]
fn several_markets_are_those_of_the_definition() {
    let flow = Flow::generate(profile("m16_10k"), 20_000, SEED);
    let expected = Totals {
        places: 9_211,
        cancels: 8_841,
        takes: 1_948,
        trades: 2_283,
        quantity: 20_374,
        notional: 2_037_398_976,
        live: 9_993,
        live_quantity: 504_524,
        levels: 2_905,
        trade_digest: 0x82ce_c4ed_302d_24ef,
    };
    assert_eq!(flow.totals, expected);
    let file = "b3863e038cac4e27ce06c438318f4f9e75045a512ea8c35405e1095d08a4f803";
    assert_eq!(sha256(&flow), file);
}

#[test]
#[ignore = "takes several seconds and 300 MB; the benchmark checks the digests as well"]
fn full_size_flows_are_those_of_the_definition() {
    for (name, file, live, levels) in [
        ("m1_10k", "96c112b0f17f3026", 9_980, 361),
        ("m1_1m", "077b17daec5b49c1", 998_915, 4_209),
        ("m16_10k", "d4fae2ff4bce1a8d", 9_999, 2_921),
        ("m16_1m", "1e9a9fcca766cb18", 998_999, 44_030),
    ] {
        let flow = Flow::generate(profile(name), 2_000_000, SEED);
        assert_eq!(sha256(&flow)[..16], *file, "{name}");
        assert_eq!((flow.totals.live, flow.totals.levels), (live, levels), "{name}");
    }
}
