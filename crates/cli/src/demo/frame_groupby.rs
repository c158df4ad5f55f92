//! Mean, standard deviation and count by name.

use super::report::{Digest, Done};
use super::{Context, timeseries};
use phalanx::frame::Aggregate;
use phalanx_engine::Result;

/// Keys come sorted, as pandas sorts them; sums are exact, so that no order of addition shows.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let aggregates = ["x", "y"]
        .into_iter()
        .flat_map(|column| [Aggregate::mean(column), Aggregate::std(column), Aggregate::count(column)]);
    let table = timeseries(context.seed)?.groupby(["name"])?.agg(aggregates)?.compute(context.engine)?;
    let mut digest = Digest::default();
    table.digest(digest.writer())?;
    let (groups, names) = (table.num_rows(), table.strings("name")?);
    let (means, deviations) = (table.floats("x_mean")?, table.floats("x_std")?);
    let first = names.first().cloned().flatten().unwrap_or_default();
    let (mean, deviation) = (first_of(&means), first_of(&deviations));
    Ok(Done::new(&digest)
        .fact("groups", groups)
        .fact("columns", table.column_names())
        .say(format!("mean, std and count of x and y for each of {groups} names"))
        .say(format!("{first}: x has mean {mean:.6} and standard deviation {deviation:.6}")))
}

fn first_of(values: &[f64]) -> f64 {
    values.first().copied().unwrap_or(f64::NAN)
}
