//! Series: operators and functions of values with pandas' answers, on several partitions.

use super::bits;
use super::formula::{self, ROWS, frame};
use phalanx_engine::Engine;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, TimeUnit};
use phalanx_engine::datafusion::common::ScalarValue;
use phalanx_frame::clock::{Clock, Doubt, Part, Rounding};
use phalanx_frame::columns::Missing;
use phalanx_frame::series::Inclusive;
use phalanx_frame::sink::{Files, Format};
use phalanx_frame::text::Text;
use phalanx_frame::{Frame, Series, read_parquet, source};
use std::sync::Arc;

/// What pandas makes of edge cases, in two partitions.
fn edges() -> Frame {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int64Array::from(vec![Some(7), Some(-7), None, Some(9_007_199_254_740_993)]))),
        ("d", Arc::new(Int64Array::from(vec![2, 2, 3, -2]))),
        ("f", Arc::new(Float64Array::from(vec![Some(-0.0), Some(f64::NAN), None, Some(f64::INFINITY)]))),
        ("t", Arc::new(StringArray::from(vec![Some("Straße 1"), Some(""), None, Some("añb,c")]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let parts = vec![vec![batch.slice(0, 1)], vec![], vec![batch.slice(1, 3)]];
    source::from_batches(batch.schema(), parts).unwrap()
}

fn integers(series: &Series, engine: &dyn Engine) -> Vec<Option<i64>> {
    let name = series.column_name().unwrap().to_owned();
    series.compute(engine).unwrap().integers(&name).unwrap()
}

fn truths(series: &Series, engine: &dyn Engine) -> Vec<bool> {
    integers(series, engine).into_iter().map(|truth| truth.unwrap() != 0).collect()
}

fn texts(series: &Series, engine: &dyn Engine) -> Vec<Option<String>> {
    let name = series.column_name().unwrap().to_owned();
    series.compute(engine).unwrap().strings(&name).unwrap()
}

pub fn operators_are_those_of_pandas(engine: &dyn Engine) {
    let (i, d, f) = (edges().column("i").unwrap(), edges().column("d").unwrap(), edges().column("f").unwrap());
    assert!(i.add(&d).is_err() || integers(&i.add(&d).unwrap(), engine)[2].is_none(), "another source, other rows");
    let frame = edges();
    let column = |name: &str| frame.column(name).unwrap();
    let (i, d) = (column("i"), column("d"));
    assert_eq!(integers(&i.floordiv(&d).unwrap(), engine), [Some(3), Some(-4), None, Some(-4_503_599_627_370_497)]);
    assert_eq!(integers(&i.r#mod(&d).unwrap(), engine), [Some(1), Some(1), None, Some(-1)]);
    assert_eq!(truths(&i.gt(0).unwrap(), engine), [true, false, false, true]);
    assert_eq!(truths(&i.ne(7).unwrap(), engine), [false, true, true, true]);
    assert_eq!(truths(&i.eq(9_007_199_254_740_993_i64).unwrap(), engine), [false, false, false, true]);
    assert_eq!(truths(&column("f").eq(0.0).unwrap(), engine), [true, false, false, false]);
    assert_eq!(truths(&column("f").ne(column("f")).unwrap(), engine), [false, true, true, false]);
    assert_eq!(truths(&f.isna().unwrap(), engine), [false, true, true, false]);
    assert_eq!(truths(&!(i.gt(0).unwrap() & d.gt(0).unwrap()), engine), [false, true, true, true]);
    assert_eq!((&i / &d).data_type().unwrap(), &DataType::Float64);
    let error = column("t").sub(1).unwrap_err();
    assert!(error.message().contains("unsupported operand"), "{error}");
    assert!(column("t").lt(1).is_err());
    assert_eq!(truths(&column("t").eq(1).unwrap(), engine), [false; 4]);
}

pub fn functions_of_values_are_those_of_pandas(engine: &dyn Engine) {
    let frame = edges();
    let column = |name: &str| frame.column(name).unwrap();
    assert_eq!(integers(&column("i").fillna(0).unwrap(), engine)[2], Some(0));
    let text = |value: &str| ScalarValue::from(value);
    let seen = column("t").isin(&[text(""), ScalarValue::Null]).unwrap();
    assert_eq!(truths(&seen, engine), [false, true, true, false]);
    let mapped = column("d").map(&[(ScalarValue::from(2_i64), text("two"))]).unwrap();
    assert_eq!(texts(&mapped, engine), [Some("two".to_owned()), Some("two".to_owned()), None, None]);
    let replaced = column("d").replace(&[(ScalarValue::from(2_i64), ScalarValue::from(5_i64))]).unwrap();
    assert_eq!(integers(&replaced, engine), [Some(5), Some(5), Some(3), Some(-2)]);
    assert_eq!(truths(&column("d").between(2, 3, Inclusive::Left).unwrap(), engine), [true, true, false, false]);
    assert_eq!(integers(&column("d").clip(Some(0.into()), Some(2.into())).unwrap(), engine), [2, 2, 2, 0].map(Some));
    assert_eq!(texts(&column("f").astype(&DataType::Utf8).unwrap(), engine)[0].as_deref(), Some("-0.0"));
    let dropped = frame.dropna(None, Missing::Any).unwrap().compute(engine).unwrap();
    assert_eq!(dropped.num_rows(), 2);
    let error = column("f").astype(&DataType::Int64).unwrap().compute(engine).unwrap_err();
    assert!(error.to_string().contains("non-finite"), "{error}");
}

pub fn texts_are_pythons(engine: &dyn Engine) {
    let frame = edges();
    let t = frame.column("t").unwrap();
    let of = |function: Text| t.text(function).unwrap();
    assert_eq!(texts(&of(Text::Upper), engine)[0].as_deref(), Some("STRASSE 1"));
    assert_eq!(integers(&of(Text::Len), engine), [Some(8), Some(0), None, Some(5)]);
    assert_eq!(truths(&of(Text::Matches { pattern: r"\d$".to_owned() }), engine), [true, false, false, false]);
    let slice = Text::Slice { start: Some(-2), stop: None, step: None };
    assert_eq!(texts(&of(slice), engine), [Some(" 1"), Some(""), None, Some(",c")].map(|t| t.map(str::to_owned)));
    let split = of(Text::Split { separator: Some(",".to_owned()), pattern: false, most: None, from_end: false });
    assert_eq!(texts(&split.text(Text::Get { at: 1 }).unwrap(), engine)[3].as_deref(), Some("c"));
    assert!(t.text(Text::Matches { pattern: "(?<=a)b".to_owned() }).unwrap_err().hint().unwrap().contains("regex"));
}

pub fn clocks_change_as_in_pandas(engine: &dyn Engine) {
    // Berlin, 2024-03-31: the clock jumps from 2 to 3.
    let rows = StringArray::from(vec!["2024-03-31 01:30:00", "2024-03-31 02:30:00", "2024-12-31 23:59:59"]);
    let batch = RecordBatch::try_from_iter([("s", Arc::new(rows) as ArrayRef)]).unwrap();
    let frame = source::from_batches(batch.schema(), vec![vec![batch]]).unwrap();
    let time = frame.column("s").unwrap().to_datetime(None, TimeUnit::Nanosecond, false, false).unwrap();
    let localize =
        |nonexistent| Clock::Localize { zone: Some("Europe/Berlin".to_owned()), ambiguous: Doubt::Raise, nonexistent };
    let error = time.clock(localize(Doubt::Raise)).unwrap().compute(engine).unwrap_err();
    assert!(error.to_string().contains("nonexistent"), "{error}");
    let local = time.clock(localize(Doubt::Later)).unwrap();
    assert_eq!(integers(&local.clock(Clock::Part(Part::Hour)).unwrap(), engine), [1, 3, 23].map(Some));
    let utc = local.clock(Clock::Convert { zone: Some("UTC".to_owned()) }).unwrap();
    assert_eq!(integers(&utc.clock(Clock::Part(Part::Hour)).unwrap(), engine), [0, 1, 22].map(Some));
    assert_eq!(truths(&time.clock(Clock::Part(Part::IsYearEnd)).unwrap(), engine), [false, false, true]);
    let hour = time.clock(Clock::round(Rounding::Round, "h", Doubt::Raise, Doubt::Raise).unwrap()).unwrap();
    let written = hour.clock(Clock::Format { format: "%Y-%m-%d %H:%M".to_owned() }).unwrap();
    assert_eq!(texts(&written, engine)[2].as_deref(), Some("2025-01-01 00:00"));
    // Ties go to the even hour.
    assert_eq!(texts(&written, engine)[0].as_deref(), Some("2024-03-31 02:00"));
}

pub fn series_of_one_origin_meet(engine: &dyn Engine) {
    let old = frame();
    let (row, whole) = (old.column("row").unwrap(), old.column("whole").unwrap());
    let newer = old.assign([("double", &row + &row)]).unwrap().assign([("whole", row.mul(3).unwrap())]).unwrap();
    // The older column stays what it was.
    let both = newer.assign([("sum", newer.column("double").unwrap() + &whole)]).unwrap();
    let sums = both.compute(engine).unwrap().integers("sum").unwrap();
    assert_eq!(sums, (0..ROWS).map(|row| Some(2 * row as i64 + formula::whole(row))).collect::<Vec<_>>());
    // Across rows: a running sum beside its origin.
    let running = row.via(|frame| frame.cumsum()).unwrap();
    let zipped = running - &row;
    let expected: Vec<Option<i64>> = (0..ROWS as i64).map(|row| Some(row * (row + 1) / 2 - row)).collect();
    assert_eq!(integers(&zipped, engine), expected);
    let kept = old.filter(row.gt(990).unwrap()).unwrap();
    assert_eq!(kept.compute(engine).unwrap().num_rows(), ROWS - 991);
    let error = (kept.column("row").unwrap() + &row).compute(engine).unwrap_err();
    assert!(error.hint().unwrap().contains("one frame"), "{error}");
}

pub fn written_files_are_read_back(engine: &dyn Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let files = Files::new(&path.to_string_lossy(), Format::Parquet { compression: "zstd".to_owned() });
    let written = frame().to_files(&files).unwrap().compute(engine).unwrap();
    let rows: i64 = written.integers("rows").unwrap().into_iter().flatten().sum();
    assert_eq!((rows, written.num_rows()), (ROWS as i64, 5));
    let names: Vec<String> =
        std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() == 5 && names.iter().all(|name| name.starts_with("part.")), "{names:?}");
    let again = read_parquet(&path.to_string_lossy()).unwrap().compute(engine).unwrap();
    assert!(bits(&again) == bits(&frame().compute(engine).unwrap()), "rows and bits, in order");
}
