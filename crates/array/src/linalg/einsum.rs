//! Einstein's notation.

use crate::array::Array;
use crate::index::Index;
use phalanx_engine::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;

/// NumPy's `einsum`: `subscripts` such as `"ij,jk->ik"`, with `...` for axes that are broadcast, repeated labels for
/// diagonals, and without `->` the labels that occur once, in the order of the alphabet.
///
/// Operands are taken two by two, the pair with the smallest result first; each pair becomes one product of stacks of
/// matrices ([`Array::matmul`]), so that what is chunked stays chunked.
///
/// # Errors
/// (held by the array) `Input`: subscripts that can't be read or do not fit the operands.
///
/// ```
/// use phalanx_array::{Array, linalg::einsum};
/// use phalanx_engine::{LocalEngine, Settings};
/// let engine = LocalEngine::new(Settings::default())?;
/// let x = Array::arange(0, 6, 1, 2).reshape((2, 3));
/// assert_eq!(einsum("ij,kj->ik", &[&x, &x]).compute(&engine)?.values::<i64>().unwrap(), [5, 14, 14, 50]);
/// assert_eq!(einsum("ij->j", &[&x]).compute(&engine)?.values::<i64>().unwrap(), [3, 5, 7]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
pub fn einsum(subscripts: &str, operands: &[&Array]) -> Array {
    contracted(subscripts, operands).unwrap_or_else(Array::failed)
}

/// A label of an axis: a letter, or the n-th axis from the end of an ellipsis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Broadcast(usize),
    Letter(char),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Broadcast(at) => write!(f, "axis {} of `...`", -1 - at.cast_signed()),
            Label::Letter(letter) => write!(f, "'{letter}'"),
        }
    }
}

/// An operand with a label for each axis; no label occurs twice.
struct Term {
    array: Array,
    labels: Vec<Label>,
}

fn contracted(subscripts: &str, operands: &[&Array]) -> Result<Array> {
    let (inputs, output) = parse(subscripts, operands)?;
    let lengths = lengths(subscripts, &inputs, operands)?;
    if let Some(label) = output.iter().find(|label| !lengths.contains_key(label)) {
        let what = format!(
            "einstein sum subscripts string {subscripts:?} included output subscript {label} which never appeared in an \
             input"
        );
        return Err(Error::input(what).with_hint("use labels of the operands"));
    }
    let mut terms = operands
        .iter()
        .zip(inputs)
        .map(|(array, labels)| Term::new(array, labels, &lengths))
        .collect::<Result<Vec<_>>>()?;
    while terms.len() > 1 {
        let (a, b) = cheapest(&terms, &output, &lengths);
        let second = terms.remove(b);
        let first = terms.remove(a);
        let needed = |label: &Label| output.contains(label) || terms.iter().any(|term| term.labels.contains(label));
        let product = pair(first, second, &needed, &lengths)?;
        terms.insert(a, product);
    }
    let last = terms.pop().ok_or_else(|| Error::input("einsum of no operands").with_hint("give at least one"))?;
    let mut last = last.keeping(&|label| output.contains(label));
    // Labels of the output that only broadcast.
    for label in &output {
        if !last.labels.contains(label) {
            last.array = last.array.expand_dims(0);
            last.labels.insert(0, *label);
        }
    }
    let last = last.ordered(&output)?;
    let shape: Vec<usize> = output.iter().map(|label| lengths[label]).collect();
    Ok(if last.array.shape()? == shape { last.array } else { last.array.broadcast_to(shape) })
}

/// The labels of each operand's axes, and of the output's.
fn parse(subscripts: &str, operands: &[&Array]) -> Result<(Vec<Vec<Label>>, Vec<Label>)> {
    let refuse = |why: String| {
        Error::input(format!("einstein sum subscripts string {subscripts:?} {why}"))
            .with_hint("write letters for axes, as in \"ij,jk->ik\"")
    };
    let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (text.as_str(), None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != operands.len() {
        return Err(refuse(format!("has {} terms for {} operands", terms.len(), operands.len())));
    }
    // The letters before and behind the ellipsis, if there is one.
    let letters = |term: &str| -> Result<(Vec<Label>, Option<Vec<Label>>)> {
        let read = |part: &str| -> Result<Vec<Label>> {
            let letter = |c: char| match c.is_ascii_alphabetic() {
                true => Ok(Label::Letter(c)),
                false => Err(refuse(format!("has {c:?}, which is no letter"))),
            };
            part.chars().map(letter).collect()
        };
        match term.split_once("...") {
            None => Ok((read(term)?, None)),
            Some((before, behind)) => Ok((read(before)?, Some(read(behind)?))),
        }
    };
    let mut broadcast = 0;
    let mut inputs = vec![];
    for (number, (term, operand)) in terms.iter().zip(operands).enumerate() {
        let ndim = operand.ndim()?;
        let (mut labels, behind) = letters(term)?;
        let named = labels.len() + behind.as_ref().map_or(0, Vec::len);
        if named > ndim || (behind.is_none() && named < ndim) {
            let many = if named > ndim { "too many" } else { "not enough" };
            let why = format!("contains {many} subscripts for operand {number}: {term:?} for {ndim} axes");
            return Err(refuse(why));
        }
        if let Some(behind) = behind {
            broadcast = broadcast.max(ndim - named);
            labels.extend((0..ndim - named).rev().map(Label::Broadcast));
            labels.extend(behind);
        }
        inputs.push(labels);
    }
    let ellipsis: Vec<Label> = (0..broadcast).rev().map(Label::Broadcast).collect();
    let output = match right {
        Some(right) => {
            let (mut labels, behind) = letters(right)?;
            if let Some(behind) = behind {
                labels.extend(&ellipsis);
                labels.extend(behind);
            }
            if let Some(at) = (0..labels.len()).find(|&at| labels[..at].contains(&labels[at])) {
                return Err(refuse(format!("includes output subscript {} multiple times", labels[at])));
            }
            labels
        }
        None => {
            let mut counts: BTreeMap<Label, usize> = BTreeMap::new();
            inputs.iter().flatten().for_each(|label| *counts.entry(*label).or_default() += 1);
            let once = counts.iter().filter(|(label, count)| matches!(label, Label::Letter(_)) && **count == 1);
            ellipsis.into_iter().chain(once.map(|(label, _)| *label)).collect()
        }
    };
    Ok((inputs, output))
}

/// The length of each label; 1 gives way to any other.
fn lengths(subscripts: &str, inputs: &[Vec<Label>], operands: &[&Array]) -> Result<BTreeMap<Label, usize>> {
    let mut lengths = BTreeMap::new();
    for (labels, operand) in inputs.iter().zip(operands) {
        for (label, &length) in labels.iter().zip(operand.shape()?) {
            let known = lengths.entry(*label).or_insert(length);
            match (*known, length) {
                (1, _) => *known = length,
                (known, length) if known == length || length == 1 => {}
                (known, length) => {
                    let what = format!(
                        "operands could not be broadcast together: {label} of {subscripts:?} is {known} and {length}"
                    );
                    return Err(Error::input(what).with_hint("axes of one label have one length"));
                }
            }
        }
    }
    Ok(lengths)
}

impl Term {
    /// An operand with its diagonals taken.
    fn new(array: &Array, mut labels: Vec<Label>, lengths: &BTreeMap<Label, usize>) -> Result<Term> {
        let mut array = array.clone();
        while let Some((first, second)) = (0..labels.len())
            .find_map(|second| (0..second).find(|&first| labels[first] == labels[second]).map(|first| (first, second)))
        {
            let label = labels.remove(second);
            labels.remove(first);
            let (a, b) = (array.shape()?[first], array.shape()?[second]);
            if a != b {
                let both = lengths[&label];
                let mut shape = array.shape()?.to_vec();
                (shape[first], shape[second]) = (both, both);
                array = array.broadcast_to(shape);
            }
            array = array.diagonal(0, (first.cast_signed(), second.cast_signed()));
            labels.push(label);
        }
        // An axis of length 1 whose label is longer elsewhere broadcasts: without it, the label is the other's.
        let mut parts = vec![Index::from(..); labels.len()];
        let mut kept = vec![];
        for (at, label) in labels.iter().enumerate() {
            if array.shape()?[at] == 1 && lengths[label] != 1 {
                parts[at] = Index::At(0);
            } else {
                kept.push(*label);
            }
        }
        Ok(Term { array: array.slice(parts), labels: kept })
    }

    /// With the labels that are not needed summed away.
    fn keeping(self, needed: &dyn Fn(&Label) -> bool) -> Term {
        let axes: Vec<isize> =
            (0..self.labels.len()).filter(|&at| !needed(&self.labels[at])).map(usize::cast_signed).collect();
        if axes.is_empty() {
            return self;
        }
        let summed = self.array.sum(axes.as_slice());
        // einsum adds in the operands' type.
        let array = match self.array.dtype() {
            Ok(dtype) => summed.astype(dtype),
            Err(_) => summed,
        };
        Term { array, labels: self.labels.into_iter().filter(|label| needed(label)).collect() }
    }

    /// With its axes in the order of `labels`, which are its own.
    fn ordered(self, labels: &[Label]) -> Result<Term> {
        let place = |label: &Label| {
            let at = self.labels.iter().position(|own| own == label);
            at.map(usize::cast_signed).ok_or_else(|| Error::internal("einsum lost a label"))
        };
        let axes = labels.iter().map(place).collect::<Result<Vec<_>>>()?;
        let identity = axes.iter().copied().eq(0..axes.len().cast_signed());
        let array = if identity { self.array } else { self.array.transpose(&axes) };
        Ok(Term { array, labels: labels.to_vec() })
    }
}

/// The two terms whose product has the fewest elements, by their places.
fn cheapest(terms: &[Term], output: &[Label], lengths: &BTreeMap<Label, usize>) -> (usize, usize) {
    let mut best = (usize::MAX, (0, 1));
    for b in 1..terms.len() {
        for a in 0..b {
            let needed = |label: &Label| {
                let elsewhere =
                    terms.iter().enumerate().any(|(at, term)| at != a && at != b && term.labels.contains(label));
                elsewhere || output.contains(label)
            };
            let own = terms[a].labels.iter().chain(terms[b].labels.iter().filter(|l| !terms[a].labels.contains(l)));
            let size =
                own.filter(|label| needed(label)).fold(1usize, |size, label| size.saturating_mul(lengths[label]));
            if size < best.0 {
                best = (size, (a, b));
            }
        }
    }
    best.1
}

/// The product of two terms, with the labels that are needed behind it.
fn pair(a: Term, b: Term, needed: &dyn Fn(&Label) -> bool, lengths: &BTreeMap<Label, usize>) -> Result<Term> {
    let (labels_a, labels_b) = (a.labels.clone(), b.labels.clone());
    let a = a.keeping(&|label| needed(label) || labels_b.contains(label));
    let b = b.keeping(&|label| needed(label) || labels_a.contains(label));
    let shared = |label: &&Label| b.labels.contains(label);
    let stack: Vec<Label> = a.labels.iter().filter(shared).filter(|label| needed(label)).copied().collect();
    let inner: Vec<Label> = a.labels.iter().filter(shared).filter(|label| !needed(label)).copied().collect();
    let rows: Vec<Label> = a.labels.iter().filter(|label| !b.labels.contains(label)).copied().collect();
    let columns: Vec<Label> = b.labels.iter().filter(|label| !a.labels.contains(label)).copied().collect();
    let out = [stack.clone(), rows.clone(), columns.clone()].concat();
    let shape = |labels: &[Label]| -> Vec<usize> { labels.iter().map(|label| lengths[label]).collect() };
    let size = |labels: &[Label]| shape(labels).iter().product::<usize>();
    if inner.is_empty() {
        // Nothing is added: a product of elements.
        let left = a.ordered(&[stack.clone(), rows.clone()].concat())?;
        let right = b.ordered(&[stack.clone(), columns.clone()].concat())?;
        let left = left.array.reshape([shape(&stack), shape(&rows), vec![1; columns.len()]].concat());
        let right = right.array.reshape([shape(&stack), vec![1; rows.len()], shape(&columns)].concat());
        return Ok(Term { array: left * right, labels: out });
    }
    let left = a.ordered(&[stack.clone(), rows.clone(), inner.clone()].concat())?;
    let right = b.ordered(&[stack.clone(), inner.clone(), columns.clone()].concat())?;
    let left = left.array.reshape([shape(&stack), vec![size(&rows), size(&inner)]].concat());
    let right = right.array.reshape([shape(&stack), vec![size(&inner), size(&columns)]].concat());
    Ok(Term { array: left.matmul(&right).reshape(shape(&out)), labels: out })
}
