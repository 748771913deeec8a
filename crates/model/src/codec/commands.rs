//! The byte form of a command: its tag, then its fields.

use alloc::vec::Vec;

use super::plain::plain_command;
use super::{Codec, DecodeError, Reader, Writer};
use crate::command::Command;

impl Command {
    /// Appends the byte form, as it stands in a journal entry.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        Writer::new(buffer).put(self);
    }

    /// Reads a byte form that must end with the bytes.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match plain_command(bytes) {
            Some(command) => Ok(command),
            None => Self::decode_any(bytes),
        }
    }

    fn decode_any(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let command = reader.get()?;
        reader.finish()?;
        Ok(command)
    }
}

impl Codec for Command {
    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Place(order) => tagged(writer, 1, |w| w.put(order)),
            Self::Cancel { account, order } => tagged(writer, 2, |w| {
                w.put(account);
                w.put(order);
            }),
            Self::CancelAll { account, market, side } => tagged(writer, 3, |w| {
                w.put(account);
                w.put(market);
                w.put(side);
            }),
            Self::Deposit { account, asset, amount } => tagged(writer, 4, |w| {
                w.put(account);
                w.put(asset);
                w.put(amount);
            }),
            Self::Withdraw { account, asset, amount } => tagged(writer, 5, |w| {
                w.put(account);
                w.put(asset);
                w.put(amount);
            }),
            Self::AddAsset(asset) => tagged(writer, 6, |w| w.put(asset)),
            Self::AddMarket(spec) => tagged(writer, 7, |w| w.put(spec)),
            Self::SetMarketStatus { market, status } => tagged(writer, 8, |w| {
                w.put(market);
                w.put(status);
            }),
            Self::SetMarketFees { market, fees } => tagged(writer, 9, |w| {
                w.put(market);
                w.put(fees);
            }),
            Self::SetAccountFees { account, market, fees } => tagged(writer, 10, |w| {
                w.put(account);
                w.put(market);
                w.put(fees);
            }),
            Self::AddAccount(account) => tagged(writer, 11, |w| w.put(account)),
            Self::AddKey { account, key } => tagged(writer, 12, |w| {
                w.put(account);
                w.put(key);
            }),
            Self::RevokeKey { key } => tagged(writer, 13, |w| w.put(key)),
            Self::SetRules { version } => tagged(writer, 14, |w| w.put(version)),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.get::<u8>()? {
            1 => Self::Place(reader.get()?),
            2 => Self::Cancel { account: reader.get()?, order: reader.get()? },
            3 => Self::CancelAll {
                account: reader.get()?,
                market: reader.get()?,
                side: reader.get()?,
            },
            4 => Self::Deposit {
                account: reader.get()?,
                asset: reader.get()?,
                amount: reader.get()?,
            },
            5 => Self::Withdraw {
                account: reader.get()?,
                asset: reader.get()?,
                amount: reader.get()?,
            },
            6 => Self::AddAsset(reader.get()?),
            7 => Self::AddMarket(reader.get()?),
            8 => Self::SetMarketStatus { market: reader.get()?, status: reader.get()? },
            9 => Self::SetMarketFees { market: reader.get()?, fees: reader.get()? },
            10 => Self::SetAccountFees {
                account: reader.get()?,
                market: reader.get()?,
                fees: reader.get()?,
            },
            11 => Self::AddAccount(reader.get()?),
            12 => Self::AddKey { account: reader.get()?, key: reader.get()? },
            13 => Self::RevokeKey { key: reader.get()? },
            14 => Self::SetRules { version: reader.get()? },
            _ => return Err(reader.error("a command")),
        })
    }
}

fn tagged(writer: &mut Writer<'_>, tag: u8, fields: impl FnOnce(&mut Writer<'_>)) {
    writer.put(&tag);
    fields(writer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AddressRange, NewAccount, NewKey, Scopes};
    use crate::ids::{AccountId, AssetId, ClientOrderId, KeyId, MarketId, OrderId};
    use crate::market::{Asset, MarketSpec, MarketStatus, SelfTradePolicy};
    use crate::order::{NewOrder, OrderKind, Side, TimeInForce};
    use crate::units::{Amount, FeeRate, FeeSchedule, Price, Quantity};
    use alloc::vec;

    fn key() -> NewKey {
        NewKey {
            key: "00ff".into(),
            sealed_secret: vec![1, 2, 3],
            memo: "desk".into(),
            scopes: Scopes { read: true, trade: false, cancel: true },
            ranges: vec![AddressRange { address: [7; 16], prefix_bits: 99 }],
        }
    }

    fn one_of_each() -> Vec<Command> {
        let order = |kind, client_id| {
            Command::Place(NewOrder {
                account: AccountId(7),
                market: MarketId(2),
                side: Side::Sell,
                kind,
                client_id,
            })
        };
        let fees = FeeSchedule {
            maker: FeeRate::from_ppm(1_000).unwrap(),
            taker: FeeRate::from_ppm(2_000).unwrap(),
        };
        let limit = |time_in_force| OrderKind::Limit {
            price: Price::new(5),
            quantity: Quantity::new(6),
            time_in_force,
        };
        let (account, asset) = (AccountId(1), AssetId(3));
        vec![
            order(limit(TimeInForce::GTC), ClientOrderId::new("mine-1")),
            order(limit(TimeInForce::GoodTillCanceled { post_only: true }), None),
            order(limit(TimeInForce::ImmediateOrCancel), None),
            order(limit(TimeInForce::FillOrKill), None),
            order(OrderKind::Market { quantity: Quantity::new(9) }, None),
            order(OrderKind::MarketNotional { notional: Amount::new(1 << 90) }, None),
            Command::Cancel { account, order: OrderId(1_223_181) },
            Command::CancelAll { account, market: Some(MarketId(4)), side: Some(Side::Buy) },
            Command::CancelAll { account, market: None, side: None },
            Command::Deposit { account, asset, amount: Amount::new(u128::MAX) },
            Command::Withdraw { account, asset, amount: Amount::new(1) },
            Command::AddAsset(Asset { code: "BTC".into(), name: "Bitcoin".into(), decimals: 10 }),
            Command::AddMarket(MarketSpec {
                base: AssetId(0),
                quote: AssetId(1),
                price_decimals: 2,
                quantity_decimals: 5,
                depth_decimals_min: 1,
                quantity_min: Quantity::new(1),
                quantity_max: Quantity::new(1 << 50),
                notional_min_buy: Amount::new(100),
                notional_min_sell: Amount::new(200),
                fees,
                self_trade: SelfTradePolicy::CancelBoth,
                price_band_multiple: 5,
            }),
            Command::SetMarketStatus { market: MarketId(1), status: MarketStatus::Halted },
            Command::SetMarketFees { market: MarketId(1), fees },
            Command::SetAccountFees { account, market: MarketId(1), fees: Some(fees) },
            Command::SetAccountFees { account, market: MarketId(1), fees: None },
            Command::AddAccount(NewAccount {
                name: "alice".into(),
                deposits: vec![(AssetId(1), Amount::new(5))],
                keys: vec![key()],
            }),
            Command::AddKey { account, key: key() },
            Command::RevokeKey { key: KeyId(3) },
            Command::SetRules { version: 1 },
        ]
    }

    #[test]
    fn every_command_comes_back_as_it_went() {
        for command in one_of_each() {
            let mut bytes = Vec::new();
            command.encode(&mut bytes);
            assert_eq!(Command::decode(&bytes).as_ref(), Ok(&command));
            assert_eq!(Command::decode_any(&bytes).as_ref(), Ok(&command));
            for cut in 0..bytes.len() {
                assert!(Command::decode(&bytes[..cut]).is_err(), "{command:?} cut at {cut}");
            }
            bytes.push(0);
            assert!(Command::decode(&bytes).is_err(), "{command:?} with a byte too many");
        }
    }

    #[test]
    fn a_cancel_takes_thirteen_bytes() {
        let mut bytes = Vec::new();
        Command::Cancel { account: AccountId(1), order: OrderId(2) }.encode(&mut bytes);
        assert_eq!(bytes, [2, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn changed_bytes_are_an_error_or_another_command_but_never_a_panic() {
        for command in one_of_each() {
            let mut bytes = Vec::new();
            command.encode(&mut bytes);
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Command::decode(&changed), Command::decode_any(&changed), "bit {bit}");
                if let Ok(other) = Command::decode(&changed) {
                    assert_ne!(other, command, "bit {bit}");
                }
            }
        }
    }
}
