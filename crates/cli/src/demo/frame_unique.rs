//! Unique names, in the order of their first appearance.

use super::report::{Digest, Done};
use super::{Context, timeseries};
use phalanx_engine::Result;

/// Over 2,592,000 rows in 30 partitions.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let table = timeseries(context.seed)?.unique("name")?.compute(context.engine)?;
    let mut digest = Digest::default();
    table.digest(digest.writer())?;
    let names: Vec<String> = table.strings("name")?.into_iter().flatten().collect();
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let shown = shown.join(", ");
    Ok(Done::new(&digest)
        .fact("names", names.clone())
        .say("unique names in 2,592,000 rows, by first appearance")
        .say(format!("{} names: {shown}, …", names.len())))
}
