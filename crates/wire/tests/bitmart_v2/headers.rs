//! Values of the authentication headers.

use openmart_wire::bitmart_v2::{
    ApiError, Signature,
    headers::{bearer_token, check_timestamp},
    limits::TIMESTAMP_WINDOW_MS,
};

#[test]
fn the_token_follows_the_scheme_and_blanks() {
    for (value, token) in
        [("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER    a+/=b", "a+/=b")]
    {
        assert_eq!(bearer_token(Some(value.as_bytes())), Ok(token), "{value}");
    }
}

#[test]
fn anything_else_is_unauthorized() {
    assert_eq!(bearer_token(None), Err(ApiError::Unauthorized));
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer\tabc",
        "Bearerabc",
        "Basic abc",
        "abc",
        " Bearer abc",
        "Bearer a b",
        "Bearer abc ",
        "Bearer \u{e4}",
        "Bearer a\u{0}",
    ] {
        assert_eq!(bearer_token(Some(value.as_bytes())), Err(ApiError::Unauthorized), "{value:?}");
    }
}

#[test]
fn the_clock_may_be_off_by_the_window_and_not_more() {
    let now_ms = 1_600_000_000_000;
    let check = |value: &str| check_timestamp(Some(value.as_bytes()), now_ms, TIMESTAMP_WINDOW_MS);
    for time_ms in [now_ms - 60_000, now_ms, now_ms + 60_000] {
        assert_eq!(check(&time_ms.to_string()), Ok(time_ms));
    }
    for value in [
        "1599999939999",
        "1600000060001",
        "",
        "now",
        "+1600000000000",
        "-1600000000000",
        " 1600000000000",
        "1600000000000.0",
        "63735000000000",
        "0",
        "18446744073709551616",
        "99999999999999999999999999999999",
    ] {
        assert_eq!(check(value), Err(ApiError::InvalidTimestamp), "{value:?}");
    }
    assert_eq!(check_timestamp(None, now_ms, u64::MAX), Err(ApiError::InvalidTimestamp));
}

#[test]
fn a_signature_is_64_hex_characters() {
    let good = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdef0123";
    assert_eq!(good.len(), 64);
    assert!(Signature::parse(Some(good.as_bytes())).is_ok());
    assert!(Signature::parse_optional(None).unwrap().is_none());
    let short = &good[..62];
    let long = format!("{good}00");
    let blank = format!("{short} 0");
    let accent = format!("{short}\u{e4}");
    for bad in ["", short, &long, &blank, &accent] {
        let value = Some(bad.as_bytes());
        assert_eq!(Signature::parse(value).unwrap_err(), ApiError::InvalidSignature, "{bad}");
        assert!(Signature::parse_optional(value).is_err(), "{bad}");
    }
    assert_eq!(Signature::parse(None).unwrap_err(), ApiError::InvalidSignature);
}
