//! The members of a JSON object, one by one, with the literal text of every number.
//!
//! What enters: the text of a body. What leaves: names with their escapes resolved, and values as
//! written. What it must not know: which members mean something.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The value of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MemberValue<'a> {
    /// Content of a string, escapes resolved.
    Text(Cow<'a, str>),
    /// Literal of a number.
    Number(&'a str),
    /// `true` or `false`.
    Flag(&'a str),
    /// `null`.
    Null,
    /// An object or an array.
    Nested,
}

/// Hands every member of the one object in `body` to `take`, in order, repeated names included.
/// Nothing is allocated unless a string has escapes.
///
/// # Errors
/// When `body` is not exactly one JSON object, or a string in it is not a text (a lone surrogate).
/// Members before the fault have been handed over then.
pub(super) fn for_each_member<'a>(
    body: &'a [u8],
    take: impl FnMut(Cow<'a, str>, MemberValue<'a>),
) -> Result<(), serde_json::Error> {
    let text = str::from_utf8(body).map_err(serde::de::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(MembersVisitor { take })?;
    deserializer.end()
}

struct MembersVisitor<F> {
    take: F,
}

impl<'a, F: FnMut(Cow<'a, str>, MemberValue<'a>)> Visitor<'a> for MembersVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key::<Text<'a>>()? {
            let raw = map.next_value::<&'a RawValue>()?.get();
            let value = match raw.as_bytes().first() {
                Some(b'"') => MemberValue::Text(
                    serde_json::from_str::<Text<'a>>(raw).map_err(serde::de::Error::custom)?.0,
                ),
                Some(b'{' | b'[') => MemberValue::Nested,
                Some(b'n') => MemberValue::Null,
                Some(b't' | b'f') => MemberValue::Flag(raw),
                _ => MemberValue::Number(raw),
            };
            (self.take)(name, value);
        }
        Ok(())
    }
}

/// A string borrowed from the input where it has no escapes (`Cow` alone always copies).
struct Text<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Text<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'a> Visitor<'a> for TextVisitor {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}
