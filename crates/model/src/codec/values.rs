//! Byte forms of the model's values.

use super::{Codec, DecodeError, Reader, Writer};
use crate::account::{AddressRange, ApiKey, Balance, NewAccount, NewKey, Scopes};
use crate::event::{CloseReason, Trade};
use crate::ids::{AccountId, AssetId, ClientOrderId, KeyId, MarketId, OrderId, Timestamp, TradeId};
use crate::market::{Asset, MarketSpec, MarketStatus, SelfTradePolicy};
use crate::order::{NewOrder, Order, OrderKind, Side, TimeInForce};
use crate::units::{Amount, FeeRate, FeeSchedule, Price, Quantity};

macro_rules! wrapper {
    ($($name:ident),*) => {$(
        impl Codec for $name {
            fn write(&self, writer: &mut Writer<'_>) {
                writer.put(&self.0);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.get().map($name)
            }
        }
    )*};
}

wrapper!(AccountId, AssetId, MarketId, KeyId, OrderId, TradeId, Timestamp);

macro_rules! unit {
    ($($name:ident: $get:ident),*) => {$(
        impl Codec for $name {
            fn write(&self, writer: &mut Writer<'_>) {
                writer.put(&self.$get());
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.get().map($name::new)
            }
        }
    )*};
}

unit!(Price: ticks, Quantity: lots, Amount: units);

/// A struct whose byte form is that of its fields in order.
macro_rules! record {
    ($name:ident { $($field:ident),* }) => {
        impl Codec for $name {
            fn write(&self, writer: &mut Writer<'_>) {
                $(writer.put(&self.$field);)*
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok($name { $($field: reader.get()?),* })
            }
        }
    };
}

record!(FeeSchedule { maker, taker });
record!(Balance { available, hold });
record!(Asset { code, name, decimals });
record!(AddressRange { address, prefix_bits });
record!(ApiKey { id, account, spec, revoked });
record!(NewOrder { account, market, side, kind, client_id });
record!(Order { id, account, market, side, kind, client_id, time, filled, notional, fees });
record!(Trade {
    id,
    market,
    price,
    quantity,
    notional,
    taker_side,
    taker_order,
    taker_account,
    taker_fee,
    maker_order,
    maker_account,
    maker_fee
});
record!(MarketSpec {
    base,
    quote,
    price_decimals,
    quantity_decimals,
    depth_decimals_min,
    quantity_min,
    quantity_max,
    notional_min_buy,
    notional_min_sell,
    fees,
    self_trade,
    price_band_multiple
});

/// An enum without fields: one byte.
macro_rules! tags {
    ($name:ident, $expected:literal { $($variant:ident = $tag:literal),* }) => {
        impl Codec for $name {
            fn write(&self, writer: &mut Writer<'_>) {
                let tag: u8 = match self {
                    $($name::$variant => $tag),*
                };
                writer.put(&tag);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match reader.get::<u8>()? {
                    $($tag => Ok($name::$variant),)*
                    _ => Err(reader.error($expected)),
                }
            }
        }
    };
}

tags!(Side, "a side" { Buy = 0, Sell = 1 });
tags!(MarketStatus, "a market status" { Trading = 0, Halted = 1 });
tags!(CloseReason, "a close reason" { Filled = 0, Canceled = 1, Expired = 2, SelfTrade = 3 });
tags!(SelfTradePolicy, "a self-trade policy" {
    Allow = 0,
    RefuseTaker = 1,
    CancelTaker = 2,
    CancelMaker = 3,
    CancelBoth = 4
});

impl Codec for [u8; 16] {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.raw(self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(reader.raw(16)?);
        Ok(bytes)
    }
}

impl Codec for FeeRate {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.ppm());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        FeeRate::from_ppm(reader.get()?).ok_or(reader.error("a fee rate of at most 1000000 ppm"))
    }
}

impl Codec for Scopes {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.bits());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Scopes::from_bits(reader.get()?).ok_or(reader.error("key scopes"))
    }
}

impl Codec for ClientOrderId {
    fn write(&self, writer: &mut Writer<'_>) {
        let text = self.as_str().as_bytes();
        writer.put(&(text.len() as u8));
        writer.raw(text);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length: u8 = reader.get()?;
        let bytes = reader.raw(usize::from(length))?;
        let id = core::str::from_utf8(bytes).ok().and_then(ClientOrderId::new);
        id.ok_or(reader.error("a client order id"))
    }
}

impl Codec for TimeInForce {
    fn write(&self, writer: &mut Writer<'_>) {
        let tag: u8 = match self {
            Self::GoodTillCanceled { post_only: false } => 0,
            Self::GoodTillCanceled { post_only: true } => 1,
            Self::ImmediateOrCancel => 2,
            Self::FillOrKill => 3,
        };
        writer.put(&tag);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.get::<u8>()? {
            0 => Ok(Self::GoodTillCanceled { post_only: false }),
            1 => Ok(Self::GoodTillCanceled { post_only: true }),
            2 => Ok(Self::ImmediateOrCancel),
            3 => Ok(Self::FillOrKill),
            _ => Err(reader.error("a time in force")),
        }
    }
}

impl Codec for OrderKind {
    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Limit { price, quantity, time_in_force } => {
                writer.put(&0u8);
                writer.put(price);
                writer.put(quantity);
                writer.put(time_in_force);
            }
            Self::Market { quantity } => {
                writer.put(&1u8);
                writer.put(quantity);
            }
            Self::MarketNotional { notional } => {
                writer.put(&2u8);
                writer.put(notional);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.get::<u8>()? {
            0 => Ok(Self::Limit {
                price: reader.get()?,
                quantity: reader.get()?,
                time_in_force: reader.get()?,
            }),
            1 => Ok(Self::Market { quantity: reader.get()? }),
            2 => Ok(Self::MarketNotional { notional: reader.get()? }),
            _ => Err(reader.error("an order kind")),
        }
    }
}

impl Codec for NewKey {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.key);
        writer.bytes(&self.sealed_secret);
        writer.put(&self.memo);
        writer.put(&self.scopes);
        writer.list(&self.ranges);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: reader.get()?,
            sealed_secret: reader.bytes()?.into(),
            memo: reader.get()?,
            scopes: reader.get()?,
            ranges: reader.list()?,
        })
    }
}

impl Codec for NewAccount {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.name);
        writer.list(&self.deposits);
        writer.list(&self.keys);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { name: reader.get()?, deposits: reader.list()?, keys: reader.list()? })
    }
}
