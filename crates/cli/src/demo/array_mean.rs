//! The mean of an array plus its transpose: pulled, and over a persisted copy.

use super::Context;
use super::report::{Digest, Done};
use crate::text;
use phalanx::array::{Array, random::Generator};
use phalanx_engine::{Error, Result};
use std::time::Instant;

const LENGTH: usize = 10_000;
const CHUNK: usize = 1_000;

/// `(x + x.T).mean(axis=0)`, twice.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let x = Generator::new(context.seed).random((LENGTH, LENGTH), CHUNK);
    let mean = |x: &Array| (x + &x.t()).mean(0);
    let start = Instant::now();
    let pulled = mean(&x).compute(context.engine)?;
    let pulled_seconds = start.elapsed();

    let start = Instant::now();
    let persisted = x.persist(context.engine)?;
    let persist_seconds = start.elapsed();
    let start = Instant::now();
    let again = mean(&persisted).compute(context.engine)?;
    let persisted_seconds = start.elapsed();
    drop(persisted);
    if !pulled.same_bits(&again) {
        return Err(Error::internal("the mean over persisted data has other bits"));
    }

    let mut digest = Digest::default();
    pulled.digest(digest.writer());
    Ok(Done::new(&digest)
        .fact("shape", vec![LENGTH, LENGTH])
        .fact("pulled_seconds", pulled_seconds.as_secs_f64())
        .fact("persist_seconds", persist_seconds.as_secs_f64())
        .fact("persisted_seconds", persisted_seconds.as_secs_f64())
        .say("(x + xᵀ).mean(0) of 10,000 × 10,000 random numbers")
        .say(format!("pulled from the generator in {}", text::seconds(pulled_seconds)))
        .say(format!(
            "the same bits from a persisted copy in {} (persisting took {})",
            text::seconds(persisted_seconds),
            text::seconds(persist_seconds)
        )))
}
