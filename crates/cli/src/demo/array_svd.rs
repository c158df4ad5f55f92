//! A billion random numbers, of which ten thousand are needed.

use super::Context;
use super::report::{Digest, Done};
use crate::text;
use phalanx::array::{evaluate, random::Generator, s};
use phalanx_engine::{Error, Result};

/// Elements of the array.
const ELEMENTS: u64 = 1_000_000_000;

/// `random((10000, 10, 10000), chunks 1000)`, reshaped, transposed, sliced, decomposed.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let x = Generator::new(context.seed).random((10_000, 10, 10_000), 1_000);
    let (u, s, vt) = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1_000]).svd();
    let evaluation = evaluate(context.engine, &[&u, &s, &vt])?;
    let mut digest = Digest::default();
    for chunk in &evaluation.chunks {
        chunk.digest(digest.writer());
    }
    let [_, values, _] = evaluation.chunks.as_slice() else {
        return Err(Error::internal("an SVD without three parts"));
    };
    let values =
        values.values::<f64>().map_err(|error| Error::internal("singular values are no floats").caused_by(&error))?;
    let shown: Vec<String> = values.iter().take(4).map(|value| format!("{value:.4}")).collect();
    Ok(Done::new(&digest)
        .fact("elements", ELEMENTS)
        .fact("elements_evaluated", evaluation.evaluated)
        .fact("singular_values", values)
        .say("10,000 × 10 × 10,000 random numbers, reshaped, transposed, [:10, :1000], SVD")
        .say(format!("{} of {} elements evaluated", text::count(evaluation.evaluated), text::count(ELEMENTS)))
        .say(format!("singular values {}, …", shown.join(", "))))
}
