//! Properties over generated bodies: nothing panics, and nothing but the signed value is executed.

use openmart_wire::bitmart_v2::{
    CancelAll, CancelOrder, ListOrders, ListTrades, NumberText, PlaceOrder, Query, Side, Signature,
    SigningKey, TokenRequest,
    headers::{bearer_token, check_timestamp},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::SECRET;

/// A decimal in a form of which each value has one: digits without zeros at either end, and the
/// power of ten of the last. Worked out apart from the code under test.
fn exact(text: &str) -> (String, i64) {
    let text = text.replace("%2B", "+").to_lowercase();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().expect("an exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return (String::new(), 0);
    }
    let zeros = (digits.len() - significant.len()) as i64;
    (significant.to_owned(), exponent - fraction.len() as i64 + zeros)
}

fn literals() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,10}",
        "[0-9]{1,10}\\.[0-9]{1,12}",
        "0{0,3}[0-9]{1,10}(\\.[0-9]{1,12})?[eE][+-]?(0{0,2}[0-9]|[12][0-9]|30)",
    ]
}

/// What an order does, without the texts it was written in.
#[derive(Debug, PartialEq)]
struct Effect {
    symbol: String,
    side: Side,
    amount: (String, i64),
    price: (String, i64),
    client_order_id: Option<String>,
}

fn effect(order: &PlaceOrder<'_>) -> Effect {
    Effect {
        symbol: order.symbol.to_string(),
        side: order.side,
        amount: exact(order.amount.literal()),
        price: exact(order.price.literal()),
        client_order_id: order.client_order_id.as_ref().map(ToString::to_string),
    }
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("a text is json")
}

/// Members of a body as texts, those without effect included.
fn members() -> impl Strategy<Value = Vec<(String, String)>> {
    let extra = ("[a-z&=%2+ \"\\\\\u{e4}]{0,6}", "[a-z0-9&=%2+ \"\\\\\u{e4}]{0,8}");
    let id = proptest::option::of("[A-Za-z0-9_-]{1,8}");
    let symbol = prop_oneof!["[A-Z]{2,4}_[A-Z]{3}", "\\$[A-Z]{2}_BTC"];
    let side = prop_oneof![Just("buy"), Just("sell"), Just("BUY"), Just("Sell")];
    (literals(), literals(), symbol, side, id, vec(extra, 0..4)).prop_map(
        |(amount, price, symbol, side, id, extras)| {
            let mut members = vec![
                ("amount".to_owned(), amount),
                ("price".to_owned(), price),
                ("side".to_owned(), side.to_owned()),
                ("symbol".to_owned(), symbol),
            ];
            members.extend(id.map(|id| ("client_order_id".to_owned(), id)));
            for (name, text) in extras {
                if members.iter().all(|(other, _)| *other != name) {
                    members.push((name, text));
                }
            }
            members
        },
    )
}

fn body_of(members: &[(String, String)]) -> String {
    let pairs: Vec<_> = members
        .iter()
        .map(|(name, text)| format!("{}:{}", json_string(name), json_string(text)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// Changes a few bytes: overwrites, inserts, removes, or copies a stretch.
fn mutate(body: &mut Vec<u8>, mutations: &[(u8, Index, Index, u8)]) {
    for (kind, from, to, byte) in mutations {
        if body.is_empty() {
            return;
        }
        let (at, other) = (from.index(body.len()), to.index(body.len()));
        match kind % 4 {
            0 => body[at] = *byte,
            1 => body.insert(at, *byte),
            2 => {
                body.remove(at);
            }
            _ => {
                let stretch = body[at.min(other)..at.max(other)].to_vec();
                body.splice(at..at, stretch);
            }
        }
    }
}

fn mutations() -> impl Strategy<Value = Vec<(u8, Index, Index, u8)>> {
    let byte =
        prop_oneof![any::<u8>(), proptest::sample::select(&br#"{}[]",:\u0019eE+-.&=%n"#[..])];
    vec((any::<u8>(), any::<Index>(), any::<Index>(), byte), 1..5)
}

/// Calls everything that reads foreign bytes.
fn read_everything(bytes: &[u8]) {
    if let Ok(order) = PlaceOrder::parse(bytes) {
        assert!(!order.candidate_messages().is_empty());
    }
    let _ = CancelOrder::parse("1", bytes);
    let _ = TokenRequest::parse(None, bytes, None);
    let _ = bearer_token(Some(bytes));
    let _ = check_timestamp(Some(bytes), 0, u64::MAX);
    let _ = Signature::parse(Some(bytes));
    let text = String::from_utf8_lossy(bytes);
    let _ = NumberText::parse(text.as_ref());
    let _ = CancelOrder::parse(&text, b"");
    let _ = TokenRequest::parse(None, b"", Some(&text));
    if let Ok(query) = Query::parse(Some(&text)) {
        let _ = ListOrders::from_query(&query);
        let _ = ListTrades::from_query(&query);
        let _ = CancelAll::from_query(&query);
        let _ = query.precision(2, 4);
        let _ = query.required_time_ms("from");
    }
}

proptest! {
    #[test]
    fn plain_and_candidates_denote_the_value_of_the_literal(literal in literals()) {
        prop_assume!(literal.len() <= 40);
        let number = NumberText::parse(literal.as_str()).expect("within the grammar");
        let value = exact(&literal);
        prop_assert_eq!(exact(number.plain()), value.clone());
        prop_assert!(!number.plain().contains(['e', 'E', '+']));
        for candidate in number.candidates() {
            prop_assert_eq!(exact(&candidate), value.clone(), "{}", candidate);
        }
        // The plain decimal is the one of its value: reading it again changes nothing.
        if number.plain().len() <= 40 {
            let again = NumberText::parse(number.plain()).expect("a plain decimal");
            prop_assert_eq!(again.plain(), number.plain());
        }
    }

    #[test]
    fn equal_values_have_equal_plain_texts(digits in 0_u64..1_000_000_000, shift in 0_i32..9) {
        let (digits, power) = (digits.to_string(), 10_u64.pow(shift.unsigned_abs()));
        let number: u64 = digits.parse().expect("digits");
        let point = format!("{}.{:0width$}", number / power, number % power, width = shift.max(1) as usize);
        let exponent = format!("{digits}e-{shift}");
        let padded = format!("00{digits}.000e-{shift}");
        let texts = if shift == 0 { vec![digits, exponent, padded] } else { vec![point, exponent, padded] };
        let plains: Vec<_> = texts
            .iter()
            .map(|text| NumberText::parse(text.as_str()).expect("a number").plain().to_owned())
            .collect();
        prop_assert!(plains.iter().all(|plain| *plain == plains[0]), "{:?} {:?}", texts, plains);
    }

    #[test]
    fn every_candidate_message_denotes_what_is_executed(members in members()) {
        let body = body_of(&members);
        let order = PlaceOrder::parse(body.as_bytes()).expect("a good body");
        let key = SigningKey::new(SECRET);
        for message in order.candidate_messages() {
            let field = |name: &str| {
                let mut found = message.split('&').filter_map(|pair| pair.split_once('='))
                    .filter(|(key, _)| *key == name).map(|(_, text)| text.to_owned());
                let first = found.next();
                assert_eq!(found.next(), None, "{name} twice in {message}");
                first
            };
            prop_assert_eq!(exact(&field("amount").expect("an amount")), exact(order.amount.plain()));
            prop_assert_eq!(exact(&field("price").expect("a price")), exact(order.price.plain()));
            prop_assert_eq!(field("side"), Some(order.side_text.to_string()));
            let symbol = field("symbol").expect("a symbol").replace("%24", "$");
            prop_assert_eq!(symbol.as_str(), order.symbol.as_ref());
            let id = order.client_order_id.as_ref().map(ToString::to_string);
            prop_assert_eq!(field("client_order_id"), id);
            let signature = Signature::parse(Some(key.sign(&message).as_bytes())).expect("hex");
            prop_assert_eq!(key.verify_place_order(&order, &signature), Ok(()));
        }
    }

    /// Somebody sees a signed order and sends another body with its signature.
    #[test]
    fn no_changed_body_does_something_else(members in members(), mutations in mutations()) {
        let body = body_of(&members);
        let order = PlaceOrder::parse(body.as_bytes()).expect("a good body");
        let mut changed = body.clone().into_bytes();
        mutate(&mut changed, &mutations);
        if let Ok(other) = PlaceOrder::parse(&changed) {
            let signed = order.candidate_messages();
            if other.candidate_messages().iter().any(|message| signed.contains(message)) {
                prop_assert_eq!(effect(&other), effect(&order));
            }
        }
    }

    /// The same, with members cut out of the signed message along other seams.
    #[test]
    fn no_other_reading_of_a_message_does_something_else(
        members in members(),
        which in any::<Index>(),
        seams in vec(0_u8..4, 12),
    ) {
        let body = body_of(&members);
        let order = PlaceOrder::parse(body.as_bytes()).expect("a good body");
        let messages = order.candidate_messages();
        let message = which.get(&messages);
        let mut other: Vec<(String, String)> = Vec::new();
        for (pair, seam) in message.split('&').zip(seams.iter().cycle()) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            match (other.last_mut(), seam) {
                // Into the text of the member before, or its name takes in everything.
                (Some(last), 0) => last.1 = format!("{}&{pair}", last.1),
                (Some(last), 1) => {
                    last.0 = format!("{}={}&{name}", last.0, last.1);
                    last.1 = text.to_owned();
                }
                _ => other.push((name.to_owned(), text.to_owned())),
            }
        }
        let other = body_of(&other);
        if let Ok(other) = PlaceOrder::parse(other.as_bytes())
            && other.candidate_messages().contains(message)
        {
            prop_assert_eq!(effect(&other), effect(&order));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[{}\\[\\]\",:0-9eE+.&=%a-f\u{e4}\\\\ -]{0,60}") {
        read_everything(text.as_bytes());
    }

    #[test]
    fn mutated_bodies_never_panic(members in members(), mutations in mutations()) {
        let mut body = body_of(&members).into_bytes();
        mutate(&mut body, &mutations);
        read_everything(&body);
    }

    #[test]
    fn mutated_forms_never_panic(mutations in mutations()) {
        let mut form = b"grant_type=client_credentials&client_id=k&client_secret=s&timestamp=1".to_vec();
        mutate(&mut form, &mutations);
        read_everything(&form);
        let mut query = b"symbol=A_B&status=1&offset=0&limit=5&side=buy&entrust_id=1".to_vec();
        mutate(&mut query, &mutations);
        read_everything(&query);
    }

    /// A cancel's signature is good for its own order and no other.
    #[test]
    fn a_cancel_cancels_what_was_signed(signed in any::<u64>(), segment in "0{0,3}[0-9]{1,19}") {
        let key = SigningKey::new(SECRET);
        let signature = key.sign_cancel_order(signed);
        let signature = Signature::parse(Some(signature.as_bytes())).expect("hex");
        for segment in [segment, signed.to_string(), format!("0{}", signed / 10)] {
            if let Ok(cancel) = CancelOrder::parse(&segment, b"") {
                let good = key.verify_cancel_order(&cancel, &signature).is_ok();
                prop_assert_eq!(good, cancel.entrust_id() == signed);
            }
        }
    }
}
