//! Faults on demand: rules, each of which says what to break and when.
//!
//! The same words in the JSON of the operator's API and in the TOML of a file. Shapes only: whether
//! a rule makes sense is the server's to say.

use serde::{Deserialize, Serialize};

/// `GET` answers [`FaultList`]; `POST` takes [`AddFaults`]; `PUT` takes [`FaultRules`], in place of
/// all there is; `DELETE` removes all. Each answers the [`FaultList`] that it leads to.
pub const FAULTS: &str = "/admin/faults";
/// `DELETE` removes one rule.
pub const FAULT: &str = "/admin/faults/{name}";

/// Rules at a time: each is looked at for every request.
pub const RULES_MAX: usize = 128;
/// Characters of a name, which are letters, digits, `-`, `_` and `.`.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// Longest delay in milliseconds, of an answer and between the parts of one: ten minutes is more
/// than any client waits.
pub const DELAY_MS_MAX: u32 = 600_000;
/// Longest delay of a frame, in pushes of the stream.
pub const DELAY_TICKS_MAX: u32 = 1_000;
/// How many answers back a stale one may be.
pub const ANSWERS_BEHIND_MAX: u32 = 100;
/// Largest clock skew in milliseconds: a day, in both directions.
pub const SKEW_MS_MAX: u64 = 86_400_000;
/// Longest body of a made-up answer in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 * 1_024;
/// The header that names the rules that touched an answer, if that is asked for.
pub const HEADER: &str = "x-openmart-fault";

/// Everything that decides what is broken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRules {
    /// What chances depend on. Nothing: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether answers that were touched say so in a header. Nothing: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_header: Option<bool>,
    /// In the order in which they are asked.
    #[serde(default)]
    pub rules: Vec<FaultRule>,
}

/// Rules to add behind those that there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddFaults {
    /// All of them are added, or none.
    pub rules: Vec<FaultRule>,
}

/// One rule: what it is asked about, when it strikes, and what it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Unique.
    pub name: String,
    /// Only requests with a token of this API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only this path. `*` and `{anything}` stand for one segment, `**` at the end for any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only frames of this channel of the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Only frames of this symbol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Strikes the nth match, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Strikes each match whose number is a multiple of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Strikes the first so many matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Strikes several matches in a row, again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// Of those chosen so far, the share that is struck; above 0 and at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What happens then.
    pub fault: Fault,
}

/// The first `length` of every `every` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Matches struck in a row.
    pub length: u64,
    /// Matches from the beginning of one burst to that of the next.
    pub every: u64,
}

/// What is done to a request, its answer, or a frame of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// It takes longer.
    Latency {
        /// How much longer.
        delay: Delay,
        /// Before or after it is carried out.
        #[serde(default)]
        point: Point,
    },
    /// It is not carried out, and this is the answer.
    Answer {
        /// 400 to 599.
        status: u16,
        /// The header `Retry-After`, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
        /// Nothing: what the API says for this status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The connection ends, and it is not carried out.
    DisconnectBefore {},
    /// It is carried out, and the connection ends without an answer.
    DisconnectAfter {},
    /// The connection ends in the middle of the answer's body.
    TruncateBody {
        /// How much of the body is sent. Nothing: half.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u32>,
    },
    /// The answer's body comes in parts.
    SlowBody {
        /// Length of a part.
        chunk_bytes: u32,
        /// Milliseconds between two parts.
        interval_ms: u32,
    },
    /// A read gives what the same request was answered earlier.
    StaleRead {
        /// How many answers back. Nothing: 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behind: Option<u32>,
    },
    /// The server's clock is off: in what it tells, and in what it checks.
    ClockSkew {
        /// Milliseconds that it is ahead.
        ms: i64,
    },
    /// A frame of the stream is not sent.
    DropFrame {},
    /// A frame is sent twice.
    DuplicateFrame {},
    /// A frame is sent after the next one.
    ReorderFrame {},
    /// A frame and those of its subscription behind it are sent later.
    DelayFrame {
        /// Pushes of the stream that it waits.
        ticks: u32,
    },
}

/// Whether something happens before or after a request is carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// Before: a client that gives up has done nothing.
    #[default]
    Before,
    /// After: what was asked for has happened while the client waits.
    After,
}

/// A delay in milliseconds, drawn anew for each strike. At most [`DELAY_MS_MAX`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "distribution", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same.
    Fixed {
        /// Milliseconds.
        ms: u32,
    },
    /// Evenly between two bounds.
    Uniform {
        /// Shortest.
        min_ms: u32,
        /// Longest.
        max_ms: u32,
    },
    /// Normal, never below 0.
    Normal {
        /// Mean.
        mean_ms: u32,
        /// Standard deviation.
        deviation_ms: u32,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean_ms: u32,
    },
    /// Pareto: most are short, a few very long.
    Pareto {
        /// Shortest.
        min_ms: u32,
        /// Shape; the smaller, the longer the longest.
        shape: f64,
    },
}

/// What is broken, and how often it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultList {
    /// What chances depend on.
    pub seed: u64,
    /// Whether touched answers say so.
    pub fault_header: bool,
    /// In the order in which they are asked.
    pub rules: Vec<CountedRule>,
}

/// A rule with its counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountedRule {
    /// The rule.
    pub rule: FaultRule,
    /// Requests or frames that it was asked about.
    pub seen: u64,
    /// Those that it struck.
    pub struck: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_does_not_know_is_refused() {
        let parse = serde_json::from_str::<FaultRule>;
        let good = r#"{"name":"a","nth":2,"fault":{"kind":"disconnect-after"}}"#;
        assert_eq!(serde_json::to_string(&parse(good).unwrap()).unwrap(), good);
        for bad in [
            r#"{"name":"a","nht":2,"fault":{"kind":"disconnect-after"}}"#,
            r#"{"name":"a","fault":{"kind":"disconnect-after","ms":1}}"#,
            r#"{"name":"a","fault":{"kind":"disconnect"}}"#,
            r#"{"name":"a","fault":{"kind":"latency","delay":{"distribution":"fixed","ms":1,"max_ms":2}}}"#,
            r#"{"name":"a","fault":{"kind":"latency","delay":{"distribution":"fixed","ms":-1}}}"#,
            r#"{"name":"a"}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
