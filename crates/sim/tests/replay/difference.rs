//! Where two JSON values differ, member by member.

use serde_json::Value;

/// How many differences are told.
const TOLD_MAX: usize = 12;

/// One line for each difference; none when the values are equal.
pub(crate) fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut told = Vec::new();
    compare("$", found, expected, &mut told);
    told.truncate(TOLD_MAX);
    told
}

fn compare(path: &str, found: &Value, expected: &Value, told: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, value) in found {
                let other = expected.get(name).unwrap_or(&Value::Null);
                compare(&format!("{path}.{name}"), value, other, told);
            }
            for (name, value) in expected.iter().filter(|(name, _)| !found.contains_key(*name)) {
                told.push(format!("{path}.{name}: missing, expected {value}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            if found.len() != expected.len() {
                let (found, expected) = (found.len(), expected.len());
                told.push(format!("{path}: {found} elements, expected {expected}"));
            }
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(&format!("{path}[{place}]"), found, expected, told);
            }
        }
        _ if found == expected => {}
        _ => told.push(format!("{path}: {found}, expected {expected}")),
    }
}
