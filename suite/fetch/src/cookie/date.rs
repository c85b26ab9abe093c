//! Cookie dates, as [RFC 6265 section 5.1.1](https://www.rfc-editor.org/rfc/rfc6265#section-5.1.1)
//! reads them: the parts in any order.

use alloc::vec::Vec;
use core::time::Duration;

const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The time since the Unix epoch; a date before it is the epoch itself.
pub(super) fn parse(value: &[u8]) -> Option<Duration> {
    let mut time = None;
    let (mut day, mut month, mut year) = (None, None, None);
    for token in value.split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(parsed) = clock(token)
        {
            time = Some(parsed);
        } else if day.is_none()
            && let Some(number) = number(token, 1, 2)
        {
            day = Some(number);
        } else if month.is_none()
            && let Some(number) = month_of(token)
        {
            month = Some(number);
        } else if year.is_none()
            && let Some(number) = number(token, 2, 4)
        {
            year = Some(match number {
                0..=69 => number + 2000,
                70..=99 => number + 1900,
                number => number,
            });
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let valid = (1..=31).contains(&day) && year >= 1601 && hour < 24 && minute < 60 && second < 60;
    if !valid {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

fn clock(token: &[u8]) -> Option<(i64, i64, i64)> {
    let parts: Vec<_> = token.split(|&byte| byte == b':').collect();
    let [hour, minute, second] = parts.as_slice() else { return None };
    Some((number(hour, 1, 2)?, number(minute, 1, 2)?, number(second, 1, 2)?))
}

/// The number that a token begins with, if it has that many digits.
fn number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    Some(token[..digits].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')))
}

fn month_of(token: &[u8]) -> Option<i64> {
    let start = token.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| *month == start)?;
    i64::try_from(place + 1).ok()
}

/// Days since the epoch of a day in the Gregorian calendar, whose year begins in March here.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::parse;

    #[test_case("Thu, 01 Jan 1970 00:00:10 GMT" => Some(10); "the form of HTTP")]
    #[test_case("Tuesday, 24-Nov-26 00:22:06 GMT" => Some(1_795_479_726); "the old form")]
    #[test_case("Nov 24 2026 0:22:06" => Some(1_795_479_726); "another order")]
    #[test_case("Thu, 29 Feb 2024 12:00:00 GMT" => Some(1_709_208_000); "a leap day")]
    #[test_case("Mon, 01 Jan 1900 00:00:00 GMT" => Some(0); "long past")]
    #[test_case("Sunday, 06-Nov-94 08:49:37 GMT" => Some(784_111_777); "two digits of the last century")]
    #[test_case("Thu, 01 Jan 1970 23:59:59 GMT" => Some(86_399); "the last second")]
    #[test_case("Thu, 01 Jan 1970 24:00:00 GMT" => None; "no such hour either")]
    #[test_case("Thu, 01 Jan 1970 00:60:00 GMT" => None; "no such minute")]
    #[test_case("Thu, 01 Jan 1970 00:00:60 GMT" => None; "no such second")]
    #[test_case("tomorrow" => None; "no date")]
    #[test_case("Thu, 01 Jan 1970 25:00:00 GMT" => None; "no such hour")]
    fn dates(text: &str) -> Option<u64> {
        parse(text.as_bytes()).map(|time| time.as_secs())
    }
}
