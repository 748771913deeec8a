//! Assets.

use serde::{Deserialize, Serialize};

/// `GET` answers an [`AssetList`]; `POST` takes [`NewAsset`] and answers the [`Asset`].
pub const ASSETS: &str = "/admin/assets";

/// Adds an asset, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAsset {
    /// 1 to 15 upper-case letters and digits.
    pub code: String,
    /// Nothing: the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 18. Nothing: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
}

/// An asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Decimals of its amounts.
    pub decimals: u8,
}

/// All assets, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetList {
    /// In the order in which they were added.
    pub assets: Vec<Asset>,
}
