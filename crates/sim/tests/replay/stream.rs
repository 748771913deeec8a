//! A subscriber to every channel of a market, and what must be pushed to it.

use std::net::SocketAddr;

use openmart_model::MarketId;
use openmart_sim::random::Random;
use serde_json::{Value, json};

use crate::client::Socket;
use crate::difference::differences;
use crate::model::Model;
use crate::questions::STEPS;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Channel {
    Price,
    Kline(u64),
    Depth(u8),
    Trade(u16),
}

/// A subscription as its client knows it.
struct Topic {
    market: MarketId,
    channel: Channel,
    subscribed: bool,
    /// The first push counts as that of the coming tick.
    fresh: bool,
    /// That tick passed over a change. If it is undone by the next one, it may be pushed or not: a
    /// push would say what was shown before.
    passed_over: bool,
    /// What was shown last, exactly; of trades, how many there were.
    shown: String,
    trades_shown: usize,
}

impl Topic {
    fn message(&self, verb: &str, model: Model<'_>) -> Value {
        let symbol = model.symbol(self.market);
        match self.channel {
            Channel::Price => json!({ verb: "price", "symbol": symbol }),
            Channel::Kline(step) => json!({ verb: "kline", "symbol": symbol, "step": step }),
            Channel::Depth(precision) => {
                json!({ verb: "order", "symbol": symbol, "precision": precision })
            }
            Channel::Trade(precision) => {
                json!({ verb: "trade", "symbol": symbol, "precision": precision })
            }
        }
    }

    /// The exact values behind a push: it is one whenever these change, also where its texts cut
    /// them to the same decimals. The time of the push is none of them.
    fn content(&self, model: Model<'_>) -> String {
        match self.channel {
            Channel::Price => format!("{:?}", model.day(self.market)),
            Channel::Kline(step) => format!("{:?}", model.running(self.market, step)),
            Channel::Depth(precision) => model.depth_push(self.market, precision).to_string(),
            Channel::Trade(_) => String::new(),
        }
    }

    /// A push of now; of trades, those after so many.
    fn push(&self, model: Model<'_>, trades_before: usize) -> Value {
        match self.channel {
            Channel::Price => model.price_push(self.market),
            Channel::Kline(step) => model.kline_push(self.market, step),
            Channel::Depth(precision) => model.depth_push(self.market, precision),
            Channel::Trade(precision) => model.trade_push(self.market, precision, trades_before),
        }
    }

    /// Subscribes, for the first time or again: where the answer differs.
    fn subscribe(&mut self, socket: &mut Socket, model: Model<'_>) -> Vec<String> {
        self.subscribed = true;
        (self.fresh, self.passed_over) = (true, false);
        self.shown = self.content(model);
        self.trades_shown = model.trades_of(self.market).len();
        let expected = match self.channel {
            Channel::Trade(precision) => model.first_trade_push(self.market, precision),
            _ => self.push(model, 0),
        };
        differences(&socket.ask(&self.message("subscribe", model)), &expected)
    }

    fn unsubscribe(&mut self, socket: &mut Socket, model: Model<'_>) -> Vec<String> {
        self.subscribed = false;
        let message = self.message("unsubscribe", model);
        differences(&socket.ask(&message), &message)
    }

    /// What must be pushed on a tick, given what was.
    fn due(&mut self, model: Model<'_>, pushed: &[Value]) -> Option<Value> {
        let (content, trades) = (self.content(model), model.trades_of(self.market).len());
        let changed = match self.channel {
            Channel::Trade(_) => trades > self.trades_shown,
            _ => content != self.shown,
        };
        let passed_over = std::mem::replace(&mut self.passed_over, self.fresh && changed);
        if !self.subscribed || std::mem::take(&mut self.fresh) {
            return None;
        }
        if !changed && (!passed_over || pushed.is_empty()) {
            return None;
        }
        let push = self.push(model, self.trades_shown);
        (self.shown, self.trades_shown) = (content, trades);
        Some(push)
    }

    /// Whether a push is of this topic.
    fn owns(&self, push: &Value, model: Model<'_>) -> bool {
        let (name, member, number) = match self.channel {
            Channel::Price => ("price", "none", Value::Null),
            Channel::Kline(step) => ("kline", "step", step.to_string().into()),
            Channel::Depth(precision) => ("depth", "precision", precision.into()),
            Channel::Trade(precision) => ("trade", "precision", precision.into()),
        };
        push["subscribe"] == name
            && push["symbol"] == model.symbol(self.market)
            && push[member] == number
    }
}

/// One connection with every channel of one market.
pub(crate) struct Subscriber {
    socket: Socket,
    topics: Vec<Topic>,
    /// Pushes that were due, and came.
    pub(crate) pushes: u64,
}

impl Subscriber {
    /// Subscribes to everything, and compares the acknowledgements.
    ///
    /// # Errors
    /// Where they differ.
    pub(crate) fn new(
        to: SocketAddr,
        market: MarketId,
        model: Model<'_>,
        random: &mut Random,
    ) -> Result<Self, Vec<String>> {
        let spec = model.spec(market);
        let mut channels = vec![Channel::Price, Channel::Trade(random.below(900) as u16)];
        channels.extend(STEPS.map(Channel::Kline));
        channels.extend((spec.depth_decimals_min..=spec.price_decimals).map(Channel::Depth));
        let topic = |channel| Topic {
            market,
            channel,
            subscribed: false,
            fresh: false,
            passed_over: false,
            shown: String::new(),
            trades_shown: 0,
        };
        let topics = channels.into_iter().map(topic).collect();
        let mut subscriber = Self { socket: Socket::new(to), topics, pushes: 0 };
        for topic in &mut subscriber.topics {
            let wrong = topic.subscribe(&mut subscriber.socket, model);
            if !wrong.is_empty() {
                return Err(told(topic, "acknowledgement", wrong));
            }
        }
        Ok(subscriber)
    }

    /// Ends a subscription, or makes one again.
    ///
    /// # Errors
    /// Where the answer differs.
    pub(crate) fn change(
        &mut self,
        model: Model<'_>,
        random: &mut Random,
    ) -> Result<(), Vec<String>> {
        let place = random.index(self.topics.len());
        let topic = &mut self.topics[place];
        let wrong = match topic.subscribed && random.percent(50) {
            true => topic.unsubscribe(&mut self.socket, model),
            false => topic.subscribe(&mut self.socket, model),
        };
        if wrong.is_empty() { Ok(()) } else { Err(told(topic, "answer", wrong)) }
    }

    /// Compares what a tick has pushed: what has changed once, and nothing else.
    ///
    /// # Errors
    /// Where it differs.
    pub(crate) fn after_tick(&mut self, model: Model<'_>) -> Result<(), Vec<String>> {
        let symbol = model.symbol(MarketId(0));
        let barrier = json!({ "unsubscribe": "trade", "symbol": symbol, "precision": 999 });
        let mut pushed = self.socket.pushes(&barrier);
        for topic in &mut self.topics {
            let own: Vec<Value> = pushed.extract_if(.., |push| topic.owns(push, model)).collect();
            let due: Vec<Value> = topic.due(model, &own).into_iter().collect();
            self.pushes += due.len() as u64;
            let wrong = differences(&own.into(), &due.into());
            if !wrong.is_empty() {
                return Err(told(topic, "pushes", wrong));
            }
        }
        match pushed.is_empty() {
            true => Ok(()),
            false => Err(vec![format!("pushed without being asked for: {pushed:?}")]),
        }
    }
}

fn told(topic: &Topic, what: &str, mut wrong: Vec<String>) -> Vec<String> {
    wrong.insert(0, format!("{what} of {:?} on market {}", topic.channel, topic.market));
    wrong
}
