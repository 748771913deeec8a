//! Numbers as texts, digit by digit.

/// So many units of `10^-decimals`, with exactly `shown` decimals; further ones are cut off.
pub(crate) fn decimal(units: u128, decimals: u8, shown: u8) -> String {
    let decimals = usize::from(decimals);
    let mut digits = units.to_string();
    while digits.len() <= decimals {
        digits.insert(0, '0');
    }
    let mut fraction = digits.split_off(digits.len() - decimals);
    while fraction.len() < usize::from(shown) {
        fraction.push('0');
    }
    fraction.truncate(usize::from(shown));
    if fraction.is_empty() { digits } else { format!("{digits}.{fraction}") }
}

/// As [`decimal`], rounded half up.
pub(super) fn decimal_half_up(units: u128, decimals: u8, shown: u8) -> String {
    if decimals <= shown {
        return decimal(units, decimals, shown);
    }
    let one = 10u128.pow(u32::from(decimals - shown));
    let up = u128::from(units % one >= one / 2);
    decimal(units / one + up, shown, shown)
}

#[test]
fn decimals_are_cut_padded_and_rounded() {
    assert_eq!(decimal(25_012, 4, 4), "2.5012");
    assert_eq!(decimal(25_019, 4, 3), "2.501");
    assert_eq!(decimal(5, 4, 6), "0.000500");
    assert_eq!(decimal(25_012, 4, 0), "2");
    assert_eq!(decimal(7, 0, 0), "7");
    assert_eq!(decimal_half_up(145_946_500, 11, 8), "0.00145947");
    assert_eq!(decimal_half_up(145_946_499, 11, 8), "0.00145946");
    assert_eq!(decimal_half_up(3, 0, 2), "3.00");
}
