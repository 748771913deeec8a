//! A chart as SVG text: two axes, lines, a legend. It has colors for light and dark surroundings and
//! asks the reader's program which.

use std::fmt::Write as _;

use crate::axis::{Axis, mark_text};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 78.0;
/// Half of the longest mark must fit.
const RIGHT: f64 = 48.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 62.0;

const STYLE: &str = "\
.ground{fill:#ffffff}text{fill:#24292f;font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}\
.grid{stroke:#d8dee4}.line{fill:none;stroke-width:2}.s0{stroke:#0969da}.s1{stroke:#bc4c00}\
.d0{fill:#0969da}.d1{fill:#bc4c00}\
@media(prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.grid{stroke:#30363d}\
.s0{stroke:#58a6ff}.s1{stroke:#f0883e}.d0{fill:#58a6ff}.d1{fill:#f0883e}}";

/// A line with a name.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether its points are shown as such.
    pub(crate) dots: bool,
}

pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

impl Chart {
    pub(crate) fn to_svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n",
            escaped(&self.title)
        );
        text(&mut svg, (LEFT, 26.0), "start", " class=\"title\"", &self.title);
        self.axes(&mut svg);
        for (number, series) in self.series.iter().enumerate() {
            self.line(&mut svg, number, series);
            self.legend(&mut svg, number, series);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn at_x(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn at_y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)
    }

    fn axes(&self, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for mark in &self.x.marks {
            let x = self.at_x(*mark);
            grid(svg, (x, TOP), (x, bottom));
            text(svg, (x, bottom + 20.0), "middle", "", &mark_text(*mark));
        }
        for mark in &self.y.marks {
            let y = self.at_y(*mark);
            grid(svg, (LEFT, y), (right, y));
            text(svg, (LEFT - 8.0, y + 4.0), "end", "", &mark_text(*mark));
        }
        text(svg, ((LEFT + right) / 2.0, HEIGHT - 14.0), "middle", "", &self.x.label);
        let middle = (TOP + bottom) / 2.0;
        let turned = format!(" transform=\"rotate(-90 18 {middle})\"");
        text(svg, (18.0, middle), "middle", &turned, &self.y.label);
    }

    fn line(&self, svg: &mut String, number: usize, series: &Series) {
        let place = |(x, y): &(f64, f64)| (self.at_x(*x), self.at_y(*y));
        let points = series.points.iter().map(place);
        let path: Vec<String> = points.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let path = path.join(" ");
        let _ = writeln!(svg, "<polyline class=\"line s{number}\" points=\"{path}\"/>");
        for (x, y) in points.filter(|_| series.dots) {
            let _ =
                writeln!(svg, "<circle class=\"d{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>");
        }
    }

    fn legend(&self, svg: &mut String, number: usize, series: &Series) {
        let (x, y) = (LEFT + 230.0 * number as f64, 48.0);
        let _ = writeln!(
            svg,
            "<line class=\"line s{number}\" x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/>",
            x + 24.0
        );
        text(svg, (x + 32.0, y + 4.0), "start", "", &series.name);
    }
}

fn grid(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"grid\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, more: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{more}>{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
