//! The trade digests of the flow, as its Python definition publishes them.

/// The digest over all trades of a profile's timed commands, where one is published.
pub(crate) fn trade_digest(profile: &str, commands: usize) -> Option<u64> {
    Some(match (profile, commands) {
        ("m1_10k", 2_000_000) => 0x548f_c1e6_0dc1_3686,
        ("m1_1m", 2_000_000) => 0xe6e9_8f26_5a58_67dd,
        ("m16_10k", 2_000_000) => 0x7757_a3c0_8112_dd3a,
        ("m16_1m", 2_000_000) => 0x60d0_55a0_e3e6_dfd5,
        ("m1_10k", 20_000) => 0xe979_492c_27c1_e08e,
        ("m1_1m", 20_000) => 0x7c96_3ec2_825a_b82b,
        ("m16_10k", 20_000) => 0x82ce_c4ed_302d_24ef,
        ("m16_1m", 20_000) => 0x7d04_61fc_d02c_469b,
        _ => return None,
    })
}
