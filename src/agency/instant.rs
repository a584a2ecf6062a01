//! Times as logs and people write them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// Milliseconds since 1970 of a time such as `2026-11-28 11:43:12 UTC`, `2026-11-28T11:43:12.5+01:00` or
/// `2026-11-28`; without an offset it is UTC.
pub fn millis_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let bare =
        text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
    let bare = bare.replacen('T', " ", 1);
    let with_fraction =
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");
    let to_second = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let to_minute = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let day = format_description!("[year]-[month]-[day]");
    let at = OffsetDateTime::parse(&text.replacen(' ', "T", 1), &Rfc3339)
        .ok()
        .or_else(|| {
            let plain = |format| PrimitiveDateTime::parse(&bare, format).ok();
            plain(with_fraction)
                .or_else(|| plain(to_second))
                .or_else(|| plain(to_minute))
                .map(PrimitiveDateTime::assume_utc)
        })
        .or_else(|| Date::parse(&bare, day).ok().map(|day| day.midnight().assume_utc()))?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// A time in UTC, such as `2026-11-28 11:43:12.500`.
pub fn text_of(millis: i64) -> Option<String> {
    let format =
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()?;
    at.format(&format).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_and_people_write_them() {
        for (text, millis) in [
            ("1970-01-01 00:00:01 UTC", 1000),
            ("1970-01-01 00:00:01", 1000),
            ("1970-01-01T00:00:01Z", 1000),
            ("1970-01-01T01:00:01.250+01:00", 1250),
            ("1970-01-01 00:00:01.25", 1250),
            ("1970-01-01 00:01", 60_000),
            ("1970-01-02", 86_400_000),
            ("1969-12-31 23:59:59", -1000),
        ] {
            assert_eq!(millis_of(text), Some(millis), "{text}");
        }
        for text in ["", "soon", "17", "1970-13-01", "1970-01-01 25:00:00"] {
            assert_eq!(millis_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_in_utc_with_milliseconds() {
        assert_eq!(text_of(1250).as_deref(), Some("1970-01-01 00:00:01.250"));
        assert_eq!(text_of(i64::MAX), None);
    }
}
