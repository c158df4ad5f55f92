//! The operators of array plans.

mod assembly;
pub(crate) mod cut;
pub(crate) mod evaluate;

pub(crate) use cut::{Cut, Cuts};
pub(crate) use evaluate::{Evaluate, Given};
