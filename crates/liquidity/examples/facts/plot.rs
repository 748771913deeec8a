//! Plots as SVG text: lines and bars over two axes, linear or logarithmic.

use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLORS: [&str; 4] = ["#1f5fa8", "#c2571a", "#3d8b4f", "#777777"];

/// Gaps between ticks of an axis, about.
const TICKS: f64 = 6.0;

pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) logarithmic: bool,
}

pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) bars: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Axis {
    pub(crate) const fn linear(name: &'static str) -> Self {
        Self { name, logarithmic: false }
    }

    pub(crate) const fn logarithmic(name: &'static str) -> Self {
        Self { name, logarithmic: true }
    }

    fn place(self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// Places and texts of the ticks between two places.
    fn ticks(self, low: f64, high: f64) -> Vec<(f64, String)> {
        if self.logarithmic {
            let (first, last) = (low.ceil() as i32, high.floor() as i32);
            return (first..=last).map(|power| (f64::from(power), power_text(power))).collect();
        }
        let rough = (high - low) / TICKS;
        let power = 10f64.powf(rough.log10().floor());
        let gap = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|gap| *gap >= rough);
        let gap = gap.unwrap_or(rough);
        let decimals = (-gap.log10().floor()).max(0.0) as usize;
        let first = (low / gap).ceil() as i64;
        let ticks = (first..).map(|n| n as f64 * gap).take_while(|place| *place <= high);
        ticks.map(|place| (place, format!("{place:.decimals$}"))).collect()
    }
}

fn power_text(power: i32) -> String {
    match power {
        -2..=4 => format!("{}", 10f64.powi(power)),
        _ => format!("1e{power}"),
    }
}

impl Series {
    pub(crate) fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), bars: false, points }
    }

    pub(crate) fn bars(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), bars: true, points }
    }
}

impl Plot {
    pub(crate) fn svg(&self) -> String {
        let (x, y) = (self.bounds(self.x, |point| point.0), self.bounds(self.y, |point| point.1));
        let across =
            |value: f64| LEFT + (self.x.place(value) - x.0) / (x.1 - x.0) * (WIDTH - LEFT - RIGHT);
        let down = |value: f64| {
            HEIGHT - BOTTOM - (self.y.place(value) - y.0) / (y.1 - y.0) * (HEIGHT - TOP - BOTTOM)
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}</text>\n",
            self.title
        );
        self.axes(&mut svg, x, y);
        for (series, color) in self.series.iter().zip(COLORS) {
            let points = series.points.iter().map(|point| (across(point.0), down(point.1)));
            if series.bars {
                bars(&mut svg, points.collect(), color);
            } else {
                line(&mut svg, points, color);
            }
        }
        self.names(&mut svg);
        svg + "</svg>\n"
    }

    /// Lowest and highest place, with bars standing on zero.
    fn bounds(&self, axis: Axis, of: impl Fn(&(f64, f64)) -> f64) -> (f64, f64) {
        let points = self.series.iter().flat_map(|series| &series.points);
        let places = points.map(|point| axis.place(of(point))).filter(|place| place.is_finite());
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for place in places {
            (low, high) = (low.min(place), high.max(place));
        }
        if !axis.logarithmic && low > 0.0 && low < high / 2.0 {
            low = 0.0;
        }
        (low, if high > low { high } else { low + 1.0 })
    }

    fn axes(&self, svg: &mut String, x: (f64, f64), y: (f64, f64)) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut add = |text: String| svg.push_str(&text);
        for (place, text) in self.x.ticks(x.0, x.1) {
            let at = LEFT + (place - x.0) / (x.1 - x.0) * (right - LEFT);
            add(format!(
                "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#e4e4e4\"/>\
                 <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>\n",
                bottom + 16.0
            ));
        }
        for (place, text) in self.y.ticks(y.0, y.1) {
            let at = bottom - (place - y.0) / (y.1 - y.0) * (bottom - TOP);
            add(format!(
                "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#e4e4e4\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>\n",
                LEFT - 6.0,
                at + 4.0
            ));
        }
        add(format!(
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"black\"/>\n"
        ));
        let (middle, low) = ((LEFT + right) / 2.0, HEIGHT - 12.0);
        add(format!(
            "<text x=\"{middle}\" y=\"{low}\" text-anchor=\"middle\">{}</text>\n",
            self.x.name
        ));
        let middle = (TOP + bottom) / 2.0;
        add(format!(
            "<text transform=\"translate(16 {middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            self.y.name
        ));
    }

    fn names(&self, svg: &mut String) {
        if self.series.len() < 2 {
            return;
        }
        for (at, (series, color)) in self.series.iter().zip(COLORS).enumerate() {
            let (x, y) = (WIDTH - RIGHT - 8.0, TOP + 16.0 * (at + 1) as f64);
            let name = &series.name;
            let text = format!(
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\" fill=\"{color}\">{name}</text>\n"
            );
            svg.push_str(&text);
        }
    }
}

fn line(svg: &mut String, points: impl Iterator<Item = (f64, f64)>, color: &str) {
    let mut path = String::new();
    for (x, y) in points.filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let command = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    let _ =
        writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>");
}

fn bars(svg: &mut String, points: Vec<(f64, f64)>, color: &str) {
    let gap = points.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min);
    let width = (gap * 0.85).clamp(1.0, 40.0);
    for (x, y) in points {
        let height = HEIGHT - BOTTOM - y;
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>",
            x - width / 2.0
        );
    }
}
