//! Functions of a row's values that travel inside the plan, as [operators](crate::Operator) do: their parameters are
//! data, and a process that links the crate that defines one can run it.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A value for every row, computed from the row's other values and nothing else. Its parameters are its fields.
#[typetag::serde]
pub trait RowFunction: Any + fmt::Debug + Send + Sync {
    /// What plans call it.
    fn name(&self) -> &'static str;
    /// The type of the result for arguments of these fields, and whether it can be missing.
    ///
    /// # Errors
    /// The function does not take such arguments.
    fn output(&self, inputs: &[FieldRef]) -> Result<Field>;
    /// The values for these arguments, which are arrays of `rows` values or constants.
    ///
    /// # Errors
    /// A value can't be computed.
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef>;
}

/// Marks the bytes of a [`RowFunction`]; the last byte is the version of the encoding.
const MARK: &[u8] = b"\xffPHF\x01";

/// `function` of `arguments` as an expression.
///
/// # Errors
/// Its parameters can't be written, which is a bug of ours.
pub fn call(function: impl RowFunction, arguments: Vec<Expr>) -> Result<Expr> {
    let udf = Arc::new(ScalarUDF::new_from_impl(RowUdf::try_new(Box::new(function))?));
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(udf, arguments)))
}

/// The row function that `expression` calls, if it is a `T`.
pub fn called<T: RowFunction>(expression: &Expr) -> Option<(&T, &[Expr])> {
    let Expr::ScalarFunction(ScalarFunction { func, args }) = expression else { return None };
    let udf = (func.inner().as_ref() as &dyn Any).downcast_ref::<RowUdf>()?;
    Some(((udf.function.as_ref() as &dyn Any).downcast_ref()?, args))
}

/// A [`RowFunction`] as DataFusion's own kind of function; two are equal if their bytes are.
struct RowUdf {
    function: Box<dyn RowFunction>,
    bytes: Vec<u8>,
    signature: Signature,
}

impl RowUdf {
    fn try_new(function: Box<dyn RowFunction>) -> Result<Self> {
        let bytes = postcard::to_stdvec(function.as_ref()).map_err(|error| {
            DataFusionError::Internal(format!("function {} can't be written: {error}", function.name()))
        })?;
        Ok(Self { function, bytes, signature: Signature::variadic_any(Volatility::Immutable) })
    }
}

impl fmt::Debug for RowUdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(f)
    }
}

impl PartialEq for RowUdf {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for RowUdf {}

impl Hash for RowUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl ScalarUDFImpl for RowUdf {
    fn name(&self) -> &str {
        self.function.name()
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(String::from("a row function's type depends on its arguments' fields")))
    }
    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(self.function.output(arguments.arg_fields)?))
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(self.function.run(&arguments.args, arguments.number_rows)?))
    }
}

/// Writes `function` if it is one of ours.
pub(crate) fn encode(function: &ScalarUDF, bytes: &mut Vec<u8>) -> bool {
    let Some(ours) = (function.inner().as_ref() as &dyn Any).downcast_ref::<RowUdf>() else { return false };
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(&ours.bytes);
    true
}

/// Reads what [`encode`] wrote; `None` if it wrote nothing of the kind.
pub(crate) fn decode(bytes: &[u8]) -> Option<Result<Arc<ScalarUDF>>> {
    let body = bytes.strip_prefix(MARK)?;
    let function = postcard::from_bytes(body).map_err(|error| {
        DataFusionError::Internal(format!("a function can't be read: {error}; do all processes run the same version?"))
    });
    Some(function.and_then(|function| Ok(Arc::new(ScalarUDF::new_from_impl(RowUdf::try_new(function)?)))))
}

/// The names of all row functions in this program, as [`operator_names`](crate::codec::operator_names) gives those of
/// operators.
pub fn names() -> String {
    match serde_json::from_str::<Box<dyn RowFunction>>(r#"{"":null}"#) {
        Ok(function) => function.name().to_owned(),
        Err(error) => error.to_string(),
    }
}
