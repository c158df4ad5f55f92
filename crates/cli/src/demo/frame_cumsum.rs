//! Oliver's cumulative sums, and their picture.

use super::report::{Digest, Done};
use super::{Context, timeseries};
use crate::text;
use phalanx::frame::{
    expr::{col, lit},
    plot,
};
use phalanx_engine::{Error, Result};

/// The picture's name in the folder `--out`.
const PICTURE: &str = "oliver.svg";

/// Sums run over partitions in pandas' order: each begins where the one before it ended.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let oliver = timeseries(context.seed)?.filter(col("name").eq(lit("Oliver")))?.select(["x", "y"])?;
    let table = oliver.cumsum()?.compute(context.engine)?;
    let mut digest = Digest::default();
    table.digest(digest.writer())?;
    let options = plot::Options {
        title: Some(String::from("Oliver's cumulative sums, January 2000")),
        y_label: Some(String::from("cumulative sum")),
        ..plot::Options::default()
    };
    let picture = plot::lines(&table, "timestamp", &["x", "y"], &options)?;
    let path = context.out.join(PICTURE);
    std::fs::write(&path, picture).map_err(|error| {
        Error::resources(format!("the plot can't be written to {}", path.display()))
            .caused_by(&error)
            .with_hint("name a folder with room with --out")
    })?;
    let last = |name: &str| Ok::<_, Error>(table.floats(name)?.last().copied().unwrap_or(f64::NAN));
    let (x, y) = (last("x")?, last("y")?);
    let rows = table.num_rows();
    Ok(Done::new(&digest)
        .fact("rows", rows)
        .fact("last_x", x)
        .fact("last_y", y)
        .fact("picture", path.display().to_string())
        .say(format!("cumulative sums of x and y over Oliver's {} rows", text::count(rows as u64)))
        .say(format!("at the end x = {x:.3}, y = {y:.3}; see {}", path.display())))
}
