//! Which type two values meet in: NumPy's promotion, and its like for text and times.

use datafusion::arrow::datatypes::{DataType, TimeUnit};

/// The type under a dictionary.
pub fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    }
}

pub fn is_text(data_type: &DataType) -> bool {
    matches!(plain(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// A number in NumPy's sense, where truth values are numbers too.
pub fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || is_float(data_type) || *data_type == DataType::Boolean
}

pub fn is_float(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float32 | DataType::Float64)
}

pub fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..) | DataType::Decimal256(..))
}

fn bits(data_type: &DataType) -> usize {
    data_type.primitive_width().unwrap_or(0) * 8
}

fn signed(bits: usize) -> DataType {
    match bits {
        0..=8 => DataType::Int8,
        9..=16 => DataType::Int16,
        17..=32 => DataType::Int32,
        _ => DataType::Int64,
    }
}

/// NumPy's promotion of two numbers.
pub fn numbers(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Boolean, Float32, Float64};
    if !is_number(left) || !is_number(right) {
        return None;
    }
    Some(match (left, right) {
        (a, b) if a == b => a.clone(),
        (Boolean, other) | (other, Boolean) => other.clone(),
        (Float64, _) | (_, Float64) => Float64,
        (Float32, integer) | (integer, Float32) => {
            if bits(integer) <= 16 {
                Float32
            } else {
                Float64
            }
        }
        (a, b) if a.is_signed_integer() == b.is_signed_integer() => {
            if bits(a) >= bits(b) {
                a.clone()
            } else {
                b.clone()
            }
        }
        (a, b) => {
            let (signed_bits, unsigned_bits) =
                if a.is_signed_integer() { (bits(a), bits(b)) } else { (bits(b), bits(a)) };
            if unsigned_bits < signed_bits {
                signed(signed_bits)
            } else if unsigned_bits < 64 {
                signed(unsigned_bits * 2)
            } else {
                Float64
            }
        }
    })
}

fn finer(left: TimeUnit, right: TimeUnit) -> TimeUnit {
    let rank = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if rank(&left) >= rank(&right) { left } else { right }
}

/// The type in which values of two types can be compared or stand in one column; `None` if there is none.
pub fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date32, Date64, Decimal128, Duration, Null, Timestamp};
    let (left, right) = (plain(left), plain(right));
    Some(match (left, right) {
        (Null, other) | (other, Null) => other.clone(),
        (a, b) if a == b => a.clone(),
        (a, b) if is_text(a) && is_text(b) => DataType::Utf8,
        (Timestamp(a, zone), Timestamp(b, other)) if zone.is_some() == other.is_some() => {
            Timestamp(finer(*a, *b), zone.clone())
        }
        (Duration(a), Duration(b)) => Duration(finer(*a, *b)),
        (Timestamp(unit, None), Date32 | Date64) | (Date32 | Date64, Timestamp(unit, None)) => Timestamp(*unit, None),
        (Date32, Date64) | (Date64, Date32) => Date64,
        (Decimal128(p, s), Decimal128(q, t)) => {
            let scale = *s.max(t);
            let whole = (i16::from(*p) - i16::from(*s)).max(i16::from(*q) - i16::from(*t));
            let precision = u8::try_from(whole + i16::from(scale)).unwrap_or(38).min(38);
            Decimal128(precision, scale)
        }
        (Decimal128(_, s), integer) | (integer, Decimal128(_, s)) if integer.is_integer() => Decimal128(38, *s),
        (decimal, DataType::Float32 | DataType::Float64) | (DataType::Float32 | DataType::Float64, decimal)
            if is_decimal(decimal) =>
        {
            DataType::Float64
        }
        (a, b) => return numbers(a, b),
    })
}

/// As [`common`], where two values only meet to be compared: 64-bit integers with and without a sign do so exactly.
pub fn comparable(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Decimal128, Int64, UInt64};
    match (plain(left), plain(right)) {
        (UInt64, other) | (other, UInt64) if other.is_signed_integer() => Some(Decimal128(20, 0)),
        (Int64, Int64) => Some(Int64),
        _ => common(left, right),
    }
}
