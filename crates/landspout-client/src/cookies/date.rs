//! The dates of cookies, which are written in many ways (RFC 6265bis §5.1.1).

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a date as seconds since 1970; what is before counts as 0. `None` if it is no date.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = hms(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = leading_number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = leading_number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let (hour, minute, second) = time?;
    let (day, month) = (day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let has_time = hour <= 23 && minute <= 59 && second <= 59;
    if !has_time || year < 1601 || day == 0 || day > days_in(month, year) {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(u64::try_from(days_since_1970(year, month, day) * 86_400 + seconds).unwrap_or(0))
}

fn is_delimiter(character: char) -> bool {
    matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `1:2:3`, and something after it that is no digit.
fn hms(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let whole = |part: &str| {
        let number = leading_number(part, 1, 2)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
    };
    let (hour, minute) = (whole(parts.next()?)?, whole(parts.next()?)?);
    Some((hour, minute, leading_number(parts.next()?, 1, 2)?))
}

/// The number that a token begins with, if it has so many digits.
fn leading_number(token: &str, min: usize, max: usize) -> Option<u32> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    if digits < min || digits > max { None } else { token[..digits].parse().ok() }
}

/// From 1 to 12.
fn month_of(token: &str) -> Option<u32> {
    let name = token.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == name)?;
    u32::try_from(index + 1).ok()
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that begin in March, so that the day that leap years have is the last.
fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // 719 468 days lie between the first of March of the year 0 and that of January 1970.
    i64::from(year) * 365 + i64::from(leap_days) + i64::from(day_of_year) - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_read_however_they_are_written() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("6 november 1994 8:49:37pm", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Fri, 01 Jan 1960 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2028 00:00:00 GMT", Some(1_835_395_200)),
            ("Mon, 29 Feb 2027 00:00:00 GMT", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Sun, 06 Nov 1600 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 08:49:37 GMT", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(parse(text), seconds, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_agrees_with_the_dates_of_http(seconds in 0..253_402_300_799_u64) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            proptest::prop_assert_eq!(parse(&httpdate::fmt_http_date(time)), Some(seconds));
        }

        #[test]
        fn no_text_makes_it_panic(text: String, other in "[0-9:a-zäJ ,-]{0,40}") {
            parse(&text);
            parse(&other);
        }
    }
}
