//! Time stamps: UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ`.

use std::time::{Duration, SystemTime};

use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const FORM: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// The stamp of the epoch, which stands for times that are not known.
pub(in crate::standin) const EPOCH: &str = "1970-01-01T00:00:00Z";

/// The stamp of a time.
pub(in crate::standin) fn stamp(time: SystemTime) -> String {
    // no year has five digits that is a time of now
    OffsetDateTime::from(time).format(FORM).unwrap_or_else(|_| EPOCH.to_owned())
}

/// The time of a stamp; those of scripts have fractions of a second, too.
pub(in crate::standin) fn parse(stamp: &str) -> Option<SystemTime> {
    let ours = PrimitiveDateTime::parse(stamp, FORM).map(PrimitiveDateTime::assume_utc);
    ours.or_else(|_| OffsetDateTime::parse(stamp, &Rfc3339)).ok().map(SystemTime::from)
}

/// How long before `now` a stamp was; nothing if it is in the future or no stamp.
pub(in crate::standin) fn age(stamp: &str, now: SystemTime) -> Option<Duration> {
    now.duration_since(parse(stamp)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_come_and_go() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_735_787_045_900);
        assert_eq!(stamp(time), "2025-01-02T03:04:05Z");
        assert_eq!(age("2025-01-02T03:04:05Z", time), Some(Duration::from_millis(900)));
        assert_eq!(parse(EPOCH), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(parse("2025-01-02T03:04:05.900Z"), Some(time));
        assert_eq!((parse("on"), age("2025-01-02T03:04:06Z", time)), (None, None));
    }
}
