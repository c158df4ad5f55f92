//! Aggregate functions of ours, which every process that runs a plan must know by name.

use datafusion::logical_expr::AggregateUDF;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Registers an aggregate function with the codec of every process that this crate is linked into:
///
/// ```ignore
/// phalanx_engine::function::register!(exact_sum);     // fn exact_sum() -> AggregateUDF
/// ```
#[derive(Debug)]
pub struct Registered(pub fn() -> AggregateUDF);

inventory::collect!(Registered);

#[doc(hidden)]
pub use inventory;

/// Registers `fn() -> AggregateUDF`; see [`Registered`].
#[macro_export]
macro_rules! register_aggregate {
    ($make:path) => {
        $crate::function::inventory::submit! { $crate::function::Registered($make) }
    };
}
pub use crate::register_aggregate as register;

static AGGREGATES: LazyLock<BTreeMap<String, Arc<AggregateUDF>>> = LazyLock::new(|| {
    inventory::iter::<Registered>
        .into_iter()
        .map(|registered| {
            let function = (registered.0)();
            (function.name().to_owned(), Arc::new(function))
        })
        .collect()
});

/// The registered aggregate function of this name.
pub fn aggregate(name: &str) -> Option<Arc<AggregateUDF>> {
    AGGREGATES.get(name).cloned()
}

/// All registered aggregate functions, by name.
pub fn aggregates() -> impl Iterator<Item = &'static Arc<AggregateUDF>> {
    AGGREGATES.values()
}
