//! Faults on demand: listed, added, replaced, removed.

use http::StatusCode;

use super::{Admin, Answering, Incoming, Refused, json};

/// `GET /admin/faults`.
pub(super) fn list(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&admin.controls.faults())) })
}

/// `POST /admin/faults`.
pub(super) fn add(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move { Ok(json(&admin.controls.add_faults(&incoming.json()?)?)) })
}

/// `PUT /admin/faults`.
pub(super) fn replace(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move { Ok(json(&admin.controls.replace_faults(&incoming.json()?)?)) })
}

/// `DELETE /admin/faults`.
pub(super) fn clear(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&admin.controls.clear_faults())) })
}

/// `DELETE /admin/faults/{name}`.
pub(super) fn remove(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let name = incoming.name();
        let left = admin.controls.remove_fault(&name);
        let missing = || Refused(StatusCode::NOT_FOUND, format!("there is no fault rule {name:?}"));
        left.map(|left| json(&left)).ok_or_else(missing)
    })
}
