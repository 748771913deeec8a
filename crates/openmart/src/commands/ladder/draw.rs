//! The picture of a [`Ladder`]: asks above, bids below, own orders, keys.
//!
//! A pure function: the same ladder in the same space is the same picture.

use openmart_client::{Decimal, DepthLevel, Side};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::model::{Ladder, Mark, OwnOrder};

/// Lines for own orders; with more, those around the selected one are shown.
const OWN_LINES_MAX: usize = 5;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, ladder: &Ladder) {
    let own_lines = ladder.own().len().clamp(1, OWN_LINES_MAX);
    let heights = [
        Constraint::Length(2),
        Constraint::Min(3),
        Constraint::Length(u16::try_from(own_lines + 1).unwrap_or(u16::MAX)),
        Constraint::Length(2),
    ];
    let [title_area, levels_area, own_area, foot_area] =
        Layout::vertical(heights).areas(frame.area());
    let widths = Widths::of(ladder);
    frame.render_widget(title(ladder, &widths), title_area);
    frame.render_widget(levels(ladder, &widths, levels_area), levels_area);
    frame.render_widget(own_orders(ladder, own_lines), own_area);
    frame.render_widget(foot(ladder), foot_area);
}

/// How wide the columns of the book are.
struct Widths {
    price: usize,
    amount: usize,
    total: usize,
    orders: usize,
    /// The largest total of both sides, which has the longest bar.
    largest: Decimal,
}

const PRICE: &str = "PRICE";
const AMOUNT: &str = "AMOUNT";
const TOTAL: &str = "TOTAL";
const ORDERS: &str = "ORDERS";

impl Widths {
    fn of(ladder: &Ladder) -> Self {
        let levels = || ladder.book().sells.iter().chain(&ladder.book().buys);
        let width = |head: &str, text: fn(&DepthLevel) -> &String| {
            levels().map(|level| text(level).len()).max().unwrap_or(0).max(head.len())
        };
        Self {
            price: width(PRICE, |level| &level.price),
            amount: width(AMOUNT, |level| &level.amount),
            total: width(TOTAL, |level| &level.total),
            orders: width(ORDERS, |level| &level.count),
            largest: levels().filter_map(total).max().unwrap_or_default(),
        }
    }

    fn columns(&self, price: &str, amount: &str, total: &str, orders: &str) -> String {
        format!(
            "{price:>0$}  {amount:>1$}  {total:>2$}  {orders:>3$}  ",
            self.price, self.amount, self.total, self.orders
        )
    }
}

fn total(level: &DepthLevel) -> Option<Decimal> {
    level.total.parse().ok()
}

fn title(ladder: &Ladder, widths: &Widths) -> Paragraph<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let state = match ladder.lost() {
        Some(cause) => Span::styled(format!("  not live: {cause}"), Style::new().fg(Color::Yellow)),
        None => Span::raw("  live"),
    };
    let name = Span::styled(ladder.symbol().to_owned(), bold);
    let head = format!("  {}", widths.columns(PRICE, AMOUNT, TOTAL, ORDERS));
    let dim = Style::new().add_modifier(Modifier::DIM);
    Paragraph::new(vec![Line::from(vec![name, state]), Line::styled(head, dim)])
}

/// Asks down to the best one, the spread, and bids from the best one, as many as there is room for.
fn levels(ladder: &Ladder, widths: &Widths, area: Rect) -> Paragraph<'static> {
    let height = usize::from(area.height);
    let (above, below) = (height.saturating_sub(1) / 2, height / 2);
    let book = ladder.book();
    let line = |side, level| level_line(ladder, widths, side, level, usize::from(area.width));
    let asks: Vec<Line<'static>> =
        book.sells.iter().take(above).map(|level| line(Side::Sell, level)).collect();
    let mut lines = vec![Line::default(); above - asks.len()];
    lines.extend(asks.into_iter().rev());
    lines.push(spread(ladder));
    lines.extend(book.buys.iter().take(below).map(|level| line(Side::Buy, level)));
    Paragraph::new(lines)
}

fn level_line(
    ladder: &Ladder,
    widths: &Widths,
    side: Side,
    level: &DepthLevel,
    width: usize,
) -> Line<'static> {
    let color = match side {
        Side::Buy => Color::Green,
        Side::Sell => Color::Red,
    };
    let (mark, style) = match ladder.mark(side, level) {
        Mark::None => ("  ", Style::new().fg(color)),
        Mark::Own => ("* ", Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Mark::Selected => ("> ", Style::new().fg(color).add_modifier(Modifier::REVERSED)),
    };
    let columns = widths.columns(&level.price, &level.amount, &level.total, &level.count);
    let room = width.saturating_sub(mark.len() + columns.len());
    let bar = "█".repeat(bar_length(total(level), widths.largest, room));
    Line::from(vec![
        Span::styled(format!("{mark}{columns}"), style),
        Span::styled(bar, Style::new().fg(color)),
    ])
}

/// The part of the room that a total takes of the largest one, at least one if it is anything.
fn bar_length(total: Option<Decimal>, largest: Decimal, room: usize) -> usize {
    let length = || {
        let decimals = largest.decimals().max(total?.decimals());
        let (part, whole) = (total?.units(decimals)?, largest.units(decimals)?);
        let length = part.checked_mul(i128::try_from(room).ok()?)?.checked_div(whole)?;
        usize::try_from(length).ok()
    };
    let is_something = total.is_some_and(Decimal::is_positive);
    length().unwrap_or(0).max(usize::from(is_something)).min(room)
}

fn spread(ladder: &Ladder) -> Line<'static> {
    let best = |levels: &[DepthLevel]| levels.first()?.price.parse::<Decimal>().ok();
    let (ask, bid) = (best(&ladder.book().sells), best(&ladder.book().buys));
    let spread = ask.zip(bid).and_then(|(ask, bid)| ask.checked_sub(bid));
    let text = match spread {
        Some(spread) => format!("  -- spread {spread} --"),
        None => "  --".to_owned(),
    };
    Line::styled(text, Style::new().add_modifier(Modifier::DIM))
}

fn own_orders(ladder: &Ladder, lines_max: usize) -> Paragraph<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let own = ladder.own();
    let mut lines = vec![Line::styled(format!("own orders: {}", own.len()), bold)];
    let selected = ladder.selected_at();
    // The selected one stays in sight.
    let first = selected.map_or(0, |at| (at + 1).saturating_sub(lines_max));
    lines.extend(own.iter().enumerate().skip(first).take(lines_max).map(|(at, order)| {
        let OwnOrder { id, side, price_text, remaining, .. } = order;
        let mark = if Some(at) == selected { ">" } else { " " };
        let style = match Some(at) == selected {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        Line::styled(format!("{mark} {id}  {side}  {remaining} at {price_text}"), style)
    }));
    Paragraph::new(lines)
}

fn foot(ladder: &Ladder) -> Paragraph<'static> {
    let keys = "↑ ↓ select an own order   c cancel it   q quit";
    let dim = Style::new().add_modifier(Modifier::DIM);
    Paragraph::new(vec![Line::raw(ladder.notice().to_owned()), Line::styled(keys, dim)])
}

#[cfg(test)]
mod tests {
    use openmart_client::Depth;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::super::model::tests::{level, order};
    use super::*;

    fn picture(ladder: &Ladder, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, ladder)).unwrap();
        let buffer = terminal.backend().buffer();
        let line = |y| {
            let cells = (0..width).map(|x| buffer[(x, y)].symbol());
            cells.collect::<String>().trim_end().to_owned()
        };
        (0..height).map(line).collect::<Vec<_>>().join("\n")
    }

    fn ladder() -> Ladder {
        let mut ladder = Ladder::new("ACX_USDT", true);
        ladder.show_book(Depth {
            sells: vec![level("2.5012", "8.40", "8.40"), level("2.5100", "31.60", "40.00")],
            buys: vec![
                level("2.4990", "20.00", "20.00"),
                level("2.4985", "0.10", "20.10"),
                level("2.4900", "9.90", "30.00"),
            ],
        });
        ladder.show_orders(&[order(7, Side::Buy, "2.4985"), order(12, Side::Sell, "2.5100")]);
        ladder
    }

    #[test]
    fn the_book_is_drawn_with_own_orders_and_bars() {
        let mut ladder = ladder();
        ladder.press(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE));
        let expected = "\
ACX_USDT  live
   PRICE  AMOUNT  TOTAL  ORDERS

> 2.5100   31.60  40.00       1  ████████████████████
  2.5012    8.40   8.40       1  ████
  -- spread 0.0022 --
  2.4990   20.00  20.00       1  ██████████
* 2.4985    0.10  20.10       1  ██████████
  2.4900    9.90  30.00       1  ███████████████
own orders: 2
> 12  sell  4.00 at 2.5100
  7  buy  4.00 at 2.4985

↑ ↓ select an own order   c cancel it   q quit";
        assert_eq!(picture(&ladder, 53, 14), expected);
    }

    #[test]
    fn what_is_not_live_says_why() {
        let mut ladder = ladder();
        ladder.lose("the exchange closed the connection".to_owned());
        ladder.say("order 7 canceled".to_owned());
        let picture = picture(&ladder, 60, 14);
        assert!(picture.starts_with("ACX_USDT  not live: the exchange closed"), "{picture}");
        assert!(picture.contains("\norder 7 canceled\n"), "{picture}");
        assert!(picture.contains("31.60"), "the last book stays: {picture}");
    }

    #[test]
    fn the_selected_order_stays_in_sight() {
        let mut ladder = Ladder::new("ACX_USDT", true);
        let orders: Vec<_> = (1..=9).map(|id| order(id, Side::Buy, "2.4")).collect();
        ladder.show_orders(&orders);
        for _ in 0..8 {
            ladder.press(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE));
        }
        let picture = picture(&ladder, 60, 20);
        assert!(picture.contains("\n> 8  buy") && picture.contains("\n  4  buy"), "{picture}");
        assert!(!picture.contains("\n  3  buy") && !picture.contains("\n  9  buy"), "{picture}");
    }

    #[test]
    fn no_size_is_too_small_and_no_book_too_odd() {
        let mut odd = Ladder::new("ACX_USDT", false);
        odd.show_book(Depth { sells: vec![level("x", "", "y")], buys: vec![level("", "", "")] });
        for ladder in [&ladder(), &odd, &Ladder::new("", true)] {
            for width in [1, 2, 10, 40, 200] {
                for height in [1, 2, 3, 5, 8, 60] {
                    picture(ladder, width, height);
                }
            }
        }
    }
}
