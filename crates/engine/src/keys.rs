//! API keys, found by number and by text.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{ApiKey, KeyId};

#[derive(Debug, Default)]
pub(crate) struct Keys {
    all: Vec<ApiKey>,
    by_text: BTreeMap<String, KeyId>,
}

impl Keys {
    pub(crate) fn push(&mut self, key: ApiKey) -> KeyId {
        let id = key.id;
        self.by_text.insert(key.spec.key.clone(), id);
        self.all.push(key);
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn all(&self) -> &[ApiKey] {
        &self.all
    }

    pub(crate) fn by_text(&self, key: &str) -> Option<&ApiKey> {
        self.by_text.get(key).map(|id| &self.all[id.index()])
    }

    /// Revokes a key, and tells whether that was new.
    pub(crate) fn revoke(&mut self, id: KeyId) -> Option<bool> {
        let key = self.all.get_mut(id.index())?;
        Some(!core::mem::replace(&mut key.revoked, true))
    }
}
