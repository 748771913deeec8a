//! The example explains every field; a wrong file is refused by the line.

use openmart_model::{AssetId, Quantity, SelfTradePolicy};

use super::*;

const EXAMPLE: &str = include_str!("../../../../openmart.example.toml");

const BASE: &str = "\
[[asset]]
code = \"BTC\"
[[asset]]
code = \"USDT\"
decimals = 8
[[market]]
symbol = \"BTC_USDT\"
price_decimals = 2
quantity_decimals = 5
fee_maker = \"0\"
fee_taker = \"0.002\"
";

/// The line and the sentence of the error.
fn fault_of(text: &str) -> (usize, String) {
    let (offset, fault) = Config::parse(text).expect_err("a wrong file");
    (line_of(text, offset), fault.to_string())
}

#[test]
fn the_example_is_a_good_file() {
    let config = Config::parse(EXAMPLE).unwrap();
    assert!(config.has_secrets);
    assert_eq!(config.rate_limits, RateLimits::default());
    let Venue { assets, markets, accounts } = config.venue;
    assert_eq!(assets.len(), 2);
    assert_eq!(markets[0].quantity_max, Quantity::new(1_000_000_000));
    assert_eq!(markets[0].fees.taker.ppm(), 2_000);
    assert_eq!(markets[0].self_trade, SelfTradePolicy::RefuseTaker);
    let deposit = accounts[0].deposits.iter().find(|(asset, _)| *asset == AssetId(0)).unwrap();
    assert_eq!(deposit.1.units(), 100_000_000_000);
    assert_eq!(accounts[0].keys[0].ranges.len(), 2);
    assert!(!accounts[0].keys[1].scopes.trade);
    assert_eq!(accounts[1].keys[0].key, None);
}

#[test]
fn every_commented_default_of_the_example_is_a_field() {
    let is_field = |rest: &&str| {
        let name = rest.split(" = ").next().unwrap_or_default();
        rest.contains(" = ") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let uncommented: Vec<&str> = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").filter(is_field).unwrap_or(line))
        .collect();
    assert!(uncommented.contains(&"off = false") && uncommented.contains(&"decimals = 10"));
    Config::parse(&uncommented.join("\n")).unwrap();
}

#[test]
fn a_market_has_sensible_defaults() {
    let config = Config::parse(BASE).unwrap();
    let market = &config.venue.markets[0];
    assert_eq!(market.quantity_min, Quantity::new(1));
    assert_eq!(market.quantity_max, Quantity::new(100_000_000_000_000));
    assert!(market.notional_min_buy.is_zero());
    assert_eq!(market.self_trade, SelfTradePolicy::RefuseTaker);
    assert!(!config.has_secrets);
}

#[test]
fn errors_name_the_line() {
    for (added, line, part) in [
        ("colour = 1", 12, "unknown field `colour`"),
        ("quantity_min = 0.1", 12, "a number in quotes"),
        ("quantity_min = \"0.000001\"", 12, "no number of at most 5 decimals"),
        ("quantity_max = \"1e30\"", 12, "number too large"),
        ("notional_min_buy = \"0.000000001\"", 12, "no number of at most 8 decimals"),
        ("self_trade = \"never\"", 12, "unknown variant `never`"),
        (
            "[[market]]\nsymbol = \"BTC_USDT\"\nprice_decimals = 1\nquantity_decimals = 1\n\
          fee_maker = \"0\"\nfee_taker = \"0\"",
            12,
            "market BTC_USDT is given twice",
        ),
        ("[[asset]]\ncode = \"btc\"", 12, "btc cannot be listed"),
        ("[[asset]]\ncode = \"BTC\"", 12, "asset BTC is given twice"),
        ("[[account]]\nname = \"a\"\ndeposits = { ETH = \"1\" }", 14, "no asset ETH"),
        ("[[account]]\nname = \"a\"\ndeposits = { BTC = \"0\" }", 14, "more than zero"),
        ("[[account]]\nname = \"\"", 12, "1 to 64 bytes"),
        ("[[account]]\nname = \"a\"\n[[account.key]]\nmemo = \"a:b\"", 14, "without a colon"),
        ("[[account]]\nname = \"a\"\n[[account.key]]\nmemo = \"a\"\nsecret = \"é\"", 14, "ASCII"),
        (
            "[[account]]\nname = \"a\"\n[[account.key]]\nmemo = \"a\"\n[[account.key]]\nmemo = \"a\"",
            16,
            "given twice",
        ),
        (
            "[[account]]\nname = \"a\"\n[[account.key]]\nmemo = \"a\"\naddresses = [\"10.0.0.1/8\"]",
            16,
            "behind the prefix",
        ),
        ("[[account]]\nname = \"a\"\n[[account.key]]\nmemo = \"a\"\nscopes = [\"all\"]", 16, "all"),
        ("this is no toml", 12, ""),
    ] {
        let (found, sentence) = fault_of(&format!("{BASE}{added}\n"));
        assert_eq!(found, line, "{added}: {sentence}");
        assert!(sentence.contains(part), "{added}: {sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn markets_are_checked_as_the_exchange_checks_them() {
    let too_fine = BASE.replace("price_decimals = 2", "price_decimals = 4");
    let (line, sentence) = fault_of(&too_fine);
    assert_eq!(line, 7);
    assert!(sentence.contains("BTC_USDT cannot be listed"), "{sentence}");
    let (line, sentence) = fault_of(&BASE.replace("BTC_USDT", "BTCUSDT"));
    assert_eq!((line, sentence.contains("is not a symbol")), (7, true), "{sentence}");
    let (line, sentence) = fault_of(&BASE.replace("\"0.002\"", "\"1.5\""));
    assert_eq!((line, sentence.contains("more than everything")), (11, true), "{sentence}");
    let (line, sentence) = fault_of(&BASE.replace("\"0.002\"", "\"0.0000001\""));
    assert_eq!((line, sentence.contains("more decimals than allowed")), (11, true), "{sentence}");
}

#[test]
fn makers_and_takers_come_on_request() {
    let liquidity =
        |text: &str| Config::parse(&format!("{BASE}[liquidity]\n{text}")).unwrap().liquidity;
    assert!(Config::parse(BASE).unwrap().liquidity.is_none());
    assert!(liquidity("seed = 5\n").is_none());
    let text =
        "enabled = true\nseed = 5\nmakers = 2\nvalues = { BTC = \"60000.5\", USDT = \"1\" }\n";
    let seeded = liquidity(text).unwrap();
    assert_eq!((seeded.settings.seed, seeded.settings.makers, seeded.settings.takers), (5, 2, 4));
    assert_eq!(seeded.values["BTC"], 600_005_000_000_000);
    assert_eq!(seeded.values["USDT"], 10_000_000_000);
}

#[test]
fn faults_of_the_liquidity_are_told() {
    for (text, line, sentence) in [
        ("[liquidity]\nmaker = 2\n", 12, "maker: there is no such setting of the liquidity"),
        ("[liquidity]\nmakers = 0\n", 12, "makers: it must be from 1 to 100"),
        ("[liquidity]\nmakers = -1\n", 12, "invalid value"),
        ("[liquidity]\nvalues = { XYZ = \"1\" }\n", 13, "there is no asset XYZ in this file"),
        ("[liquidity]\nvalues = { BTC = 1 }\n", 13, "a number in quotes"),
        ("[liquidity]\nvalues = { BTC = \"1e-11\" }\n", 13, "no number of at most 10 decimals"),
    ] {
        let (found, told) = fault_of(&format!("{BASE}{text}"));
        assert!(told.contains(sentence), "{text}: {told}");
        assert_eq!(found, line, "{text}: {told}");
    }
}
