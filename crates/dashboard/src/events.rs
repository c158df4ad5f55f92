//! The live part of the page: sent when it changes.

use crate::page;
use crate::server::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How often we look.
const INTERVAL: Duration = Duration::from_millis(500);
/// A proxy or a sleeping machine is noticed after this.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A stream of the page's live part.
pub(crate) async fn events(State(shared): State<Shared>) -> Response {
    match Arc::clone(&shared.viewers).try_acquire_owned() {
        Ok(seat) => Sse::new(changes(shared, seat)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "Too many pages are open.\n").into_response(),
    }
}

fn changes(shared: Shared, seat: OwnedSemaphorePermit) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((shared, seat, None::<String>), |(shared, seat, shown)| async move {
        loop {
            let now = page::live(&(shared.describe)().await);
            if shown.as_ref() != Some(&now) {
                return Some((Ok(Event::default().data(&now)), (shared, seat, Some(now))));
            }
            tokio::time::sleep(INTERVAL).await;
        }
    })
}
