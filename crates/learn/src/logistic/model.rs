//! A fitted model: coefficients, probabilities, its file.

use super::{LogisticRegression, Penalty};
use crate::linear::decisions;
use crate::matrix::Matrix;
use crate::metrics;
use crate::rows::Layout;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Engine, Error, Operator, Plan, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::path::Path;
use std::sync::Arc;

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Whether the gradient came below the tolerance.
    pub converged: bool,
    /// Newton steps.
    pub iterations: u64,
    /// Passes over the rows: one for each step, one before the first, and one for each step that was halved.
    pub passes: u64,
    /// The largest component of the gradient, for a row of weight 1: what is compared with the tolerance.
    pub gradient: f64,
    /// The mean log loss of the rows, without the penalty.
    pub loss: f64,
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticModel {
    names: Vec<String>,
    coefficients: Vec<f64>,
    intercept: f64,
    penalty: Penalty,
    fit_intercept: bool,
    convergence: Convergence,
}

impl LogisticModel {
    /// `point`: the intercept, then the coefficients.
    pub(super) fn new(
        names: Vec<String>,
        point: &[f64],
        parameters: &LogisticRegression,
        convergence: Convergence,
    ) -> Self {
        Self {
            names,
            coefficients: point[1..].to_vec(),
            intercept: point[0],
            penalty: parameters.penalty,
            fit_intercept: parameters.fit_intercept,
            convergence,
        }
    }
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// By feature, what one more of it adds to the logarithm of the odds.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }
    /// Each feature's name and coefficient, in order.
    pub fn named_coefficients(&self) -> impl Iterator<Item = (&str, f64)> {
        self.names.iter().map(String::as_str).zip(self.coefficients.iter().copied())
    }
    /// The logarithm of the odds where all features are 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }
    /// What kept the coefficients small.
    pub fn penalty(&self) -> Penalty {
        self.penalty
    }
    /// Whether there is an intercept; it is 0 otherwise.
    pub fn has_intercept(&self) -> bool {
        self.fit_intercept
    }
    /// How the fit ended.
    pub fn convergence(&self) -> &Convergence {
        &self.convergence
    }
    /// Writes the bits of intercept and coefficients to `write`, for a hash of the model.
    pub fn digest(&self, mut write: impl FnMut(&[u8])) {
        for value in std::iter::once(&self.intercept).chain(&self.coefficients) {
            write(&value.to_le_bytes());
        }
    }

    /// The probability of class 1 of each row, as column `probability`, in the order of the rows, followed by their
    /// `target` if they have one; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn predict_proba(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.predict(data.as_ref(), Output::Probability)
    }

    /// The logarithm of the odds of class 1 of each row, as column `decision`; else as
    /// [`predict_proba`](LogisticModel::predict_proba). It is above 0 where class 1 is the likelier.
    ///
    /// # Errors
    /// As [`predict_proba`](LogisticModel::predict_proba).
    pub fn decision_function(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.predict(data.as_ref(), Output::Decision)
    }

    /// The share of rows whose likelier class is their target: their accuracy.
    ///
    /// # Errors
    /// As [`metrics::evaluate`], but that one class is enough.
    pub fn score(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<f64> {
        Ok(metrics::losses(engine, self, data.as_ref())?.accuracy())
    }

    fn predict(&self, matrix: &Matrix, output: Output) -> Result<Plan> {
        matrix.need_features("the model", &self.names)?;
        let operator = Predict {
            layout: matrix.layout(),
            coefficients: self.coefficients.clone(),
            intercept: self.intercept,
            output,
        };
        let rows = matrix.plan();
        let root = plan::operator(operator, vec![Arc::clone(rows.root())])?;
        Ok(Plan::new("predict", root).reading(rows.inputs().iter().cloned()).projecting(rows.task_bytes()))
    }

    /// The model as JSON: names, coefficients, intercept, penalty, and how the fit ended. Numbers have as many digits
    /// as tell them apart, so that reading gives the same bits.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn to_json(&self) -> Result<String> {
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            features: self.names.clone(),
            coefficients: self.coefficients.iter().map(|value| Exact(*value)).collect(),
            intercept: Exact(self.intercept),
            penalty: match self.penalty {
                Penalty::None => FilePenalty::None,
                Penalty::L2 { c } => FilePenalty::L2 { c: Exact(c) },
            },
            fit_intercept: self.fit_intercept,
            convergence: FileConvergence {
                converged: self.convergence.converged,
                iterations: self.convergence.iterations,
                passes: self.convergence.passes,
                gradient: Exact(self.convergence.gradient),
                loss: Exact(self.convergence.loss),
            },
        };
        serde_json::to_string_pretty(&file)
            .map_err(|error| Error::internal("a model can't be written").caused_by(&error))
    }

    /// The model of [`to_json`](LogisticModel::to_json).
    ///
    /// # Errors
    /// `Data`: the text is no such model. `Unsupported`: a later version of Phalanx wrote it.
    pub fn from_json(text: &str) -> Result<Self> {
        let bad = |what: &str| {
            Error::data(format!("this is no logistic regression: {what}"))
                .with_hint("read what LogisticModel::save has written")
        };
        let head: Head =
            serde_json::from_str(text).map_err(|error| bad("it has no format and version").caused_by(&error))?;
        if head.format != FORMAT {
            return Err(bad(&format!("its format is {:?}, not {FORMAT:?}", head.format)));
        }
        if head.version > VERSION {
            return Err(Error::unsupported(format!("a model of version {}; this reads up to {VERSION}", head.version))
                .with_hint("read it with the Phalanx that wrote it, or a later one"));
        }
        let file: File = serde_json::from_str(text).map_err(|error| bad("a field is wrong").caused_by(&error))?;
        if file.features.is_empty() || file.features.len() != file.coefficients.len() {
            let (features, coefficients) = (file.features.len(), file.coefficients.len());
            return Err(bad(&format!("it has {features} features and {coefficients} coefficients")));
        }
        Ok(Self {
            names: file.features,
            coefficients: file.coefficients.into_iter().map(|Exact(value)| value).collect(),
            intercept: file.intercept.0,
            penalty: match file.penalty {
                FilePenalty::None => Penalty::None,
                FilePenalty::L2 { c: Exact(c) } => Penalty::L2 { c },
            },
            fit_intercept: file.fit_intercept,
            convergence: Convergence {
                converged: file.convergence.converged,
                iterations: file.convergence.iterations,
                passes: file.convergence.passes,
                gradient: file.convergence.gradient.0,
                loss: file.convergence.loss.0,
            },
        })
    }

    /// Writes [`to_json`](LogisticModel::to_json) to a file of this machine.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        std::fs::write(path, self.to_json()?).map_err(|error| {
            Error::resources(format!("{} can't be written", path.display()))
                .caused_by(&error)
                .with_hint("name a file in a folder that you may write to")
        })
    }

    /// Reads the file of [`save`](LogisticModel::save).
    ///
    /// # Errors
    /// `Data`: it can't be read; else as [`from_json`](LogisticModel::from_json).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::data(format!("{} can't be read", path.display())).caused_by(&error))?;
        Self::from_json(&text)
    }
}

const FORMAT: &str = "phalanx-logistic-regression";
const VERSION: u32 = 1;

/// What every version of the file has.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    features: Vec<String>,
    coefficients: Vec<Exact>,
    intercept: Exact,
    penalty: FilePenalty,
    fit_intercept: bool,
    convergence: FileConvergence,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FilePenalty {
    None,
    L2 { c: Exact },
}

#[derive(Serialize, Deserialize)]
struct FileConvergence {
    converged: bool,
    iterations: u64,
    passes: u64,
    gradient: Exact,
    loss: Exact,
}

/// A finite number that is read as the nearest float. serde_json's own reading may be off by one bit.
#[derive(Serialize)]
struct Exact(f64);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        match text.get().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Self(value)),
            _ => Err(serde::de::Error::custom(format!("{} is no number", text.get()))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Output {
    Probability,
    Decision,
}

/// Each row's prediction, and its target.
#[derive(Debug, Serialize, Deserialize)]
struct Predict {
    layout: Layout,
    coefficients: Vec<f64>,
    intercept: f64,
    output: Output,
}

#[typetag::serde(name = "logistic_predict")]
impl Operator for Predict {
    fn name(&self) -> &'static str {
        "predict"
    }
    fn schema(&self) -> SchemaRef {
        let name = match self.output {
            Output::Probability => "probability",
            Output::Decision => "decision",
        };
        let mut fields = vec![Field::new(name, DataType::Float64, false)];
        fields.extend(self.layout.target.then(|| Field::new("target", DataType::Float64, false)));
        Arc::new(Schema::new(fields))
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, intercept, output, schema) = (self.layout, self.intercept, self.output, self.schema());
        let coefficients = self.coefficients.clone();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let rows = layout.view(&batch)?;
            let mut predictions = vec![0.0; rows.count()];
            decisions(rows.features(), &coefficients, intercept, &mut predictions);
            if output == Output::Probability {
                predictions.iter_mut().for_each(|value| *value = 1.0 / (1.0 + libm::exp(-*value)));
            }
            let mut columns: Vec<ArrayRef> = vec![Arc::new(Float64Array::from(predictions))];
            columns.extend(layout.target.then(|| Arc::clone(batch.column(1))));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> LogisticModel {
        LogisticModel {
            names: vec![String::from("x"), String::from("carrier_\"AA\"")],
            coefficients: vec![0.1 + 0.2, -5e-324],
            intercept: 1.0 / 3.0,
            penalty: Penalty::L2 { c: 0.5 },
            fit_intercept: true,
            convergence: Convergence { converged: true, iterations: 4, passes: 5, gradient: 1e-12, loss: 0.25 },
        }
    }

    #[test]
    fn a_model_survives_its_file_bit_by_bit() {
        let read = LogisticModel::from_json(&model().to_json().unwrap()).unwrap();
        assert_eq!(read, model());
        let mut value = 0.123_456_789;
        for _ in 0..2000 {
            value = f64::sin(value * 1e5) * 1e3;
            let text = serde_json::to_string(&Exact(value)).unwrap();
            assert_eq!(serde_json::from_str::<Exact>(&text).unwrap().0.to_bits(), value.to_bits(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        let text = model().to_json().unwrap();
        let version = text.replace("\"version\": 1", "\"version\": 2");
        assert!(LogisticModel::from_json(&version).unwrap_err().message().contains("version 2"));
        for bad in ["", "{}", &text[..text.len() / 2], &text.replace("-5e-324", "null"), &text.replace("phalanx-", "")]
        {
            let error = LogisticModel::from_json(bad).unwrap_err();
            assert_eq!(error.kind(), phalanx_engine::ErrorKind::Data, "{bad}");
        }
    }
}
