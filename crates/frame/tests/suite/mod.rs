//! Behaviours as functions over an engine: every engine must give the same bits. Tests of other crates include this
//! file by its path and run the same list on a cluster.

pub mod files;
pub mod formula;
pub mod groups;
pub mod merges;
pub mod rows;
pub mod running;
pub mod series;
pub mod timeseries;

use phalanx_frame::Table;

/// Calls the macro that it is given with the paths of all behaviours.
macro_rules! behaviours {
    ($with:ident) => {
        $with! {
            timeseries::unique_names_come_in_order_of_first_appearance,
            timeseries::generated_values_depend_on_seed_and_row_alone,
            timeseries::running_sums_go_on_across_partitions,
            timeseries::groups_of_names,
            timeseries::a_plot_shows_every_line,
            groups::statistics_are_those_of_pandas,
            groups::keys_of_several_columns_and_types,
            groups::counts_are_those_of_pandas,
            groups::unique_keeps_missing_values_and_joins_zeros,
            groups::groups_that_need_their_rows_together,
            groups::the_order_of_rows_does_not_change_a_bit,
            running::values_are_those_of_pandas,
            running::one_partition_has_the_bits_of_a_loop,
            running::partitions_without_rows_or_values_change_nothing,
            rows::row_by_row_operations_keep_the_order,
            rows::the_first_rows_are_the_first,
            rows::sorting_is_stable_and_puts_missing_values_last,
            rows::persisted_rows_are_the_same_rows,
            rows::scattered_rows_are_the_same_rows,
            rows::a_filter_that_nothing_passes_leaves_an_empty_table,
            merges::pairs_come_in_the_order_of_pandas,
            merges::missing_keys_meet_and_shared_names_are_told_apart,
            series::operators_are_those_of_pandas,
            series::functions_of_values_are_those_of_pandas,
            series::texts_are_pythons,
            series::clocks_change_as_in_pandas,
            series::series_of_one_origin_meet,
            series::written_files_are_read_back,
            files::parquet_files_come_in_order,
            files::csv_files_come_in_order,
            files::real_data_agrees_with_pandas,
        }
    };
}
pub(crate) use behaviours;

/// The bits of a table as one value that can be compared.
pub fn bits(table: &Table) -> Vec<u8> {
    let mut bytes = vec![];
    table.digest(|part| bytes.extend_from_slice(part)).unwrap();
    bytes
}

/// Equal, or as near as `tolerance` of the larger.
#[track_caller]
pub fn near(got: f64, wanted: f64, tolerance: f64) {
    let same = got == wanted || (got.is_nan() && wanted.is_nan());
    assert!(same || (got - wanted).abs() <= tolerance * got.abs().max(wanted.abs()).max(1.0), "{got} is not {wanted}");
}
