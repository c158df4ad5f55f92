//! The scheduler's web pages and read-only HTTP API.
//!
//! | path | what it is |
//! |---|---|
//! | `/` | leads to `/status` |
//! | `/status` | workers, running jobs and their stages, for people; refreshed live |
//! | `/api/status` | the same, an [`EngineDescription`](phalanx_engine::EngineDescription) as JSON |
//! | `/events` | the live part of the page as server-sent events |
//!
//! Pages are made on the server; a page without JavaScript reloads itself. Nothing comes from a third party, nothing
//! can be changed, and a request whose `Host` is not this machine is refused, so that no web site that renamed itself
//! to 127.0.0.1 can read along.
//!
//! This crate deliberately does not know where a description comes from: whoever starts it passes a function.
//!
//! | module | what it is |
//! |---|---|
//! | [`server`] | routes, and serving them |
//! | [`guard`] | who may ask, and what browsers may do with the answer |
//! | [`page`] | a description as HTML |
//! | [`events`] | the live part |
//! | [`text`] | numbers as people read them; the binary prints them in the same way |

pub mod events;
pub mod guard;
pub mod page;
pub mod server;
pub mod text;

pub use guard::Names;
pub use server::{Dashboard, Describe, router, router_behind};
