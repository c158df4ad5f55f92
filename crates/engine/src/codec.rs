//! Plans to bytes and back: our operators and functions first, then the engine's own codec.

use crate::operator::{Operator, OperatorExec};
use crate::{Error, caught, forged, function, scalar};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{
    AsExecutionPlan, DefaultPhysicalExtensionCodec, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::PhysicalPlanNode;
use std::sync::Arc;

/// Marks the bytes of an [`OperatorExec`]; the last byte is the version of the encoding.
const MARK: &[u8] = b"\xffPHX\x01";

/// Encodes [`OperatorExec`] with `typetag` and postcard, and passes everything else to `inner`.
#[derive(Debug)]
pub struct EngineCodec {
    inner: Arc<dyn PhysicalExtensionCodec>,
}

impl EngineCodec {
    /// Ours first, then `inner` (Ballista's, on a cluster).
    pub fn over(inner: Arc<dyn PhysicalExtensionCodec>) -> Self {
        Self { inner }
    }

    /// Writes `plan` as bytes that [`EngineCodec::decode`] reads.
    ///
    /// # Errors
    /// The plan holds a node that neither we nor the inner codec can write.
    pub fn encode(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
        let mut bytes = vec![];
        PhysicalPlanNode::try_from_physical_plan(plan, self)?.try_encode(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// The bytes are not a plan, or name an operator or function that this program does not have.
    pub fn decode(&self, bytes: &[u8], context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
        forged::check(bytes)?;
        // Arrow's reader of the batches and literals in a plan trusts their offsets, and panics on wrong ones.
        let decoded = caught::caught(|| PhysicalPlanNode::try_decode(bytes)?.try_into_physical_plan(context, self));
        decoded.unwrap_or_else(|panic| {
            Err(Error::input(format!("what should be a plan of {} bytes can't be read: {panic}", bytes.len())).into())
        })
    }
}

impl Default for EngineCodec {
    fn default() -> Self {
        Self::over(Arc::new(DefaultPhysicalExtensionCodec {}))
    }
}

impl PhysicalExtensionCodec for EngineCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(body) = bytes.strip_prefix(MARK) else {
            return self.inner.try_decode(bytes, inputs, context, converter);
        };
        let operator: Box<dyn Operator> = postcard::from_bytes(body).map_err(|error| {
            DataFusionError::Internal(format!(
                "an operator can't be read: {error}; do all processes run the same version?"
            ))
        })?;
        Ok(Arc::new(OperatorExec::try_new(operator.into(), inputs.to_vec())?))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(ours) = node.downcast_ref::<OperatorExec>() else {
            return self.inner.try_encode(node, bytes, converter);
        };
        bytes.extend_from_slice(MARK);
        let body = postcard::to_stdvec(ours.operator().as_ref()).map_err(|error| {
            DataFusionError::Internal(format!("operator {} can't be written: {error}", ours.operator().name()))
        })?;
        bytes.extend_from_slice(&body);
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        scalar::decode(bytes).unwrap_or_else(|| self.inner.try_decode_udf(name, bytes))
    }
    fn try_encode_udf(&self, node: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        match scalar::encode(node, bytes) {
            true => Ok(()),
            false => self.inner.try_encode_udf(node, bytes),
        }
    }
    fn try_decode_udaf(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        match function::aggregate(name) {
            Some(ours) => Ok(ours),
            None => self.inner.try_decode_udaf(name, bytes),
        }
    }
    fn try_encode_udaf(&self, node: &AggregateUDF, bytes: &mut Vec<u8>) -> Result<()> {
        match function::aggregate(node.name()) {
            Some(_) => Ok(()),
            None => self.inner.try_encode_udaf(node, bytes),
        }
    }
}

/// The names of all operators in this program: the handshake compares them, since a linker can drop some.
///
/// `typetag` keeps its registry private, but says what it expected when it is asked for what it does not have.
pub fn operator_names() -> String {
    match serde_json::from_str::<Box<dyn Operator>>(r#"{"":null}"#) {
        Ok(operator) => operator.name().to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A short hash of [`operator_names`] and of the registered functions, the same on every machine.
pub fn operator_hash() -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a
    let functions: String = function::aggregates().map(|function| format!(" {}", function.name())).collect();
    for byte in operator_names().bytes().chain(functions.bytes()).chain(scalar::names().bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
