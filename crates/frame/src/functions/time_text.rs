//! Times out of text, as pandas reads them: in a format of `strptime`, or beginning with the year.

use chrono::format::{Parsed, StrftimeItems};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

/// A time in a format; what the format does not have is that of the first of January 1900, at midnight, as in pandas.
pub fn parsed(text: &str, format: &str) -> Option<NaiveDateTime> {
    let aware = || chrono::DateTime::parse_from_str(text, format).ok().map(|time| time.naive_utc());
    if format.contains("%y") {
        return completed(text, format);
    }
    NaiveDateTime::parse_from_str(text, format).ok().or_else(aware).or_else(|| completed(text, format))
}

fn completed(text: &str, format: &str) -> Option<NaiveDateTime> {
    let mut read = Parsed::new();
    chrono::format::parse(&mut read, text, StrftimeItems::new(format)).ok()?;
    let has_year = read.year().or(read.year_mod_100()).or(read.isoyear()).or(read.isoyear_mod_100()).is_some();
    if !has_year && read.timestamp().is_none() {
        read.set_year(1900).ok()?;
    }
    // Of two digits POSIX begins the 1900s with 69, chrono with 70.
    if read.year_mod_100() == Some(69) && read.year().is_none() && read.year_div_100().is_none() {
        read.set_year_div_100(19).ok()?;
    }
    // Days come by month and day, by their number in the year, or by week and weekday.
    let of_year = read.ordinal().or(read.isoweek()).or(read.week_from_sun()).or(read.week_from_mon()).is_some();
    if !of_year && read.timestamp().is_none() {
        if read.month().is_none() {
            read.set_month(1).ok()?;
        }
        if read.day().is_none() {
            read.set_day(1).ok()?;
        }
    }
    if read.hour_mod_12().is_none() && read.hour_div_12().is_none() {
        read.set_hour(0).ok()?;
    }
    if read.minute().is_none() {
        read.set_minute(0).ok()?;
    }
    let offset = read.offset().unwrap_or(0);
    read.to_naive_datetime_with_offset(offset).ok()?.checked_sub_signed(TimeDelta::seconds(offset.into()))
}

/// A time that begins with its year in a form that is not quite ISO 8601: `2013-2-7`, `2013/02/07 5:30`, `2013-02`,
/// `20130207`.
pub fn by_year(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    // A year has four digits, or `%Y` would take numbers of any length for one.
    let date = match date.bytes().take_while(u8::is_ascii_digit).count() {
        8 => parsed_date(date)?,
        4 => ["%Y-%m-%d", "%Y/%m/%d", "%Y-%m", "%Y/%m", "%Y"].iter().find_map(|format| parsed(date, format))?,
        _ => return None,
    };
    let Some(time) = time else { return Some(date) };
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(time, format).ok())?;
    Some(date.date().and_time(time))
}

/// A date of eight digits.
fn parsed_date(text: &str) -> Option<NaiveDateTime> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    if text.len() != 8 {
        return None;
    }
    let year = i32::try_from(part(0..4)?).ok()?;
    chrono::NaiveDate::from_ymd_opt(year, part(4..6)?, part(6..8)?).map(NaiveDateTime::from)
}

#[cfg(test)]
mod tests {
    use super::{by_year, parsed};

    #[test]
    fn what_a_format_lacks_is_pandas_default() {
        // pandas 3: pd.to_datetime(text, format=format).
        for (text, format, expected) in [
            ("2013-02", "%Y-%m", "2013-02-01 00:00:00"),
            ("2013", "%Y", "2013-01-01 00:00:00"),
            ("10:30", "%H:%M", "1900-01-01 10:30:00"),
            ("2013-02-27 10", "%Y-%m-%d %H", "2013-02-27 10:00:00"),
            ("2013-2-7", "%Y-%m-%d", "2013-02-07 00:00:00"),
            ("Mar 2013", "%b %Y", "2013-03-01 00:00:00"),
            ("69-01-31", "%y-%m-%d", "1969-01-31 00:00:00"),
            ("68-01-31", "%y-%m-%d", "2068-01-31 00:00:00"),
            ("13-02-01 10:00 +0200", "%y-%m-%d %H:%M %z", "2013-02-01 08:00:00"),
            ("2013 060", "%Y %j", "2013-03-01 00:00:00"),
        ] {
            assert_eq!(parsed(text, format).map(|time| time.to_string()).as_deref(), Some(expected), "{text} {format}");
        }
        assert_eq!(parsed("2013-13", "%Y-%m"), None);
        assert_eq!(parsed("2013-02-30", "%Y-%m-%d"), None);
        assert_eq!(parsed("2013-02 x", "%Y-%m"), None);
    }

    #[test]
    fn years_come_first() {
        for (text, expected) in [
            ("2013-2-7", "2013-02-07 00:00:00"),
            ("2013/02/27", "2013-02-27 00:00:00"),
            ("2013/2/7 5:30", "2013-02-07 05:30:00"),
            ("2013-2-7T05:30:01.5", "2013-02-07 05:30:01.500"),
            ("2013-02", "2013-02-01 00:00:00"),
            ("20130227", "2013-02-27 00:00:00"),
            ("20130227 10:00", "2013-02-27 10:00:00"),
        ] {
            assert_eq!(by_year(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["02/27/2013", "27.2.2013", "Delta", "", "12345", "2013-2-30", "201302271", "2013-2-7 25:00"] {
            assert_eq!(by_year(text), None, "{text}");
        }
    }
}
