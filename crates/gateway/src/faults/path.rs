//! Patterns of paths: segments, some of which stand for any.

/// A pattern such as `/v2/orders/{entrust_id}`, `/v2/symbols/*/trades` or `/v2/**`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern {
    segments: Vec<Segment>,
    /// Whether anything may follow.
    open: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    Text(String),
    Any,
}

impl Pattern {
    /// Nothing if it does not begin with a slash, or has `**` before its end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<&str> = segments(text.strip_prefix('/')?).collect();
        let open = parts.last() == Some(&"**");
        if open {
            parts.pop();
        }
        let segment = |part: &&str| match *part {
            "**" => None,
            "*" => Some(Segment::Any),
            part if is_variable(part) => Some(Segment::Any),
            part => Some(Segment::Text(part.to_owned())),
        };
        let segments = parts.iter().map(segment).collect::<Option<_>>()?;
        Some(Self { segments, open })
    }

    /// Whether a request for this path is meant. A slash at the end does not count.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.compare(path, |segment, part| match segment {
            Segment::Any => true,
            Segment::Text(text) => text == part,
        })
    }

    /// Whether a request for a route could be meant.
    pub(super) fn meets(&self, route: &str) -> bool {
        self.compare(route, |segment, part| match segment {
            Segment::Any => true,
            Segment::Text(text) => text == part || is_variable(part),
        })
    }

    fn compare(&self, path: &str, same: impl Fn(&Segment, &str) -> bool) -> bool {
        let mut parts = segments(path.strip_prefix('/').unwrap_or(path));
        let all = self.segments.iter().all(|own| parts.next().is_some_and(|part| same(own, part)));
        all && (self.open || parts.next().is_none())
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_has_the_same_segments() {
        for (pattern, meant, other) in [
            ("/v2/orders", &["/v2/orders", "/v2/orders/"][..], &["/v2/orders/7", "/v2", "/"][..]),
            ("/v2/orders/{id}", &["/v2/orders/7"], &["/v2/orders", "/v2/orders/7/8"]),
            ("/v2/*/X/trades", &["/v2/symbols/X/trades"], &["/v2/symbols/Y/trades"]),
            ("/v2/**", &["/v2", "/v2/ping", "/v2/a/b/c"], &["/", "/v3/ping"]),
            ("/**", &["/", "/v2/ping"], &[]),
            ("/", &["/"], &["/v2"]),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert!(meant.iter().all(|path| pattern.matches(path)), "{pattern:?}");
            assert!(!other.iter().any(|path| pattern.matches(path)), "{pattern:?}");
        }
        for bad in ["", "v2/orders", "/**/orders"] {
            assert_eq!(Pattern::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pattern_for_no_route_is_noticed() {
        let meets = |pattern| Pattern::parse(pattern).unwrap().meets("/v2/orders/{entrust_id}");
        assert!(meets("/v2/orders/7") && meets("/v2/orders/*") && meets("/**"));
        assert!(!meets("/v2/order/7") && !meets("/v2/orders"));
    }
}
