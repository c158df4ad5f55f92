//! The codec that scheduler, workers and clients share: our operators over Ballista's own nodes.

use ballista_core::serde::{BallistaCodec, BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use phalanx_engine::EngineCodec;
use std::sync::Arc;

/// Our operators over Ballista's nodes.
pub fn engine() -> EngineCodec {
    EngineCodec::over(Arc::new(BallistaPhysicalExtensionCodec::default()))
}

/// The same, as Ballista takes it.
pub fn ballista() -> BallistaCodec<LogicalPlanNode, PhysicalPlanNode> {
    let physical: Arc<dyn PhysicalExtensionCodec> = Arc::new(engine());
    BallistaCodec::new(Arc::new(BallistaLogicalExtensionCodec::default()), physical)
}
