//! The scheduler's web pages and HTTP API.
//!
//! | path | what it is |
//! |---|---|
//! | `/` | leads to `/status` |
//! | `/status`, `/jobs`, `/jobs/ID`, `/timeline`, `/workers`, `/workers/ID`, `/data`, `/training` | for people; refreshed live |
//! | `/api/v1/…` | the same as JSON, described by `/api/v1/openapi.json` |
//! | `/metrics` | for Prometheus |
//! | `/events` | the live part of a page as server-sent events |
//! | `/health` | answers while the scheduler's pages are served |
//!
//! Pages are made on the server; a page without JavaScript reloads itself. Nothing comes from a third party. Two things
//! can be changed, by those who may: a job can be cancelled and data released, by a `POST` from a page of ours. On
//! loopback nobody is asked who he is; off loopback pages are under mutual TLS, and a certificate says what its bearer
//! may do, or a token does that he was given (at `/enter`, where that is wanted). A request whose `Host` is not the address that was called, or a name that was given, is refused, so that no
//! web site that renamed itself to 127.0.0.1 can read along.
//!
//! This crate deliberately does not know whom it observes: whoever starts it passes an
//! [`Observe`](phalanx_engine::observe::Observe).
//!
//! | module | what it is |
//! |---|---|
//! | [`server`] | routes, and serving them |
//! | [`guard`], [`access`], [`token`] | who may ask, and for what; what browsers may do with the answer |
//! | [`page`] | what is seen, as HTML |
//! | [`events`] | the live part |
//! | [`api`], [`metrics`] | for programs |
//! | [`report`] | what happened in a while, in one file |
//! | [`sample`] | made-up things to look at, without a cluster |
//! | [`text`] | numbers as people read them; the binary prints them in the same way |

pub mod access;
pub mod api;
pub mod events;
pub mod guard;
pub mod metrics;
pub mod page;
pub mod report;
pub mod sample;
pub mod server;
pub mod text;
pub mod token;

pub use access::{Access, Connection};
pub use axum::serve::Listener;
pub use server::{Dashboard, Options, router};
pub use token::Tokens;

/// The pages' style.
pub(crate) const STYLE: &str = include_str!("../static/style.css");
/// The pages' icon.
pub(crate) const ICON: &str = include_str!("../static/icon.svg");
