//! What was asked of XGBoost, checked as far as that can be done before anything runs.

use phalanx_engine::gang::Processors;
use phalanx_engine::{Error, Result};

/// XGBoost's parameters by its names, in order; a name may come again (`eval_metric`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Shares of rows or features that are drawn anew for each round, tree, level or node.
const SHARES: [&str; 4] = ["subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode"];

impl Parameters {
    /// Checks what can't work over ranks.
    ///
    /// # Errors
    /// `Unsupported`: linear boosters and the exact method, which XGBoost has for one process alone.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let parameters = Self(given.into_iter().collect());
        let refuse = |what: &str, hint: &str| Err(Error::unsupported(format!("{what} over ranks")).with_hint(hint));
        if parameters.get("booster") == Some("gblinear") {
            return refuse("booster='gblinear'", "train a linear model with phalanx.ml.linear_model instead");
        }
        if parameters.get("tree_method") == Some("exact") {
            return refuse("tree_method='exact'", "use 'hist' (the default) or 'approx'");
        }
        if parameters.get("updater").is_some_and(|updater| updater.contains("colmaker") || updater.contains("coord")) {
            return refuse("this updater", "leave it out: tree_method='hist' or 'approx' choose theirs");
        }
        if parameters.get("process_type") == Some("update") {
            return refuse("process_type='update'", "refresh the model in one process, with xgboost itself");
        }
        match parameters.get("device") {
            None | Some("cpu" | "sycl:cpu" | "cuda" | "gpu") => Ok(parameters),
            Some(device) => {
                refuse(&format!("device={device:?}"), "say device='cuda': each rank is given a GPU of its worker")
            }
        }
    }

    /// On what the trees are grown.
    pub fn processors(&self) -> Processors {
        match self.get("device") {
            Some("cuda" | "gpu") => Processors::Gpus,
            _ => Processors::Cores,
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> &[(String, String)] {
        &self.0
    }
    /// The last value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
    /// The seed of all random choices.
    pub fn seed(&self) -> i64 {
        let given = self.get("seed").or_else(|| self.get("random_state"));
        given.and_then(|seed| seed.parse().ok()).unwrap_or(0)
    }
    /// Whether rows or features are drawn at random.
    pub fn are_random(&self) -> bool {
        let is_less = |share: &str| share.parse::<f64>().is_ok_and(|share| share < 1.0);
        SHARES.iter().any(|name| self.get(name).is_some_and(is_less))
    }
    /// The method by which trees are grown.
    pub fn tree_method(&self) -> &str {
        self.get("tree_method").filter(|method| *method != "auto").unwrap_or("hist")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Parameters> {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn what_can_t_work_is_refused_with_a_way_round() {
        for pair in
            [("booster", "gblinear"), ("tree_method", "exact"), ("process_type", "update"), ("device", "cuda:1")]
        {
            let error = of(&[pair]).unwrap_err();
            assert!(error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn a_device_says_on_what_trees_are_grown() {
        for (device, processors) in [("cpu", Processors::Cores), ("cuda", Processors::Gpus), ("gpu", Processors::Gpus)]
        {
            assert_eq!(of(&[("device", device)]).unwrap().processors(), processors);
        }
        assert_eq!(of(&[]).unwrap().processors(), Processors::Cores);
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let parameters = of(&[("seed", "1"), ("subsample", "1"), ("seed", "7")]).unwrap();
        assert_eq!((parameters.seed(), parameters.are_random(), parameters.tree_method()), (7, false, "hist"));
        assert!(of(&[("colsample_bynode", "0.5")]).unwrap().are_random());
    }
}
