//! Which page of a list is asked for, the same for orders and own trades.

use super::{
    limits,
    messages::{ApiError, Bounds},
    query::Query,
};

/// Range of `limit`.
const ROWS: Bounds = Bounds::above(0, limits::PAGE_ROWS_MAX as i64);

/// `offset` and `limit` of a query.
pub(super) struct Page {
    /// Page index from 0; not an index of rows.
    pub(super) offset: u64,
    /// Rows on a page.
    pub(super) limit: u32,
}

impl Page {
    /// Reads both, 0 and [`limits::PAGE_ROWS_DEFAULT`] when absent.
    pub(super) fn from_query(query: &Query<'_>) -> Result<Self, ApiError> {
        let offset = query.unsigned("offset", limits::PAGE_OFFSET_MAX)?.unwrap_or(0);
        let limit = match query.integer_in("limit", ROWS)? {
            Some(rows) => u32::try_from(rows).map_err(|_| ApiError::out_of_range("limit", ROWS))?,
            None => limits::PAGE_ROWS_DEFAULT,
        };
        Ok(Self { offset, limit })
    }
}
