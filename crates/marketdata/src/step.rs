//! Steps of klines: how long a candle is, and where candles begin. Plain arithmetic on UTC times.

use openmart_model::Timestamp;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;

/// How long each candle of a series is.
///
/// Steps up to a day divide the day, so their candles begin at multiples of the step since
/// midnight UTC, which are multiples since 1970 too. Weeks begin on Monday, months on their first
/// day, both at midnight UTC. Time begins in 1970, in the middle of a week: the first week is cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// 1 minute.
    Minute,
    /// 3 minutes.
    Minutes3,
    /// 5 minutes.
    Minutes5,
    /// 15 minutes.
    Minutes15,
    /// 30 minutes.
    Minutes30,
    /// 45 minutes, of which a day has 32.
    Minutes45,
    /// 60 minutes.
    Hour,
    /// 120 minutes.
    Hours2,
    /// 180 minutes.
    Hours3,
    /// 240 minutes.
    Hours4,
    /// 1,440 minutes.
    Day,
    /// 10,080 minutes, from Monday.
    Week,
    /// A calendar month, however long; called 43,200 minutes.
    Month,
}

impl Step {
    /// Every step, shortest first.
    pub const ALL: [Self; 13] = [
        Self::Minute,
        Self::Minutes3,
        Self::Minutes5,
        Self::Minutes15,
        Self::Minutes30,
        Self::Minutes45,
        Self::Hour,
        Self::Hours2,
        Self::Hours3,
        Self::Hours4,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    /// The minutes it is called by: its length, but for the month.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Minute => 1,
            Self::Minutes3 => 3,
            Self::Minutes5 => 5,
            Self::Minutes15 => 15,
            Self::Minutes30 => 30,
            Self::Minutes45 => 45,
            Self::Hour => 60,
            Self::Hours2 => 120,
            Self::Hours3 => 180,
            Self::Hours4 => 240,
            Self::Day => 1_440,
            Self::Week => 10_080,
            Self::Month => 43_200,
        }
    }

    /// The step of that name, if there is one.
    pub fn from_minutes(minutes: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.minutes() == minutes)
    }

    /// Where the candle begins that a time lies in.
    pub fn open_time(self, time: Timestamp) -> Timestamp {
        let day = time.0 / DAY_MS;
        Timestamp(match self {
            // 1970 began on a Thursday, the fourth day of a week.
            Self::Week => day.saturating_sub((day + 3) % 7) * DAY_MS,
            Self::Month => (day - day_of_month(day)) * DAY_MS,
            _ => time.0 - time.0 % self.longest_ms(),
        })
    }

    /// Where the candle after the one of a time begins. Nothing at the end of all times.
    pub fn next_open_time(self, time: Timestamp) -> Option<Timestamp> {
        let open = self.open_time(time).0;
        // The longest candle from here ends in the next one at the latest, wherever that begins.
        open.checked_add(self.longest_ms()).map(|time| self.open_time(Timestamp(time)))
    }

    /// The first candle that begins at a time or later.
    pub(crate) fn first_open_time(self, from: Timestamp) -> Option<Timestamp> {
        let open = self.open_time(from);
        if open == from { Some(open) } else { self.next_open_time(open) }
    }

    fn longest_ms(self) -> u64 {
        match self {
            Self::Month => 31 * DAY_MS,
            _ => u64::from(self.minutes()) * MINUTE_MS,
        }
    }
}

/// Days from 0000-03-01 to 1970-01-01. Years that begin in March end with their leap day.
const DAYS_BEFORE_1970: u64 = 719_468;
const DAYS_OF_400_YEARS: u64 = 146_097;
const DAYS_OF_100_YEARS: u64 = 36_524;
const DAYS_OF_4_YEARS: u64 = 1_461;
const DAYS_OF_5_MONTHS: u64 = 153;

/// Which day of its month a day is, both counted from 0; day 0 is 1970-01-01.
fn day_of_month(day: u64) -> u64 {
    let day = (day + DAYS_BEFORE_1970) % DAYS_OF_400_YEARS;
    // The last century of four, and the last year of four, may have a day more than the others.
    let day = day - (day / DAYS_OF_100_YEARS).min(3) * DAYS_OF_100_YEARS;
    let day = day % DAYS_OF_4_YEARS;
    let day = day - (day / 365).min(3) * 365;
    // From March on lengths repeat: 31, 30, 31, 30, 31. The last stretch is cut by the year's end.
    let day = day % DAYS_OF_5_MONTHS;
    let day = day % 61;
    if day < 31 { day } else { day - 31 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every day of 800 years, counted with the rule that everybody knows.
    #[test]
    fn months_begin_where_the_calendar_says() {
        let (mut day, mut months) = (0, 0);
        for year in 1970..2770 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
                let (first, next) = (Timestamp(day * DAY_MS), Timestamp((day + length) * DAY_MS));
                for of_month in 0..length {
                    let time = Timestamp((day + of_month) * DAY_MS + 1);
                    assert_eq!(Step::Month.open_time(time), first, "day {of_month} of {year}");
                    assert_eq!(Step::Month.next_open_time(time), Some(next), "{year}");
                }
                (day, months) = (day + length, months + 1);
            }
        }
        assert_eq!(months, 9_600);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let open = |day: u64| Step::Week.open_time(Timestamp(day * DAY_MS + 5)).0 / DAY_MS;
        let next = |day: u64| Step::Week.next_open_time(Timestamp(day * DAY_MS)).unwrap().0;
        for day in 0..4 {
            assert_eq!((open(day), next(day)), (0, 4 * DAY_MS), "day {day}");
        }
        for day in 4..5_000 {
            let monday = 4 + (day - 4) / 7 * 7;
            assert_eq!((open(day), next(day)), (monday, (monday + 7) * DAY_MS), "day {day}");
        }
        // 2020-09-13 12:26:40 was a Sunday.
        let sunday = Timestamp(1_600_000_000_000);
        assert_eq!(Step::Week.open_time(sunday), Timestamp(1_599_436_800_000));
    }

    #[test]
    fn steps_of_a_day_divide_it_and_no_time_is_too_late() {
        for step in Step::ALL {
            assert_eq!(Step::from_minutes(step.minutes()), Some(step));
            if step <= Step::Day {
                let length_ms = u64::from(step.minutes()) * MINUTE_MS;
                assert_eq!(DAY_MS % length_ms, 0, "{step:?}");
                let time = Timestamp(1_600_000_012_345);
                assert_eq!(step.open_time(time).0, time.0 / length_ms * length_ms, "{step:?}");
            }
            let end = Timestamp(u64::MAX);
            assert!(step.open_time(end) < end, "{step:?}");
            assert_eq!(step.next_open_time(end), None, "{step:?}");
            assert_eq!(step.first_open_time(end), None, "{step:?}");
        }
        assert_eq!(Step::from_minutes(2), None);
    }
}
