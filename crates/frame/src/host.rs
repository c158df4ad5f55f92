//! Functions of a host language over frames: of partitions, of partitions with the rows around them, of groups.
//!
//! They run in this process, and on workers that were started to run functions of their clients.

use crate::error::need_column;
use crate::lower::halo::Reach;
use crate::lower::host::{Call, OfGroups, OfHalos, OfPartitions};
use crate::relation::relate;
use crate::{Frame, GroupBy};
use datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::Result;
use phalanx_engine::host::HostFunction;

/// Which rows of its neighbours a function of a partition is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// So many before and after.
    Rows(usize, usize),
    /// Those of the index's time within so many nanoseconds before and after, and perhaps more.
    Time(i64, i64),
}

impl Frame {
    /// The rows of `schema` that `function` returns, which is called once for each partition with all its rows, and with
    /// those of the same partition of each of `others`. `row_by_row` promises a row for each row of this frame, in
    /// their order: the result's columns can then stand beside this frame's.
    ///
    /// # Errors
    /// `Input`: a frame has another number of partitions. When it is computed, whatever the function raises.
    pub fn map_partitions(
        &self,
        function: HostFunction,
        others: &[&Self],
        schema: SchemaRef,
        row_by_row: bool,
    ) -> Result<Self> {
        let label = function.label.clone();
        let inputs = std::iter::once(self).chain(others.iter().copied()).map(|frame| frame.logical().clone()).collect();
        let plan = relate(OfPartitions { call: Call { function, schema }, row_by_row }, inputs)?;
        Ok(self.over_all(others, plan, None, &label))
    }

    /// The same with rows of neighbouring partitions: the function is given three tables, the rows before, those of
    /// the partition and those after. It is not called for partitions without rows.
    ///
    /// # Errors
    /// `Input`: the reach is in time, and there is no index of times. Else as [`Frame::map_partitions`].
    pub fn map_overlap(
        &self,
        function: HostFunction,
        around: Around,
        schema: SchemaRef,
        row_by_row: bool,
    ) -> Result<Self> {
        let label = function.label.clone();
        let (reach, time) = match around {
            Around::Rows(before, after) => (Reach::Rows(before, after), None),
            Around::Time(before, after) => (Reach::Time(before, after), Some(self.time_index()?)),
        };
        let relation = OfHalos { call: Call { function, schema }, reach, time, row_by_row };
        let plan = relate(relation, vec![self.logical().clone()])?;
        Ok(self.over_all(&[], plan, None, &label))
    }
}

impl GroupBy {
    /// The rows of `schema` that `function` returns for batches of whole groups: one for each row, which go back to
    /// their rows' places. The function is given the frame's columns and a column `__group` of numbers; −1 stands for
    /// rows with a missing key, unless groups keep them.
    ///
    /// # Errors
    /// `Input`: there is no such key. When it is computed, whatever the function raises.
    pub fn map_groups(&self, function: HostFunction, schema: SchemaRef) -> Result<Frame> {
        let label = function.label.clone();
        self.keys.iter().try_for_each(|key| need_column(&self.frame.schema(), key).map(drop))?;
        let relation = OfGroups { call: Call { function, schema }, keys: self.keys.clone(), dropna: self.dropna };
        let plan = relate(relation, vec![self.frame.logical().clone()])?;
        Ok(self.frame.over_all(&[], plan, None, &label))
    }
}
