//! Errors: few kinds, chosen by what the reader must do next; typed across the wire.

use datafusion::error::DataFusionError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of everything fallible in Phalanx.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the reader of an error must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Change what was asked: an argument, a shape, a name.
    Input,
    /// Ask for what is there: a label or a name is not.
    Absent,
    /// Cast first: values of this type are not taken.
    Mismatch,
    /// Ask for it in another way: this is not supported.
    Unsupported,
    /// Look at the data: a file or a value is not what it should be.
    Data,
    /// There is no answer for these values: nothing can be solved, factored or inverted.
    Singular,
    /// Give more memory, disk or workers, or ask for less.
    Resources,
    /// Look at the cluster; a retry may help.
    Cluster,
    /// The job was cancelled by its owner.
    Cancelled,
    /// A function that the caller gave raised this: look at the function.
    Raised,
    /// Report a bug.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "invalid input",
            Self::Absent => "not there",
            Self::Mismatch => "types do not fit",
            Self::Unsupported => "not supported",
            Self::Data => "bad data",
            Self::Singular => "no solution",
            Self::Resources => "not enough resources",
            Self::Cluster => "cluster failure",
            Self::Cancelled => "cancelled",
            Self::Raised => "a function failed",
            Self::Internal => "internal error (please report it)",
        })
    }
}

/// Where in a job an error happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The stage of the job, counted as the engine counts.
    pub stage: usize,
    /// The first partition of the failing task.
    pub partition: usize,
    /// The worker that ran the task.
    pub worker: String,
}

/// Persisted data that is gone; the session can rebuild it from its lineage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The persisted handle.
    pub handle: String,
    /// The partition that can't be read.
    pub partition: usize,
}

/// What happened, to which object, with which numbers, and what to do next.
///
/// It is serialisable, so that a worker's error reaches the client with its kind, hint and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error(Box<Content>); // boxed: every `Result` carries its size

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    place: Option<Place>,
    lost: Option<Lost>,
    causes: Vec<String>,
    raised: Option<Raised>,
}

/// What a function of a host language raised, in a form that only its runtime reads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raised(Vec<u8>);

/// A larger payload stays behind: errors travel in small messages, and the error's own text says enough.
const RAISED_BYTES_MAX: usize = 1 << 20;

impl Serialize for Raised {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Raised {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not a string of hexadecimal bytes"))
    }
}

impl Error {
    /// An error of `kind` that says what happened.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Content { kind, message, hint: None, place: None, lost: None, causes: vec![], raised: None }))
    }
    /// The caller's input is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }
    /// A label or a name is asked for that is not there.
    pub fn absent(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Absent, message)
    }
    /// Values are of a type that is not taken; give a hint with what to cast.
    pub fn mismatch(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Mismatch, message)
    }
    /// What was asked is not supported; give a hint with what to do instead.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }
    /// The data is not what it should be.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }
    /// Too little memory, disk or workers.
    pub fn resources(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Resources, message)
    }
    /// The cluster failed; a retry may help.
    pub fn cluster(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Cluster, message)
    }
    /// A bug of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }
    /// A job that its owner cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the job was cancelled")
    }
    /// What a function of a host language raised: its text, and bytes from which its runtime makes it again. More than
    /// 1 MiB of these is left out.
    pub fn raised(message: impl Into<String>, payload: Vec<u8>) -> Self {
        let mut error = Self::new(ErrorKind::Raised, message);
        error.0.raised = (payload.len() <= RAISED_BYTES_MAX).then_some(Raised(payload));
        error
    }
    /// Persisted data that is gone.
    pub fn lost(handle: impl Into<String>, partition: usize, message: impl Into<String>) -> Self {
        let mut error = Self::cluster(message);
        error.0.lost = Some(Lost { handle: handle.into(), partition });
        error
    }
    /// Says what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }
    /// Says where it happened, if nothing closer to the cause has said it.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }
    /// Chains the cause, as text of each of its causes in turn.
    #[must_use]
    pub fn caused_by(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            let text = cause.to_string();
            // Wrappers repeat what they wrap.
            if !self.0.causes.iter().any(|known| known.contains(&text)) {
                self.0.causes.push(text);
            }
            next = cause.source();
        }
        self
    }
    /// What the reader must do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// What happened, without the kind and the hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// What to do next, if we know.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
    /// Where in a job it happened, if it happened in a task.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }
    /// The persisted partition whose loss this error is.
    pub fn lost_data(&self) -> Option<&Lost> {
        self.0.lost.as_ref()
    }
    /// The payload of [`Error::raised`].
    pub fn raised_payload(&self) -> Option<&[u8]> {
        self.0.raised.as_ref().map(|raised| raised.0.as_slice())
    }
    /// The causes, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// Packs the error into text that survives being wrapped in other messages.
    pub fn to_wire(&self) -> String {
        let body = serde_json::to_string(self).unwrap_or_else(|_| String::from("null"));
        format!("{WIRE_OPEN}{body}{WIRE_CLOSE}")
    }
    /// Unpacks the innermost error that [`Error::to_wire`] packed into `text`, if there is one.
    pub fn from_wire(text: &str) -> Option<Self> {
        let start = text.rfind(WIRE_OPEN)? + WIRE_OPEN.len();
        let end = start + text[start..].find(WIRE_CLOSE)?;
        serde_json::from_str(&text[start..end]).ok()
    }
}

/// Brackets of a packed error: control characters that no message of ours or others' contains.
const WIRE_OPEN: &str = "\u{2}phalanx-error:";
const WIRE_CLOSE: &str = "\u{3}";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind, self.0.message)?;
        if let Some(place) = &self.0.place {
            write!(f, " (stage {}, partition {}, worker {})", place.stage, place.partition, place.worker)?;
        }
        for cause in &self.0.causes {
            write!(f, "\n  because: {cause}")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        Self::from(&error)
    }
}

impl From<&DataFusionError> for Error {
    /// Finds our own error inside DataFusion's wrappers, else maps DataFusion's kind to ours.
    fn from(error: &DataFusionError) -> Self {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(cause) = next {
            if let Some(ours) = cause.downcast_ref::<Error>() {
                return ours.clone();
            }
            next = cause.source();
        }
        let text = error.to_string();
        if let Some(ours) = Error::from_wire(&text) {
            return ours;
        }
        let root = error.find_root();
        let kind = match root {
            DataFusionError::ParquetError(_)
            | DataFusionError::ArrowError(..)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::IoError(_) => ErrorKind::Data,
            DataFusionError::ResourcesExhausted(_) => ErrorKind::Resources,
            DataFusionError::NotImplemented(_) => ErrorKind::Unsupported,
            DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => ErrorKind::Input,
            _ => ErrorKind::Internal,
        };
        Error::new(kind, root.to_string())
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire_inside_foreign_text() {
        let error = Error::data("column \"x\" is missing").with_hint("name one of a, b").at(Place {
            stage: 2,
            partition: 5,
            worker: "w1".into(),
        });
        let text = format!("Job failed: Task failed: {}; and more", error.to_wire());
        assert_eq!(Error::from_wire(&text), Some(error));
        assert_eq!(Error::from_wire("plain text"), None);
    }

    #[test]
    fn what_a_function_raised_survives_the_wire_unless_it_is_too_large() {
        let payload: Vec<u8> = (0..=255).collect();
        let error = Error::raised("ValueError: no", payload.clone());
        let back = Error::from_wire(&format!("Task failed: {}", error.to_wire())).unwrap();
        assert_eq!((back.kind(), back.raised_payload()), (ErrorKind::Raised, Some(payload.as_slice())));
        assert_eq!(Error::raised("too large", vec![0; RAISED_BYTES_MAX + 1]).raised_payload(), None);
    }

    #[test]
    fn our_error_is_found_inside_wrappers_of_datafusion() {
        let error = Error::lost("h1", 3, "partition 3 of h1 is gone");
        let wrapped = DataFusionError::Context("while reading".into(), Box::new(error.clone().into()));
        assert_eq!(Error::from(wrapped), error);
    }

    #[test]
    fn the_place_closest_to_the_cause_wins() {
        let place = |stage| Place { stage, partition: 0, worker: "w".into() };
        assert_eq!(Error::internal("x").at(place(1)).at(place(2)).place(), Some(&place(1)));
    }
}
