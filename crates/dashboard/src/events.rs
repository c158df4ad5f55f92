//! The live part of a page: sent when it changes.

use crate::access::Caller;
use crate::page::{Page, Parameters, Place};
use crate::server::Shared;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// How often we look.
const INTERVAL: Duration = Duration::from_millis(500);
/// A page that is larger than this rests longer between two looks: as many times as it is larger.
const LARGE_BYTES: usize = 128 << 10;
/// A proxy or a sleeping machine is noticed after this.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A stream of a page's live part.
pub(crate) async fn events(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let name = parameters.of.clone().unwrap_or_default();
    let Some(page) = Page::named(&name, parameters) else {
        return (StatusCode::NOT_FOUND, "There is no such page.\n").into_response();
    };
    match Arc::clone(&shared.viewers).try_acquire_owned() {
        Ok(seat) => {
            let place = Place::of(&page, &caller);
            let changes = changes(shared, page, caller, place, seat);
            Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "Too many pages are open.\n").into_response(),
    }
}

fn changes(
    shared: Shared,
    page: Page,
    caller: Caller,
    place: Place,
    seat: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((shared, page, seat, None::<String>), move |(shared, page, seat, shown)| async move {
        loop {
            if !may_still_look(&shared, caller) {
                return None;
            }
            // A job that is known no more leaves its page as it was.
            if let Some(now) = page.live(shared.observe.as_ref(), place).await
                && shown.as_ref() != Some(&now)
            {
                return Some((Ok(Event::default().data(&now)), (shared, page, seat, Some(now))));
            }
            let size = shown.as_ref().map_or(0, String::len);
            tokio::time::sleep(INTERVAL * u32::try_from(1 + size / LARGE_BYTES).unwrap_or(1)).await;
        }
    })
}

/// Is the session of who looks as good as when it was let in? It ends when it is too old, and in all tabs when its bearer
/// signs out in one.
fn may_still_look(shared: &Shared, caller: Caller) -> bool {
    match (caller.session, &shared.tokens) {
        (Some(session), Some(tokens)) => tokens.access(session, Instant::now()).is_some(),
        _ => true,
    }
}
