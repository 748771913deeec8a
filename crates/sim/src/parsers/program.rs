//! Texts that an operator gives the program.

use openmart::{check_config_text, check_master_key_text};

pub(super) fn config(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    // The variable of the environment rides along: whatever is a key is no TOML.
    let is_key = check_master_key_text(text);
    let is_config = check_config_text(text);
    assert!(!(is_key && is_config));
    is_key || is_config
}

pub(super) fn configs() -> Vec<Vec<u8>> {
    let texts = [EXAMPLE, SMALL, "", KEY];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The one that the documentation shows.
const EXAMPLE: &str = include_str!("../../../../openmart.example.toml");

const KEY: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\n";

const SMALL: &str = r#"
asset = [{ code = "A", decimals = 4 }, { code = "B", name = "b" }]
[server]
listen = "[::1]:0"
signature_mode = "strict"
[rate_limits]
off = true
[[market]]
symbol = "A_B"
price_decimals = 2
quantity_decimals = 3
quantity_max = "1e6"
fee_maker = "0"
fee_taker = "0.000001"
self_trade = "cancel_both"
[[account]]
name = "x"
deposits = { A = "1.5", B = "0.0000000001" }
[[account.key]]
key = "k"
secret = "s"
memo = ""
scopes = ["read", "cancel"]
addresses = ["10.0.0.0/8", "::1"]
"#;
