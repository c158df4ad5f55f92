//! `phalanx predict`.

use crate::args::{Level, PredictArgs};
use crate::demo::place::Place;
use crate::end::{Interrupt, Outcome};
use crate::{table, text};
use phalanx::boost::Model;
use phalanx::boost::native::{Asked, Kind};
use phalanx::frame::Frame;
use phalanx::frame::sink::{Files, Format};
use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::csv::Writer as Csv;
use phalanx_engine::datafusion::error::DataFusionError;
use phalanx_engine::datafusion::parquet::arrow::ArrowWriter;
use phalanx_engine::{Engine, Error, Result};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Predicts and writes. What can be wrong with the arguments is found before anything starts.
pub fn run(args: &PredictArgs, log: Level, interrupt: Interrupt) -> Outcome {
    let model = Model::open(&args.model)?;
    let frame = predicted(args, &model)?;
    let place = Place::start(&args.place, log, interrupt)?;
    let start = Instant::now();
    let rows = write(place.engine(), &frame, &args.out)?;
    let time = text::seconds(start.elapsed());
    place.close()?;
    writeln!(std::io::stdout(), "{} predicted in {time}: {}", text::plural(rows, "row"), args.out.display())?;
    Ok(())
}

/// The columns to keep, and the model's answers.
fn predicted(args: &PredictArgs, model: &Model) -> Result<Frame> {
    let rows = table::read(&args.rows)?;
    if model.names().is_empty() {
        return Err(Error::input(format!("{} was trained without names of features", args.model.display()))
            .with_hint("train it with feature names: which column is which can't be told otherwise"));
    }
    let schema = rows.schema();
    let missing: Vec<&String> = model.names().iter().filter(|name| schema.field_with_name(name).is_err()).collect();
    if !missing.is_empty() {
        let there = rows.column_names();
        return Err(Error::input(format!("{} lacks the features {missing:?}", args.rows.display()))
            .with_hint(format!("its columns are {there:?}")));
    }
    if let Some(unknown) = args.keep.iter().find(|name| schema.field_with_name(name).is_err()) {
        return Err(Error::input(format!("--keep {unknown}: {} has no such column", args.rows.display())));
    }
    let kind = if args.margin { Kind::Margin } else { Kind::Value };
    let best = model.best_round().map_or(0, |round| round + 1);
    let answers = model.of_frame(&rows, model.names(), &[], &Asked { kind, rounds: (0, best), ..Asked::default() })?;
    let count = answers.len();
    let name = |place: usize| if count == 1 { String::from("prediction") } else { format!("prediction_{place}") };
    let names: Vec<String> = (0..count).map(name).collect();
    if let Some(taken) = names.iter().find(|name| args.keep.contains(name)) {
        return Err(
            Error::input(format!("--keep {taken}: predictions have this name")).with_hint("rename the column first")
        );
    }
    let with = rows.assign(names.iter().map(String::as_str).zip(answers))?;
    with.select(args.keep.iter().cloned().chain(names))
}

/// Writes the frame; how many rows it has.
fn write(engine: &dyn Engine, frame: &Frame, out: &Path) -> Result<usize> {
    match out.extension().and_then(|end| end.to_str()) {
        Some("csv") => one_file(engine, frame, out, |file| {
            let mut writer = Csv::new(file);
            Ok(Box::new(move |batch: Option<&RecordBatch>| match batch {
                Some(batch) => Ok(writer.write(batch)?),
                None => Ok(()),
            }))
        }),
        Some("parquet") => one_file(engine, frame, out, |file| {
            let mut writer = Some(ArrowWriter::try_new(file, frame.reset_index().schema(), None)?);
            Ok(Box::new(move |batch: Option<&RecordBatch>| match (batch, &mut writer) {
                (Some(batch), Some(writer)) => Ok(writer.write(batch)?),
                (None, writer) => Ok(writer.take().map_or(Ok(()), |writer| writer.close().map(drop))?),
                (Some(_), None) => Ok(()),
            }))
        }),
        None => {
            let text = out.to_str().ok_or_else(|| Error::input(format!("--out {} is not UTF-8", out.display())))?;
            let format = Format::Parquet { compression: String::from("snappy") };
            let written = frame.to_files(&Files::new(text, format))?.compute(engine)?;
            Ok(written.integers("rows")?.into_iter().flatten().map(|rows| rows as usize).sum())
        }
        Some(other) => Err(Error::input(format!("--out {}: .{other} is no format of predictions", out.display()))
            .with_hint("name a file that ends in .parquet or .csv, or a folder")),
    }
}

/// Writes batches, and then the file's end.
type Write = Box<dyn FnMut(Option<&RecordBatch>) -> std::result::Result<(), DataFusionError>>;

/// One file of all partitions, which come here one after the other. It is there whole or not at all.
fn one_file(
    engine: &dyn Engine,
    frame: &Frame,
    out: &Path,
    begin: impl FnOnce(File) -> std::result::Result<Write, DataFusionError>,
) -> Result<usize> {
    let unwritable = |error: &(dyn std::error::Error + 'static)| {
        Error::resources(format!("{} can't be written", out.display())).caused_by(error)
    };
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::NamedTempFile::new_in(folder).map_err(|error| unwritable(&error))?;
    let file = beside.reopen().map_err(|error| unwritable(&error))?;
    let mut write = begin(file).map_err(|error| unwritable(&error))?;
    let mut job = engine.submit(frame.reset_index().plan(engine.settings())?);
    let mut rows = 0;
    while let Some(partition) = futures::executor::block_on(job.next()) {
        for batch in partition?.batches {
            rows += batch.num_rows();
            write(Some(&batch)).map_err(|error| unwritable(&error))?;
        }
    }
    write(None).map_err(|error| unwritable(&error))?;
    beside.persist(out).map_err(|error| unwritable(&error.error))?;
    Ok(rows)
}
