//! A runtime of functions, as the package of another language would install one: a payload is a word.

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use phalanx_engine::{Error, HostFunction, HostRuntime, Result, datafusion, host};
use std::sync::Arc;

/// Installs the runtime in this process.
pub fn install() {
    host::install(Arc::new(Words));
}

/// The function that `word` names: `add` (the columns `v` of all inputs, row by row), `raise` (if there is a row of
/// id 40), `wrong` (other columns than it should).
pub fn function(word: &str) -> HostFunction {
    HostFunction { payload: word.as_bytes().to_vec(), label: format!("the function {word}") }
}

#[derive(Debug)]
struct Words;

fn column(batch: &RecordBatch, index: usize) -> Vec<i64> {
    batch.column(index).as_primitive::<Int64Type>().values().to_vec()
}

impl HostRuntime for Words {
    fn call(&self, function: &HostFunction, inputs: Vec<RecordBatch>, context: &str) -> Result<Vec<RecordBatch>> {
        let Some(first) = inputs.first() else { return Err(Error::internal("no input")) };
        match function.payload.as_slice() {
            b"add" => {
                let mut sums = vec![0_i64; first.num_rows()];
                for input in &inputs {
                    for (sum, value) in sums.iter_mut().zip(column(input, 1)) {
                        *sum = sum.wrapping_add(value);
                    }
                }
                let columns = vec![Arc::clone(first.column(0)), Arc::new(Int64Array::from(sums)) as _];
                Ok(vec![RecordBatch::try_new(first.schema(), columns)?])
            }
            b"raise" if column(first, 0).contains(&40) => {
                Err(Error::raised(format!("ValueError: 40 is too many, in {context}"), b"\x80pickled\xff".to_vec()))
            }
            b"wrong" => Ok(vec![first.project(&[0])?]),
            _ => Ok(vec![first.clone()]),
        }
    }
}
