//! Features with what belongs to them, and which rank gets which rows.

use crate::rows::{Categories, Rows};
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Engine, Error, GangInput, Result};
use phalanx_frame::Frame;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a `DMatrix` is made of, on workers.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The features.
    pub features: Rows,
    /// What is to be predicted: one number a row, or several.
    pub label: Option<Rows>,
    /// How much a row counts; with groups, how much a group does.
    pub weight: Option<Rows>,
    /// Where predictions begin: one number a row, or one for each output.
    pub base_margin: Option<Rows>,
    /// The lower end of labels that are known as ranges.
    pub lower: Option<Rows>,
    /// Their upper end.
    pub upper: Option<Rows>,
    /// Rows of each ranking group, one after the other.
    pub groups: Option<Vec<u32>>,
    /// What else is known of the features.
    pub about: About,
}

/// What is known of the features, and how they are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct About {
    /// Their names; none, or as many as there are.
    pub names: Vec<String>,
    /// Their types: `float`, `int`, `i`, `q` or `c`.
    pub types: Vec<String>,
    /// How likely each is to be drawn; none, or as many as there are.
    pub weights: Vec<f32>,
    /// The value that stands for a missing one, besides NaN.
    pub missing: Option<f32>,
    /// Only quantiles are kept, at most so many of each feature.
    pub quantiles: Option<usize>,
}

/// What a rank is told of a dataset: numbers are places among its inputs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layout {
    /// The features.
    pub features: usize,
    /// The others, by XGBoost's name of the field.
    pub fields: Vec<(String, usize)>,
    /// For each rank the rows of its groups; none without groups.
    pub groups: Vec<Vec<u32>>,
    /// What is known of the features.
    pub about: About,
    /// Numbers that all ranks together have of them.
    pub numbers: u64,
}

impl Layout {
    /// The places of all that the dataset is made of.
    pub fn inputs(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.features).chain(self.fields.iter().map(|(_, input)| *input))
    }
}

impl Dataset {
    /// Features alone.
    pub fn new(features: Rows) -> Self {
        let about = About::default();
        Self { features, label: None, weight: None, base_margin: None, lower: None, upper: None, groups: None, about }
    }

    /// A frame's columns `features`, and its column `label`, which are numbers, truth values, or categories whose texts
    /// `categories` lists. Names and types of the features go into the model.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or is no such. The engine's.
    pub async fn from_frame(
        engine: &dyn Engine,
        frame: &Frame,
        features: &[String],
        label: Option<&str>,
        categories: &Categories,
    ) -> Result<Self> {
        let mut dataset = Self::new(Rows::from_frame(engine, frame, features, categories).await?);
        if let Some(label) = label {
            let label = [label.to_owned()];
            dataset.label = Some(Rows::from_frame(engine, frame, &label, &Categories::default()).await?);
        }
        let schema = frame.schema();
        dataset.about.types = features
            .iter()
            .map(
                |name| Ok(type_of(schema.field_with_name(name)?.data_type(), categories.contains_key(name)).to_owned()),
            )
            .collect::<Result<_>>()?;
        dataset.about.names = features.to_vec();
        Ok(dataset)
    }

    /// Checks that everything has as many rows.
    ///
    /// # Errors
    /// `Input`: something has not.
    pub fn check(&self) -> Result<()> {
        let rows = self.features.count();
        let groups = self.groups.as_ref().map(|groups| groups.len() as u64);
        for (field, given) in self.fields() {
            let expected = if field == "weight" { groups.unwrap_or(rows) } else { rows };
            if given.count() != expected {
                let of = if field == "weight" && groups.is_some() { "groups" } else { "rows of features" };
                return Err(Error::input(format!("{} values of {field} for {expected} {of}", given.count()))
                    .with_hint("features, labels, weights and margins must have the same length"));
            }
        }
        let grouped = self.groups.iter().flatten().map(|rows| u64::from(*rows)).sum::<u64>();
        if self.groups.is_some() && grouped != rows {
            return Err(Error::input(format!("the groups have {grouped} rows, and the features {rows}")));
        }
        let width = self.features.width();
        let About { names, types, weights, .. } = &self.about;
        for (what, count) in [("names", names.len()), ("types", types.len()), ("feature weights", weights.len())] {
            if count != 0 && count != width {
                return Err(Error::input(format!("{count} {what} for {width} features")));
            }
        }
        Ok(())
    }

    fn fields(&self) -> Vec<(&'static str, &Rows)> {
        let all = [
            ("label", &self.label),
            ("weight", &self.weight),
            ("base_margin", &self.base_margin),
            ("label_lower_bound", &self.lower),
            ("label_upper_bound", &self.upper),
        ];
        all.into_iter().filter_map(|(field, rows)| Some((field, rows.as_ref()?))).collect()
    }

    /// How many of at most `ranks` ranks have rows: a rank without is left out.
    pub fn ranks(&self, ranks: usize) -> usize {
        let most = usize::try_from(self.features.count()).unwrap_or(usize::MAX).min(ranks);
        let all_have = |ranks: &usize| self.borders(*ranks).iter().all(|share| !share.is_empty());
        (1..=most).rev().find(all_have).unwrap_or(0)
    }

    /// The rows of each rank: as many for each, in order; whole groups, where there are groups.
    fn borders(&self, ranks: usize) -> Vec<Range<u64>> {
        let rows = self.features.count();
        let ends: Option<Vec<u64>> = self.groups.as_ref().map(|groups| {
            let mut end = 0;
            let mut ends = vec![];
            for rows in groups {
                end += u64::from(*rows);
                ends.push(end);
            }
            ends
        });
        let mut start = 0;
        (1..=ranks as u64)
            .map(|rank| {
                let even = (u128::from(rows) * u128::from(rank) / ranks as u128) as u64;
                let end = match &ends {
                    None => even,
                    Some(ends) => ends.get(ends.partition_point(|end| *end < even)).copied().unwrap_or(rows),
                };
                let share = start..end.max(start);
                start = share.end;
                share
            })
            .collect()
    }

    /// Adds what ranks are fed of this to `inputs`, and says where it is. Of rows that are not
    /// those to be trained on, a rank may have none.
    pub(crate) fn feed(&self, ranks: usize, inputs: &mut Vec<GangInput>) -> Layout {
        let shares = self.borders(ranks);
        let mut add = |rows: &Rows, shares: Vec<Range<u64>>| {
            inputs.push(GangInput { data: rows.data().clone(), shares });
            inputs.len() - 1
        };
        let features = add(&self.features, shares.clone());
        let groups = self.groups.as_ref().map(|groups| groups_of(groups, &shares)).unwrap_or_default();
        let fields = self.fields().into_iter().map(|(field, rows)| {
            let shares = if field == "weight" && self.groups.is_some() { counted(&groups) } else { shares.clone() };
            (field.to_owned(), add(rows, shares))
        });
        let fields = fields.collect();
        let numbers = self.features.count() * self.features.width() as u64;
        Layout { features, fields, groups, about: self.about.clone(), numbers }
    }
}

/// XGBoost's name of the type of a feature.
fn type_of(kind: &DataType, is_category: bool) -> &'static str {
    match kind {
        _ if is_category => "c",
        DataType::Boolean => "i",
        kind if kind.is_integer() => "int",
        _ => "float",
    }
}

/// The groups of each share.
fn groups_of(groups: &[u32], shares: &[Range<u64>]) -> Vec<Vec<u32>> {
    let mut rest = groups.iter().copied();
    let share = |share: &Range<u64>| {
        let mut taken = vec![];
        let mut rows = share.end - share.start;
        while rows > 0 {
            let Some(group) = rest.next() else { break };
            rows = rows.saturating_sub(u64::from(group));
            taken.push(group);
        }
        taken
    };
    shares.iter().map(share).collect()
}

/// The ranges of groups.
fn counted(groups: &[Vec<u32>]) -> Vec<Range<u64>> {
    let mut start = 0;
    groups
        .iter()
        .map(|groups| {
            let range = start..start + groups.len() as u64;
            start = range.end;
            range
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Rows, schema};
    use phalanx_engine::{Location, Persisted};

    fn dataset(rows: u64, groups: Option<Vec<u32>>) -> Dataset {
        let location = Location { rows, ..Location::default() };
        let data = Persisted::new("p".into(), schema(2), vec![location], None, Box::new(|_| {}));
        Dataset { groups, ..Dataset::new(Rows::of(data, 2)) }
    }

    #[test]
    fn rows_are_shared_evenly_and_nobody_has_none() {
        assert_eq!(dataset(7, None).borders(3), [0..2, 2..4, 4..7]);
        assert_eq!((dataset(2, None).ranks(5), dataset(0, None).ranks(2)), (2, 0));
    }

    #[test]
    fn groups_stay_whole() {
        let grouped = dataset(10, Some(vec![3, 3, 2, 2]));
        assert_eq!((grouped.ranks(2), grouped.borders(2)), (2, vec![0..6, 6..10]));
        assert_eq!(groups_of(&[3, 3, 2, 2], &[0..6, 6..10]), [vec![3, 3], vec![2, 2]]);
        assert_eq!(counted(&[vec![3, 3], vec![2, 2]]), [0..2, 2..4]);
        assert_eq!(dataset(10, Some(vec![10])).ranks(3), 1);
        assert_eq!(dataset(10, Some(vec![8, 1, 1])).ranks(3), 2);
        assert!(dataset(9, Some(vec![10])).check().is_err());
    }
}
