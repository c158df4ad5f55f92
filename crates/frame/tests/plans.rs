//! Plans obey the determinism law, travel whole, and refuse what can't be.

use crate::suite::{bits, files, formula};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::functions_aggregate::expr_fn;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use phalanx_engine::{EngineCodec, ErrorKind, LocalEngine, OperatorExec, Plan, Settings};
use phalanx_frame::expr::{col, lit};
use phalanx_frame::frame::Direction;
use phalanx_frame::{Aggregate, Frame, Keep, Table, datasets, read_csv, read_parquet, source::csv::Csv};
use std::sync::Arc;

/// One frame of every kind, over files, generated and given rows.
fn frames(folder: &std::path::Path) -> Vec<Frame> {
    let parquet = folder.join("rows.parquet");
    files::write_parquet(&parquet, &[formula::batch(0..formula::ROWS)], 100);
    let csv = folder.join("rows.csv");
    std::fs::write(&csv, "key,value,whole,row\na,1.5,2,3\n").unwrap();
    let statistics =
        |c: &str| [Aggregate::mean(c), Aggregate::std(c), Aggregate::min(c), Aggregate::sum(c), Aggregate::count(c)];
    let mut frames = vec![];
    for source in [
        formula::frame(),
        read_parquet(&parquet.to_string_lossy()).unwrap(),
        read_csv(&csv.to_string_lossy()).unwrap(),
        datasets::timeseries().build().unwrap().rename([("name", "key"), ("x", "value"), ("id", "whole")]).unwrap(),
    ] {
        let source = source.reset_index();
        frames.extend([
            source.clone(),
            source.head(5).unwrap(),
            source.unique("key").unwrap(),
            source.unique("value").unwrap(),
            source.value_counts("key").unwrap(),
            source.select(["value", "whole"]).unwrap().cumsum().unwrap().filter(col("value").gt(lit(0.5))).unwrap(),
            source.select(["whole"]).unwrap().cummax().unwrap().unique("whole").unwrap(),
            source.sort_values([("key", Direction::Ascending), ("value", Direction::Descending)]).unwrap(),
            source.groupby(["key"]).unwrap().agg(statistics("value")).unwrap(),
            source.groupby(["value", "key"]).unwrap().agg([Aggregate::sum("whole")]).unwrap().head(3).unwrap(),
            source.filter(lit(false)).unwrap(),
            source.shuffle(["key"], 3).unwrap().with_partition_number("partition").unwrap(),
            source.with_row_number("at").unwrap().place_by("at", 2).unwrap(),
            source.merge(&source.head(9).unwrap(), ["key", "value"], Keep::Left).unwrap(),
            // Read in any order.
            source
                .merge(&source.head(9).unwrap(), ["key", "value"], Keep::Left)
                .unwrap()
                .groupby(["key"])
                .unwrap()
                .agg([Aggregate::sum("whole_x")])
                .unwrap(),
        ]);
    }
    frames
}

#[test]
fn every_plan_obeys_the_determinism_law() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for frame in frames(folder.path()) {
        let plan = frame.plan(&Settings::default()).unwrap();
        plan.root()
            .apply(|node| {
                let name = node.name().to_owned();
                if node.children().is_empty() {
                    assert_eq!(name, "DataSourceExec", "in\n{plan}");
                }
                assert!(
                    !["CoalescePartitionsExec", "SortPreservingMergeExec", "GlobalLimitExec"].contains(&&*name),
                    "{plan}"
                );
                if name == "RepartitionExec" {
                    assert!(format!("{}", node.properties().output_partitioning()).starts_with("Hash("), "{plan}");
                }
                seen.insert(name);
                Ok(TreeNodeRecursion::Continue)
            })
            .unwrap();
    }
    for name in ["AggregateExec", "RepartitionExec", "SortExec", "FilterExec", "OperatorExec"] {
        assert!(seen.contains(name), "{seen:?}");
    }
}

#[test]
fn only_the_columns_that_are_read_are_generated() {
    let frame = datasets::timeseries().build().unwrap();
    let text = frame.unique("name").unwrap().explain(&Settings::default()).unwrap();
    assert!(text.contains("timeseries [name]"), "{text}");
    let running = frame.select(["x", "y"]).unwrap().cumsum().unwrap().reset_index().select(["y"]).unwrap();
    let text = running.explain(&Settings::default()).unwrap();
    assert!(text.contains("timeseries [y]") && text.contains("partitions: 30"), "{text}");
}

#[test]
fn nothing_is_ordered_for_sums() {
    let frame = formula::frame();
    let right = frame.select(["whole", "value"]).unwrap().rename([("value", "other")]).unwrap();
    let merged = frame.merge(&right, ["whole"], Keep::Inner).unwrap();
    let goes_home = |frame: &Frame| {
        let text = frame.explain(&Settings::default()).unwrap();
        text.split_once("\nplan\n").unwrap().1.contains("route_home")
    };
    let groups = merged.groupby(["key"]).unwrap();
    let sum = [Aggregate::sum("whole")];
    assert!(goes_home(&merged));
    assert!(!goes_home(&groups.clone().agg(sum.clone()).unwrap()));
    let text = groups.clone().agg(sum.clone()).unwrap().explain(&Settings::default()).unwrap();
    assert!(!text.contains("number_rows"), "{text}");
    assert!(goes_home(&groups.sort(false).agg(sum).unwrap()), "the order of appearance needs the order of the rows");
}

#[test]
fn plans_survive_the_codec() {
    let folder = tempfile::tempdir().unwrap();
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let context = SessionContext::new_with_config(Settings::default().config().unwrap());
    let codec = EngineCodec::default();
    let mut operators = std::collections::BTreeSet::new();
    for frame in frames(folder.path()) {
        let plan = frame.plan(&Settings::default()).unwrap();
        let bytes = codec.encode(Arc::clone(plan.root())).unwrap();
        let read = codec.decode(&bytes, &context.task_ctx()).unwrap();
        let text = |root: &Arc<dyn ExecutionPlan>| Plan::new("", Arc::clone(root)).to_string();
        assert_eq!(text(&read), text(plan.root()));
        let table = |root| {
            let job = phalanx_engine::Engine::submit(&engine, Plan::new("codec", root));
            let schema = Arc::clone(job.schema());
            bits(&Table::new(schema, job.wait().unwrap().into_iter().flatten().collect()))
        };
        plan.root()
            .apply(|node| {
                operators.extend(node.downcast_ref::<OperatorExec>().map(|node| node.operator().name()));
                Ok(TreeNodeRecursion::Continue)
            })
            .unwrap();
        assert_eq!(table(read), table(Arc::clone(plan.root())));
    }
    let expected = [
        "alone",
        "borders",
        "canonicalise",
        "csv_rows",
        "cummax",
        "cumsum",
        "finish",
        "in_order",
        "join",
        "number_nothing",
        "number_rows",
        "partition_number",
        "route",
        "route_home",
        "row_numbers",
        "settle",
        "tell",
        "text_groups",
        "timeseries",
    ];
    assert_eq!(operators.into_iter().collect::<Vec<_>>(), expected);
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: phalanx_engine::Result<T>, kind: ErrorKind, parts: &[&str]) {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    parts.iter().for_each(|part| assert!(text.contains(part), "{part:?} is not in {text}"));
}

#[test]
fn wrong_input_is_refused_with_what_to_do() {
    let frame = formula::frame();
    refused(frame.unique("keys"), ErrorKind::Input, &[r#"there is no column "keys""#, r#"did you mean "key"?"#]);
    refused(frame.filter(col("wohle").gt(lit(1))), ErrorKind::Input, &["\"wohle\"", "\"whole\""]);
    refused(frame.select(["key", "key"]), ErrorKind::Input, &["twice"]);
    refused(frame.rename([("key", "value")]), ErrorKind::Input, &["\"value\" is there twice"]);
    refused(frame.cumsum(), ErrorKind::Mismatch, &["cumsum of column \"key\"", "str"]);
    refused(frame.groupby(Vec::<String>::new()), ErrorKind::Input, &["at least one"]);
    refused(
        frame.groupby(["whole"]).unwrap().agg([Aggregate::mean("key")]),
        ErrorKind::Mismatch,
        &["mean of column \"key\""],
    );
    refused(frame.merge(&frame, ["no"], Keep::Inner), ErrorKind::Input, &["\"no\""]);
    let other = frame.select(["key"]).unwrap().rename([("key", "whole")]).unwrap();
    refused(frame.merge(&other, ["whole"], Keep::Inner), ErrorKind::Input, &["int64 on the left and str"]);
    refused(frame.sort_values([]), ErrorKind::Input, &["at least one"]);
    let sum = expr_fn::sum(col("whole"));
    refused(frame.filter(sum.gt(lit(1))), ErrorKind::Unsupported, &["aggregate function", "row by row"]);
    refused(datasets::timeseries().dates("2000-13-01", "2000-01-02"), ErrorKind::Input, &["2000-13-01", "is no date"]);
    refused(datasets::timeseries().dates("2000-01-02", "2000-01-01"), ErrorKind::Input, &["2000-01-02"]);
    let uneven = datasets::timeseries().frequency(std::time::Duration::from_secs(7)).build();
    refused(uneven, ErrorKind::Input, &["multiple of the frequency"]);
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let text = frame.filter(col("key").gt(lit(1_i64)).and(lit("x"))).and_then(|frame| frame.compute(&engine));
    refused(text, ErrorKind::Input, &[]);
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| folder.path().join(file).to_string_lossy().into_owned();
    refused(read_parquet(&name("absent.parquet")), ErrorKind::Data, &["absent.parquet", "there is no such file"]);
    refused(read_parquet(&name("*.parquet")), ErrorKind::Data, &["no file matches"]);
    refused(read_parquet("ftp://host/rows.parquet"), ErrorKind::Unsupported, &["ftp://host/rows.parquet"]);
    std::fs::write(name("text.parquet"), "this is text, and long enough to be a footer").unwrap();
    refused(read_parquet(&name("text.parquet")), ErrorKind::Data, &["text.parquet", "is not a whole Parquet file"]);
    let whole = folder.path().join("whole.parquet");
    files::write_parquet(&whole, &[formula::batch(0..100)], 100);
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(name("cut.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    refused(read_parquet(&name("cut.parquet")), ErrorKind::Data, &["cut.parquet", "copying or writing"]);
    std::fs::write(name("empty.parquet"), "").unwrap();
    refused(read_parquet(&name("empty.parquet")), ErrorKind::Data, &["empty.parquet"]);
    std::fs::write(name("late.csv"), "a,b\n1,2\nthree,4\n").unwrap();
    let late = Csv::new(&name("late.csv")).infer_rows(1).build().unwrap();
    let engine = LocalEngine::new(Settings::default()).unwrap();
    refused(late.compute(&engine), ErrorKind::Data, &["late.csv", "row 1, column \"a\"", "three", "infer_rows"]);
    std::fs::write(name("other.csv"), "a,c\n1,2\n").unwrap();
    refused(read_csv(&name("*.csv")), ErrorKind::Data, &["other.csv", "[\"a\", \"c\"], not [\"a\", \"b\"]"]);
    refused(read_csv(&name("absent.csv")), ErrorKind::Data, &["absent.csv", "there is no such file"]);
    // Two files that do not fit together.
    for (folder_name, columns, part) in
        [("less", vec![0, 1, 2], "\"row\" is missing"), ("other", vec![0, 2, 1, 3], ""), ("typed", vec![], "Float64")]
    {
        let sub = folder.path().join(folder_name);
        std::fs::create_dir(&sub).unwrap();
        files::write_parquet(&sub.join("1.parquet"), &[formula::batch(0..10)], 100);
        let batch = formula::batch(10..20);
        let second = match columns.is_empty() {
            false => batch.project(&columns).unwrap(),
            true => {
                let schema = Schema::new(vec![
                    batch.schema().field(0).clone(),
                    batch.schema().field(1).clone(),
                    batch.schema().field(1).clone().with_name("whole"),
                    batch.schema().field(3).clone(),
                ]);
                let columns = [0, 1, 1, 3].map(|index: usize| Arc::clone(batch.column(index))).to_vec();
                RecordBatch::try_new(Arc::new(schema), columns).unwrap()
            }
        };
        files::write_parquet(&sub.join("2.parquet"), &[second], 100);
        let result = read_parquet(&sub.to_string_lossy());
        if part.is_empty() {
            // Another order of the columns is no difference.
            let engine = LocalEngine::new(Settings::default()).unwrap();
            let rows = result.unwrap().compute(&engine).unwrap().integers("row").unwrap();
            assert_eq!(rows, (0..20).map(Some).collect::<Vec<_>>());
        } else {
            refused(result, ErrorKind::Data, &["2.parquet", part, "1.parquet"]);
        }
    }
}

#[test]
fn a_file_that_changes_under_a_frame_is_bad_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    files::write_parquet(&path, &[formula::batch(0..formula::ROWS)], 1000);
    let frame = read_parquet(&path.to_string_lossy()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4..2000].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let engine = LocalEngine::new(Settings::default()).unwrap();
    refused(frame.compute(&engine), ErrorKind::Data, &[]);
    std::fs::remove_file(&path).unwrap();
    refused(frame.compute(&engine), ErrorKind::Data, &["rows.parquet"]);
}
