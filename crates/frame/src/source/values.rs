//! Arrays of values that stand in a file of text, read as Arrow's own reader of CSV reads them.

use super::missing::is_missing;
use datafusion::arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanBuilder, NullBufferBuilder, PrimitiveArray, StringBuilder,
};
use datafusion::arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use datafusion::arrow::datatypes::{
    ArrowTimestampType, DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use std::sync::Arc;

/// Whether [`array`] knows the type.
pub(super) fn is_read(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Utf8
                | DataType::Boolean
                | DataType::Float32
                | DataType::Float64
                | DataType::Date32
                | DataType::Timestamp(_, None)
        )
}

/// An array of the values; `None` if one is not of the type.
pub(super) fn array<'a>(data_type: &DataType, values: impl Iterator<Item = &'a str>, rows: usize) -> Option<ArrayRef> {
    match data_type {
        DataType::Utf8 => {
            let mut built = StringBuilder::with_capacity(rows, 8 * rows);
            values.for_each(|value| built.append_option(Some(value).filter(|value| !is_missing(value.as_bytes()))));
            Some(Arc::new(built.finish()))
        }
        DataType::Boolean => {
            let mut built = BooleanBuilder::with_capacity(rows);
            for value in values {
                if is_missing(value.as_bytes()) {
                    built.append_null();
                } else {
                    let is_true = value.eq_ignore_ascii_case("true");
                    if !is_true && !value.eq_ignore_ascii_case("false") {
                        return None;
                    }
                    built.append_value(is_true);
                }
            }
            Some(Arc::new(built.finish()))
        }
        DataType::Int8 => parsed::<Int8Type>(values, rows),
        DataType::Int16 => parsed::<Int16Type>(values, rows),
        DataType::Int32 => parsed::<Int32Type>(values, rows),
        DataType::Int64 => parsed::<Int64Type>(values, rows),
        DataType::UInt8 => parsed::<UInt8Type>(values, rows),
        DataType::UInt16 => parsed::<UInt16Type>(values, rows),
        DataType::UInt32 => parsed::<UInt32Type>(values, rows),
        DataType::UInt64 => parsed::<UInt64Type>(values, rows),
        DataType::Float32 => parsed::<Float32Type>(values, rows),
        DataType::Float64 => parsed::<Float64Type>(values, rows),
        DataType::Date32 => parsed::<Date32Type>(values, rows),
        DataType::Timestamp(TimeUnit::Second, None) => times::<TimestampSecondType>(values, rows),
        DataType::Timestamp(TimeUnit::Millisecond, None) => times::<TimestampMillisecondType>(values, rows),
        DataType::Timestamp(TimeUnit::Microsecond, None) => times::<TimestampMicrosecondType>(values, rows),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => times::<TimestampNanosecondType>(values, rows),
        _ => None,
    }
}

fn parsed<'a, T: Parser>(values: impl Iterator<Item = &'a str>, rows: usize) -> Option<ArrayRef> {
    numbers::<T>(values, rows, T::parse)
}

fn times<'a, T: ArrowTimestampType>(values: impl Iterator<Item = &'a str>, rows: usize) -> Option<ArrayRef> {
    numbers::<T>(values, rows, |value| {
        let time = string_to_datetime(&chrono::Utc, value).ok()?;
        match T::UNIT {
            TimeUnit::Second => Some(time.timestamp()),
            TimeUnit::Millisecond => Some(time.timestamp_millis()),
            TimeUnit::Microsecond => Some(time.timestamp_micros()),
            TimeUnit::Nanosecond => time.timestamp_nanos_opt(),
        }
    })
}

fn numbers<'a, T: ArrowPrimitiveType>(
    values: impl Iterator<Item = &'a str>,
    rows: usize,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Option<ArrayRef> {
    let mut numbers = Vec::with_capacity(rows);
    let mut known = NullBufferBuilder::new(rows);
    for value in values {
        if is_missing(value.as_bytes()) {
            numbers.push(T::default_value());
            known.append_null();
        } else {
            numbers.push(parse(value)?);
            known.append_non_null();
        }
    }
    Some(Arc::new(PrimitiveArray::<T>::try_new(numbers.into(), known.finish()).ok()?))
}
