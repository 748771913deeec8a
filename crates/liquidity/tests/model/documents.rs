//! The page that describes the model lists what can be set, and nothing else.

use openmart_liquidity::Settings;

const PAGE: &str = include_str!("../../../../docs/liquidity.md");

#[test]
fn every_setting_is_documented_as_it_is() {
    let number = |number: u64| match number {
        u64::MAX => "2^64 - 1".to_owned(),
        number => number.to_string(),
    };
    let mut documented =
        PAGE.lines().filter(|line| line.starts_with("| `") && line.contains(" to "));
    for setting in Settings::ALL {
        let (least, most) = (number(*setting.range.start()), number(*setting.range.end()));
        let (name, default, meaning) = (setting.name, setting.default, setting.meaning);
        let row = format!("| `{name}` | {default} | {least} to {most} | {meaning} |");
        assert_eq!(documented.next(), Some(row.as_str()));
    }
    assert_eq!(documented.next(), None);
}
