//! The archive as bytes in a snapshot: orders in order of closing, then fills in order of trading.
//! Indexes are not stored; limits are not either, so a smaller one applies from the next start on.

use openmart_model::limits::ID_LIMIT;
use openmart_model::{CloseReason, Codec, DecodeError, Reader, Writer};

use super::{Archive, ArchiveLimits, Fill, FinishedOrder, Role};

impl Archive {
    pub(crate) fn snapshot(&self, writer: &mut Writer<'_>) {
        writer.put(&(self.orders.all().len() as u64));
        self.orders.all().iter().for_each(|finished| writer.put(finished));
        writer.put(&(self.fills.all().len() as u64));
        self.fills.all().iter().for_each(|fill| writer.put(fill));
    }

    /// Reads an archive back. Never panics, whatever the bytes are.
    pub(crate) fn restore(
        reader: &mut Reader<'_>,
        limits: ArchiveLimits,
    ) -> Result<Self, DecodeError> {
        let mut archive = Self::new(limits);
        let orders: u64 = reader.get()?;
        for _ in 0..orders {
            let finished: FinishedOrder = reader.get()?;
            if finished.order.id.0 >= ID_LIMIT {
                return Err(reader.error("an order id below 2^53"));
            }
            if !archive.orders.add(finished) {
                return Err(reader.error("an order that is listed once"));
            }
        }
        let fills: u64 = reader.get()?;
        for _ in 0..fills {
            archive.fills.add_one(reader.get()?);
        }
        Ok(archive)
    }
}

impl Codec for FinishedOrder {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.order);
        writer.put(&self.reason);
        writer.put(&self.time);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (order, reason, time) = (reader.get()?, reader.get::<CloseReason>()?, reader.get()?);
        Ok(Self { order, reason, time })
    }
}

impl Codec for Fill {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.trade);
        writer.put(&self.order);
        writer.put(&self.account);
        writer.put(&self.market);
        writer.put(&self.side);
        writer.put(&self.role);
        writer.put(&self.price);
        writer.put(&self.quantity);
        writer.put(&self.notional);
        writer.put(&self.fee);
        writer.put(&self.time);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            trade: reader.get()?,
            order: reader.get()?,
            account: reader.get()?,
            market: reader.get()?,
            side: reader.get()?,
            role: reader.get()?,
            price: reader.get()?,
            quantity: reader.get()?,
            notional: reader.get()?,
            fee: reader.get()?,
            time: reader.get()?,
        })
    }
}

impl Codec for Role {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&match self {
            Self::Maker => 0u8,
            Self::Taker => 1,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.get::<u8>()? {
            0 => Ok(Self::Maker),
            1 => Ok(Self::Taker),
            _ => Err(reader.error("a role")),
        }
    }
}
