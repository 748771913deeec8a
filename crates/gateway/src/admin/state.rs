//! The state of an ephemeral exchange: points, forks, and the way back. Whoever runs the exchange does
//! it; here it is only asked.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use openmart_wire::admin::state::{Fork, MarkPoint, Origin, Point, Rewound, State};

use super::{Admin, Answering, Incoming, Refused, json};

/// Work of a [`StateKeeper`], which goes on if nobody waits for it any more.
pub type Keeping<T> = Pin<Box<dyn Future<Output = Result<T, StateError>> + Send>>;

/// Who runs an ephemeral exchange, and can make another of it.
pub trait StateKeeper: fmt::Debug + Send + Sync {
    /// What there is.
    fn state(&self) -> State;

    /// Gives the last entry a name.
    ///
    /// # Errors
    /// When it is none, or there are too many.
    fn mark(&self, mark: &MarkPoint) -> Result<Point, StateError>;

    /// Starts a copy that runs apart.
    fn fork(self: Arc<Self>, origin: Origin) -> Keeping<Fork>;

    /// Ends a copy.
    fn end_fork(self: Arc<Self>, id: u64) -> Keeping<State>;

    /// Lets the same address go on with an earlier state.
    fn rewind(self: Arc<Self>, origin: Origin) -> Keeping<Rewound>;
}

/// Why the state is as it was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The wish makes no sense.
    #[error("{0}")]
    Wish(String),
    /// What it is about is not there.
    #[error("{0}")]
    Missing(String),
    /// It could not be done.
    #[error("{0}")]
    Failed(String),
}

/// `GET /admin/state`.
pub(super) fn show(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&admin.ephemeral()?.keeper.state())) })
}

/// `POST /admin/state/snapshot`.
pub(super) fn mark(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move { Ok(json(&admin.ephemeral()?.keeper.mark(&incoming.json()?)?)) })
}

/// `POST /admin/state/fork`.
pub(super) fn fork(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let keeper = admin.ephemeral()?.keeper.clone();
        Ok(json(&keeper.fork(incoming.json()?).await?))
    })
}

/// `DELETE /admin/state/fork/{id}`.
pub(super) fn end_fork(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let keeper = admin.ephemeral()?.keeper.clone();
        let name = incoming.name();
        let missing = || Refused(StatusCode::NOT_FOUND, format!("there is no fork {name:?}"));
        let id = name.parse().map_err(|_| missing())?;
        Ok(json(&keeper.end_fork(id).await?))
    })
}

/// `POST /admin/state/rewind`.
pub(super) fn rewind(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let keeper = admin.ephemeral()?.keeper.clone();
        let origin: Origin = incoming.json()?;
        if origin == Origin::default() {
            let sentence = "a rewind needs a sequence or a point".to_owned();
            return Err(Refused(StatusCode::BAD_REQUEST, sentence));
        }
        Ok(json(&keeper.rewind(origin).await?))
    })
}

impl From<StateError> for Refused {
    fn from(error: StateError) -> Self {
        let status = match error {
            StateError::Wish(_) => StatusCode::BAD_REQUEST,
            StateError::Missing(_) => StatusCode::NOT_FOUND,
            StateError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}
