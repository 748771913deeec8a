//! An account as its owner uses it over the v2 API.

use std::io;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use openmart_wire::bitmart_v2::{
    ListOrders, ListTrades, Order, OrderBody, OrderPage, OwnTrade, PlacedOrder, Side, SigningKey,
    StatusFilter, Token, TokenProof, TokenRequest, TradePage, WalletEntry,
};

use super::http::{Connection, Response};

/// A key and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) memo: &'static str,
}

pub(crate) const ALICE: Key = Key {
    name: "alice",
    key: "6591f7c2491db0a23a1d8ad6911c825e",
    secret: "8c08d9d5c3d15b105dbddaf96e427ac6",
    memo: "mymemo",
};

pub(crate) const BOB: Key = Key {
    name: "bob",
    key: "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
    secret: "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
    memo: "bob",
};

/// Rows of a page, the most there can be.
const ROWS: u32 = 1_000;

pub(crate) struct Account {
    connection: Connection,
    signing: SigningKey,
    token: String,
    /// How far its clock is ahead of the machine's.
    pub(crate) ahead_ms: u64,
}

impl Account {
    /// Connects and gets a token.
    pub(crate) fn log_in(address: SocketAddr, key: Key) -> io::Result<Self> {
        let mut connection = Connection::open(address)?;
        let request = TokenRequest {
            grant_type: TokenRequest::GRANT_TYPE.into(),
            client_id: key.key.into(),
            client_secret: TokenProof::new(key.key, key.secret, key.memo).client_secret(None),
            timestamp: None,
        };
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = connection.request("POST", "/v2/authentication", &form, &request.to_form())?;
        let token: Token = parsed(&answer);
        let signing = SigningKey::new(key.secret);
        Ok(Self { connection, signing, token: token.access_token, ahead_ms: 0 })
    }

    /// The same account over a connection of its own.
    pub(crate) fn beside(&self, address: SocketAddr) -> io::Result<Self> {
        let (signing, token) = (self.signing.clone(), self.token.clone());
        let connection = Connection::open(address)?;
        Ok(Self { connection, signing, token, ahead_ms: self.ahead_ms })
    }

    fn send(
        &mut self,
        method: &str,
        target: &str,
        signature: Option<&str>,
        body: &str,
    ) -> io::Result<Response> {
        self.begin(method, target, signature, body)?;
        self.finish()
    }

    /// The answer to what was begun.
    pub(crate) fn finish(&mut self) -> io::Result<Response> {
        self.connection.response()
    }

    fn begin(
        &mut self,
        method: &str,
        target: &str,
        signature: Option<&str>,
        body: &str,
    ) -> io::Result<()> {
        let bearer = format!("Bearer {}", self.token);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let timestamp = (now.as_millis() + u128::from(self.ahead_ms)).to_string();
        let mut headers = vec![
            ("Content-Type", "application/json"),
            ("X-BM-AUTHORIZATION", &bearer),
            ("X-BM-TIMESTAMP", &timestamp),
        ];
        headers.extend(signature.map(|signature| ("X-BM-SIGNATURE", signature)));
        self.connection.send(method, target, &headers, body)
    }

    pub(crate) fn place(&mut self, order: &OrderBody) -> io::Result<Response> {
        self.begin_place(order)?;
        self.finish()
    }

    pub(crate) fn begin_place(&mut self, order: &OrderBody) -> io::Result<()> {
        let signature = self.signing.sign(order.signed_message());
        let body = serde_json::to_string(order).expect("an order is JSON");
        self.begin("POST", "/v2/orders", Some(&signature), &body)
    }

    pub(crate) fn cancel(&mut self, id: u64) -> io::Result<Response> {
        self.begin_cancel(id)?;
        self.finish()
    }

    pub(crate) fn begin_cancel(&mut self, id: u64) -> io::Result<()> {
        let signature = self.signing.sign_cancel_order(id);
        self.begin("DELETE", &format!("/v2/orders/{id}"), Some(&signature), "")
    }

    pub(crate) fn cancel_all(&mut self, symbol: &str, side: Side) -> io::Result<Response> {
        self.begin_cancel_all(symbol, side)?;
        self.finish()
    }

    pub(crate) fn begin_cancel_all(&mut self, symbol: &str, side: Side) -> io::Result<()> {
        self.begin("DELETE", &format!("/v2/orders?symbol={symbol}&side={side}"), None, "")
    }

    pub(crate) fn order(&mut self, id: u64) -> io::Result<Response> {
        self.send("GET", &format!("/v2/orders/{id}"), None, "")
    }

    pub(crate) fn wallet(&mut self) -> io::Result<Vec<WalletEntry>> {
        self.send("GET", "/v2/wallet", None, "").map(|answer| parsed(&answer))
    }

    /// The newest own trades of a market.
    pub(crate) fn latest_trades(&mut self, symbol: &str, rows: u32) -> io::Result<Vec<OwnTrade>> {
        let page: TradePage = self.trade_page(symbol, 0, rows)?;
        Ok(page.trades)
    }

    /// All orders of a market, newest first.
    pub(crate) fn orders(&mut self, symbol: &str) -> io::Result<Vec<Order>> {
        self.orders_with(symbol, StatusFilter::All)
    }

    /// Some orders of a market, newest first.
    pub(crate) fn orders_with(
        &mut self,
        symbol: &str,
        status: StatusFilter,
    ) -> io::Result<Vec<Order>> {
        let mut orders = Vec::new();
        loop {
            let offset = orders.len() as u64 / u64::from(ROWS);
            let list = ListOrders { symbol: symbol.into(), status, offset, limit: ROWS };
            let answer = self.send("GET", &format!("/v2/orders?{}", list.to_query()), None, "")?;
            let page: OrderPage = parsed(&answer);
            assert!(page.total_orders == 0 || !page.orders.is_empty(), "a page without orders");
            orders.extend(page.orders);
            if orders.len() as u64 >= page.total_orders {
                return Ok(orders);
            }
        }
    }

    /// All own trades of a market, newest first.
    pub(crate) fn trades(&mut self, symbol: &str) -> io::Result<Vec<OwnTrade>> {
        let mut trades = Vec::new();
        loop {
            let page = self.trade_page(symbol, trades.len() as u64 / u64::from(ROWS), ROWS)?;
            assert!(page.total_trades == 0 || !page.trades.is_empty(), "a page without trades");
            trades.extend(page.trades);
            if trades.len() as u64 >= page.total_trades {
                return Ok(trades);
            }
        }
    }

    fn trade_page(&mut self, symbol: &str, offset: u64, limit: u32) -> io::Result<TradePage> {
        let list = ListTrades { symbol: symbol.into(), entrust_id: None, offset, limit };
        let answer = self.send("GET", &format!("/v2/trades?{}", list.to_query()), None, "")?;
        Ok(parsed(&answer))
    }
}

/// The order of a plain limit order, with numbers as texts.
pub(crate) fn limit(symbol: &str, side: Side, amount: &str, price: &str) -> OrderBody {
    OrderBody {
        symbol: symbol.into(),
        side,
        amount: amount.into(),
        price: price.into(),
        client_order_id: None,
    }
}

/// The id in the answer to an order that was accepted.
pub(crate) fn placed(answer: &Response) -> u64 {
    parsed::<PlacedOrder>(answer).entrust_id
}

/// The body of an answer that must be a 200.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(answer: &Response) -> T {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}
