//! One figure with what it is measured against, what it must reach and what is aimed at.

use std::fmt;

use serde_json::{Value, json};

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    /// What it is compared with; empty for an absolute figure.
    pub(crate) reference: String,
    /// Unit of `must`, `aim` and `reached`: `x` for a ratio.
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) must: f64,
    /// Nothing: what must be is all that is asked.
    pub(crate) aim: Option<f64>,
    /// Nothing: its benchmark did not run.
    pub(crate) reached: Option<f64>,
}

impl Row {
    pub(crate) const HEAD: &'static str = "what | reference | must | aim | reached | verdict\n\
                                           :-- | :-- | --: | --: | --: | :--";

    pub(crate) fn is_missing(&self) -> bool {
        self.reached.is_none()
    }

    /// `aim`, `must`, `short` or `missing`.
    pub(crate) fn verdict(&self) -> &'static str {
        let Some(reached) = self.reached else { return "missing" };
        let holds = |mark: f64| match self.better {
            Better::Higher => reached >= mark,
            Better::Lower => reached <= mark,
        };
        match self.aim {
            Some(aim) if holds(aim) => "aim",
            _ if holds(self.must) => "must",
            _ => "short",
        }
    }

    fn text(&self, figure: Option<f64>) -> String {
        match figure {
            Some(figure) if figure == 0.0 || figure.abs() >= 100.0 => {
                format!("{figure:.0} {}", self.unit)
            }
            Some(figure) => format!("{figure:.2} {}", self.unit),
            None => "-".to_owned(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "what": self.what, "reference": self.reference, "unit": self.unit,
            "better": match self.better { Better::Higher => "higher", Better::Lower => "lower" },
            "must": self.must, "aim": self.aim, "reached": self.reached, "verdict": self.verdict(),
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, reference, .. } = self;
        let [must, aim, reached] = [Some(self.must), self.aim, self.reached].map(|v| self.text(v));
        write!(f, "{what} | {reference} | {must} | {aim} | {reached} | {}", self.verdict())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(better: Better, reached: Option<f64>) -> Row {
        let (must, aim) = match better {
            Better::Higher => (0.8, Some(1.0)),
            Better::Lower => (1.3, Some(1.05)),
        };
        let (what, reference) = ("what".to_owned(), String::new());
        Row { what, reference, unit: "x", better, must, aim, reached }
    }

    #[test]
    fn verdicts_are_by_the_better_side() {
        let higher = [(1.0, "aim"), (0.99, "must"), (0.8, "must"), (0.79, "short")];
        for (reached, verdict) in higher {
            assert_eq!(row(Better::Higher, Some(reached)).verdict(), verdict, "{reached}");
        }
        let lower = [(1.05, "aim"), (1.06, "must"), (1.3, "must"), (1.31, "short")];
        for (reached, verdict) in lower {
            assert_eq!(row(Better::Lower, Some(reached)).verdict(), verdict, "{reached}");
        }
        assert_eq!(row(Better::Lower, None).verdict(), "missing");
        assert!(row(Better::Lower, None).to_string().ends_with("- | missing"));
    }
}
