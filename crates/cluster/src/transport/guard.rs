//! Refuses calls that are not of the caller's role.

use super::Transport;
use super::audit::Event;
use super::socket::Peer;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};

/// Puts a [`Guard`] before the services of a server.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    /// Without credentials all callers are processes of this machine, and may call everything.
    pub transport: Transport,
}

impl<S> tower::Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, transport: self.transport.clone() }
    }
}

/// Answers for services behind it where the caller has no right to call.
#[derive(Clone, Debug)]
pub struct Guard<S> {
    inner: S,
    transport: Transport,
}

impl<S, B, R> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    R: Default + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<Response<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let peer = request.extensions().get::<Peer>();
        let role = peer.and_then(|peer| peer.role);
        if !self.transport.is_secure() || role.is_some_and(|role| role.may_call(path)) {
            return Box::pin(self.inner.call(request));
        }
        let who = role.map_or("nobody", super::Role::name);
        tracing::warn!(target: "audit", role = who, address = ?peer.and_then(|peer| peer.address), path, "refused");
        self.transport.note(peer, Event { event: "refuse", what: path, ..Event::default() });
        let status = Status::permission_denied(format!("a {who}'s certificate gives no right to call {path}"));
        Box::pin(async move { Ok(status.into_http()) })
    }
}
