//! The SVD of a million rows, by TSQR, and a check of it where the rows are.

use super::Context;
use super::report::{Digest, Done};
use crate::text;
use phalanx::array::{Array, evaluate, random::Generator};
use phalanx_engine::{Error, Result};
use std::time::Instant;

const ROWS: usize = 1_000_000;
const COLUMNS: usize = 100;
/// Rows of a chunk: 40 MB.
const CHUNK_ROWS: usize = 50_000;

/// `‖A − U S Vᵀ‖ / ‖A‖` and `‖UᵀU − I‖` come without gathering A or U. The digest is of S, Vᵀ (their signs are fixed
/// by a rule) and a checksum of U.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let a = Generator::new(context.seed).random((ROWS, COLUMNS), vec![CHUNK_ROWS, COLUMNS]);
    let (u, s, vt) = a.svd();
    let start = Instant::now();
    let factors = evaluate(context.engine, &[&s, &vt, &u.checksum()])?.chunks;
    let seconds = start.elapsed();
    let mut digest = Digest::default();
    factors.iter().for_each(|chunk| chunk.digest(digest.writer()));

    let start = Instant::now();
    // The factors are here now, and small; only U is made again, from the rows.
    let residual = (&a - (&u * &s).matmul(&vt)).norm() / a.norm();
    let orthogonality = (u.t().matmul(&u) - Array::eye(COLUMNS, COLUMNS)).norm();
    let checks = evaluate(context.engine, &[&residual, &orthogonality])?.chunks;
    let float = |index: usize| {
        checks[index].item::<f64>().map_err(|error| Error::internal("a norm is no float").caused_by(&error))
    };
    let (residual, orthogonality) = (float(0)?, float(1)?);
    Ok(Done::new(&digest)
        .fact("shape", vec![ROWS, COLUMNS])
        .fact("svd_seconds", seconds.as_secs_f64())
        .fact("check_seconds", start.elapsed().as_secs_f64())
        .fact("residual", residual)
        .fact("orthogonality", orthogonality)
        .say(format!(
            "SVD of {} × {COLUMNS} in chunks of {} rows",
            text::count(ROWS as u64),
            text::count(CHUNK_ROWS as u64)
        ))
        .say(format!("‖A − U S Vᵀ‖ / ‖A‖ = {residual:.1e}, ‖UᵀU − I‖ = {orthogonality:.1e}"))
        .say(format!("decomposed in {}, checked in {}", text::seconds(seconds), text::seconds(start.elapsed()))))
}
