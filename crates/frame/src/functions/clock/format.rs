//! Times as text.

use super::times::Times;
use chrono::TimeZone;
use chrono::format::{Item, StrftimeItems};
use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::error::{DataFusionError, Result};
use phalanx_engine::Error;
use std::fmt::Write;
use std::sync::Arc;

impl Times {
    /// `strftime`, by Python's directives.
    pub(super) fn formatted(&self, format: &str) -> Result<ArrayRef> {
        self.text(&directives(format)?)
    }

    /// What the clock shows, by chrono's directives.
    pub(super) fn text(&self, format: &str) -> Result<ArrayRef> {
        let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
        let mut output = StringBuilder::new();
        let mut text = String::new();
        for ticks in &self.ticks {
            let Some(utc) = ticks.and_then(|ticks| self.moment(ticks)) else {
                output.append_null();
                continue;
            };
            text.clear();
            let written = match &self.zone {
                None => write!(text, "{}", utc.format_with_items(items.iter())),
                Some(zone) => write!(text, "{}", zone.from_utc_datetime(&utc).format_with_items(items.iter())),
            };
            written.map_err(|_| {
                DataFusionError::from(
                    Error::unsupported(format!("the format {format:?}"))
                        .with_hint("a directive is not known, or needs a zone that the column has not"),
                )
            })?;
            output.append_value(&text);
        }
        Ok(Arc::new(output.finish()))
    }
}

/// Python's directives as chrono writes them.
fn directives(format: &str) -> Result<String> {
    let mut output = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            output.push(c);
            continue;
        }
        match characters.next() {
            Some('f') => output.push_str("%6f"),
            Some('Z') => output.push_str("%Z"),
            Some(known) if "aAwdbBmyYHIpMSzjUWcxXGuV%-eDFTRnts".contains(known) => {
                output.push('%');
                output.push(known);
            }
            other => {
                return Err(Error::unsupported(format!("the directive %{} in {format:?}", other.unwrap_or(' ')))
                    .with_hint("Python's documented directives of strftime are supported")
                    .into());
            }
        }
    }
    Ok(output)
}
