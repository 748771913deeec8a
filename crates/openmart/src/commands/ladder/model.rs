//! What the ladder shows, and what keys do to it.
//!
//! What enters: the book, the account's orders, keys, news. What leaves: levels with the marks of
//! own orders, and wishes. What it must not know: the terminal, the network.

use openmart_client::{Decimal, Depth, DepthLevel, Order, Side};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for beyond the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Quit,
    Cancel(u64),
}

/// An open order of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnOrder {
    pub(super) id: u64,
    pub(super) side: Side,
    pub(super) price: Decimal,
    pub(super) price_text: String,
    pub(super) remaining: String,
}

/// Which own orders rest at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    Own,
    Selected,
}

/// Everything there is to draw.
#[derive(Debug)]
pub(super) struct Ladder {
    symbol: String,
    has_key: bool,
    book: Depth,
    /// Highest price first, as in the picture.
    own: Vec<OwnOrder>,
    selected: Option<u64>,
    /// Where the selected order was before it went, for the next arrow key to go on from. Nothing is
    /// selected in its place by itself: a key pressed just then would cancel an order that nobody
    /// chose.
    left_at: Option<usize>,
    /// Why the book is not of now, if it is not.
    lost: Option<String>,
    notice: String,
}

impl Ladder {
    pub(super) fn new(symbol: &str, has_key: bool) -> Self {
        let notice = match has_key {
            true => "",
            false => "without --key, --secret and --memo, own orders are not shown",
        };
        Self {
            symbol: symbol.to_owned(),
            has_key,
            book: Depth::default(),
            own: Vec::new(),
            selected: None,
            left_at: None,
            lost: Some("waiting for the book".to_owned()),
            notice: notice.to_owned(),
        }
    }

    pub(super) fn symbol(&self) -> &str {
        &self.symbol
    }

    pub(super) fn has_key(&self) -> bool {
        self.has_key
    }

    pub(super) fn book(&self) -> &Depth {
        &self.book
    }

    pub(super) fn own(&self) -> &[OwnOrder] {
        &self.own
    }

    /// Where the selected order is in [`Ladder::own`].
    pub(super) fn selected_at(&self) -> Option<usize> {
        self.own.iter().position(|order| Some(order.id) == self.selected)
    }

    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    pub(super) fn notice(&self) -> &str {
        &self.notice
    }

    /// The book of now.
    pub(super) fn show_book(&mut self, book: Depth) {
        self.book = book;
        self.lost = None;
    }

    /// The book is not of now any more.
    pub(super) fn lose(&mut self, cause: String) {
        self.lost = Some(cause);
    }

    /// Says something in the last line.
    pub(super) fn say(&mut self, notice: String) {
        self.notice = notice;
    }

    /// The account's open orders of now. If the selected one is gone, none is selected.
    pub(super) fn show_orders(&mut self, orders: &[Order]) {
        let place = self.selected_at();
        let own = orders.iter().filter_map(|order| {
            Some(OwnOrder {
                id: order.entrust_id,
                side: order.side,
                price: order.price.parse().ok()?,
                price_text: order.price.clone(),
                remaining: order.remaining_amount.clone(),
            })
        });
        self.own = own.collect();
        self.own.sort_by(|a, b| b.price.cmp(&a.price).then(a.id.cmp(&b.id)));
        self.leave(place);
    }

    /// The exchange has canceled an order.
    pub(super) fn canceled(&mut self, order: u64) {
        let place = self.selected_at();
        self.own.retain(|own| own.id != order);
        self.leave(place);
        self.say(format!("order {order} canceled"));
    }

    /// Forgets the selected order if it is gone from this place.
    fn leave(&mut self, place: Option<usize>) {
        if place.is_some() && self.selected_at().is_none() {
            (self.selected, self.left_at) = (None, place);
        }
    }

    /// What a key does.
    pub(super) fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        match key.code {
            KeyCode::Char('c' | 'C') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                Some(Wish::Quit)
            }
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Wish::Quit),
            KeyCode::Up | KeyCode::Left => self.step(-1),
            KeyCode::Down | KeyCode::Right => self.step(1),
            KeyCode::Char('c' | 'C') => self.cancel(),
            _ => None,
        }
    }

    /// Selects the next own order in the picture; the first or last if none was selected before.
    fn step(&mut self, by: isize) -> Option<Wish> {
        let last = self.own.len().checked_sub(1)?;
        let place = match (self.selected_at(), self.left_at) {
            (Some(place), _) => place.saturating_add_signed(by),
            // What came after the one that went is in its place now.
            (None, Some(place)) if by > 0 => place,
            (None, Some(place)) => place.saturating_add_signed(by),
            (None, None) if by > 0 => 0,
            (None, None) => last,
        };
        let place = place.min(last);
        self.selected = self.own.get(place).map(|order| order.id);
        self.notice.clear();
        None
    }

    fn cancel(&mut self) -> Option<Wish> {
        match (self.selected_at(), self.selected) {
            (Some(_), Some(order)) => {
                self.say(format!("canceling order {order} …"));
                Some(Wish::Cancel(order))
            }
            _ if self.own.is_empty() => {
                self.say("there is no own order to cancel".to_owned());
                None
            }
            _ => {
                self.say("select one of your orders with the arrow keys first".to_owned());
                None
            }
        }
    }

    /// Whether own orders rest at a level. A level that groups prices holds those from its price up
    /// to the next better one.
    pub(super) fn mark(&self, side: Side, level: &DepthLevel) -> Mark {
        let Ok(price) = level.price.parse::<Decimal>() else { return Mark::None };
        let decimals = level.price.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let step = u8::try_from(decimals).ok().and_then(|decimals| Decimal::new(1, decimals));
        let is_here = |own: &&OwnOrder| {
            let beyond = match side {
                Side::Buy => own.price.checked_sub(price),
                Side::Sell => price.checked_sub(own.price),
            };
            own.side == side && beyond >= Some(Decimal::ZERO) && beyond < step
        };
        let here = || self.own.iter().filter(is_here);
        if here().any(|own| Some(own.id) == self.selected) {
            Mark::Selected
        } else if here().next().is_some() {
            Mark::Own
        } else {
            Mark::None
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use openmart_client::OrderStatus;

    use super::*;

    pub(in super::super) fn level(price: &str, amount: &str, total: &str) -> DepthLevel {
        DepthLevel {
            amount: amount.into(),
            total: total.into(),
            price: price.into(),
            count: "1".into(),
        }
    }

    pub(in super::super) fn order(id: u64, side: Side, price: &str) -> Order {
        Order {
            entrust_id: id,
            symbol: "ACX_USDT".into(),
            timestamp: 0,
            side,
            price: price.into(),
            fees: "0".into(),
            original_amount: "5.00".into(),
            executed_amount: "1.00".into(),
            remaining_amount: "4.00".into(),
            status: OrderStatus::PartiallyFilled,
        }
    }

    fn press(ladder: &mut Ladder, code: KeyCode) -> Option<Wish> {
        ladder.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn ladder(orders: &[Order]) -> Ladder {
        let mut ladder = Ladder::new("ACX_USDT", true);
        ladder.show_orders(orders);
        ladder
    }

    #[test]
    fn arrows_walk_over_own_orders_and_c_cancels_the_selected_one() {
        let orders = [
            order(7, Side::Buy, "2.4000"),
            order(8, Side::Sell, "2.6000"),
            order(9, Side::Buy, "2.3000"),
        ];
        let mut ladder = ladder(&orders);
        assert_eq!(press(&mut ladder, KeyCode::Char('c')), None);
        assert_eq!(ladder.notice(), "select one of your orders with the arrow keys first");
        // Highest price first; the ends stay the ends.
        for (key, expected) in [
            (KeyCode::Down, 8),
            (KeyCode::Down, 7),
            (KeyCode::Down, 9),
            (KeyCode::Down, 9),
            (KeyCode::Up, 7),
            (KeyCode::Up, 8),
            (KeyCode::Up, 8),
            (KeyCode::Down, 7),
        ] {
            assert_eq!(press(&mut ladder, key), None);
            assert_eq!(ladder.selected, Some(expected));
        }
        assert_eq!(press(&mut ladder, KeyCode::Char('c')), Some(Wish::Cancel(7)));
        assert_eq!(ladder.notice(), "canceling order 7 …");
        ladder.canceled(7);
        assert_eq!(ladder.notice(), "order 7 canceled");
        assert_eq!(press(&mut ladder, KeyCode::Down), None);
        assert_eq!(ladder.selected, Some(9), "what came after it");
        ladder.show_orders(&[]);
        assert_eq!(press(&mut ladder, KeyCode::Char('c')), None);
        assert_eq!(ladder.notice(), "there is no own order to cancel");
        assert_eq!(press(&mut ladder, KeyCode::Down), None);
    }

    #[test]
    fn a_key_pressed_just_after_an_order_went_cancels_no_other() {
        let orders = [order(7, Side::Buy, "2.4"), order(8, Side::Sell, "2.6")];
        let mut ladder = ladder(&orders);
        press(&mut ladder, KeyCode::Down);
        assert_eq!(ladder.selected, Some(8));
        ladder.show_orders(&orders[..1]);
        assert_eq!(press(&mut ladder, KeyCode::Char('c')), None);
        assert_eq!(ladder.notice(), "select one of your orders with the arrow keys first");
        press(&mut ladder, KeyCode::Up);
        assert_eq!(press(&mut ladder, KeyCode::Char('c')), Some(Wish::Cancel(7)));
    }

    #[test]
    fn quitting_has_three_keys() {
        let mut ladder = ladder(&[]);
        assert_eq!(press(&mut ladder, KeyCode::Char('q')), Some(Wish::Quit));
        assert_eq!(press(&mut ladder, KeyCode::Esc), Some(Wish::Quit));
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(ladder.press(interrupt), Some(Wish::Quit));
        assert_eq!(press(&mut ladder, KeyCode::Char('x')), None);
    }

    #[test]
    fn levels_are_marked_also_when_they_group_prices() {
        let orders = [order(1, Side::Buy, "2.4051"), order(2, Side::Sell, "2.6051")];
        let mut ladder = ladder(&orders);
        for (side, price, mark) in [
            (Side::Buy, "2.4051", Mark::Own),
            (Side::Buy, "2.40", Mark::Own),
            (Side::Buy, "2.4", Mark::Own),
            (Side::Buy, "2.4052", Mark::None),
            (Side::Buy, "2.39", Mark::None),
            (Side::Sell, "2.4051", Mark::None),
            (Side::Sell, "2.6051", Mark::Own),
            (Side::Sell, "2.61", Mark::Own),
            (Side::Sell, "2.60", Mark::None),
            (Side::Sell, "2.62", Mark::None),
        ] {
            assert_eq!(ladder.mark(side, &level(price, "1", "1")), mark, "{side} {price}");
        }
        press(&mut ladder, KeyCode::Down);
        assert_eq!(ladder.mark(Side::Sell, &level("2.61", "1", "1")), Mark::Selected);
    }
}
