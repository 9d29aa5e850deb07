#include <string.h>

#include "json/schema_private.h"

/* Dates, times and durations: RFC 3339 */

enum {
	MONTHS = 12, FEBRUARY = 2,
	HOUR_LAST = 23, MINUTE_LAST = 59, SECOND_LAST = 59, HOUR = 60, DAY = 24 * 60,
	DATE_LENGTH = 10,	/* 2026-03-03 */
	CLOCK_LENGTH = 8,	/* 19:26:37 */
	ZONE_LENGTH = 6		/* +01:00 */
};

static int
days_of(int year, int month)
{
	static const int days[MONTHS + 1] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month] + (leap && month == FEBRUARY ? 1 : 0);
}

/* RFC 3339 full-date */
bool
format_date(const char *s, size_t n)
{
	int month, day;

	if (!bytes_shaped(s, n, "9999-99-99"))
		return false;
	month = digits_value(s + sizeof "9999-" - 1, 2);
	day = digits_value(s + sizeof "9999-99-" - 1, 2);
	return month >= 1 && month <= MONTHS && day >= 1 &&
	    day <= days_of(digits_value(s, 4), month);
}

/* Z or +hh:mm; *MINUTES gets what it is ahead of UTC. */
static bool
zone_fits(const char *s, size_t n, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (n == 1)
		return byte_in(*s, "Zz");
	if (n != ZONE_LENGTH || !byte_in(*s, "+-") || !bytes_shaped(s + 1, n - 1, "99:99"))
		return false;
	hour = digits_value(s + 1, 2);
	minute = digits_value(s + sizeof "+99:" - 1, 2);
	*minutes = (hour * HOUR + minute) * (*s == '-' ? -1 : 1);
	return hour <= HOUR_LAST && minute <= MINUTE_LAST;
}

/* RFC 3339 full-time; a leap second (60) is one only at the end of a UTC day. */
bool
format_time(const char *s, size_t n)
{
	size_t used = CLOCK_LENGTH;
	int hour, minute, second, ahead;

	if (n < CLOCK_LENGTH || !bytes_shaped(s, CLOCK_LENGTH, "99:99:99"))
		return false;
	if (used + 1 < n && s[used] == '.' && byte_in(s[used + 1], DIGIT))
		for (used++; used < n && byte_in(s[used], DIGIT);)
			used++;
	if (!zone_fits(s + used, n - used, &ahead))
		return false;
	hour = digits_value(s, 2);
	minute = digits_value(s + sizeof "99:" - 1, 2);
	second = digits_value(s + sizeof "99:99:" - 1, 2);
	if (hour > HOUR_LAST || minute > MINUTE_LAST)
		return false;
	return second <= SECOND_LAST || (second == SECOND_LAST + 1 &&
	    (hour * HOUR + minute - ahead + 2 * DAY) % DAY == DAY - 1);
}

bool
format_date_time(const char *s, size_t n)
{
	return n > DATE_LENGTH + 1 && format_date(s, DATE_LENGTH) &&
	    byte_in(s[DATE_LENGTH], "Tt") &&
	    format_time(s + DATE_LENGTH + 1, n - DATE_LENGTH - 1);
}

/*
 * How many bytes of S are numbers that UNITS follow, each unit after the one before it in
 * UNITS, none left out between the first and the last.
 */
static size_t
steps_length(const char *s, size_t n, const char *units)
{
	size_t used = 0;

	for (const char *unit = NULL; used < n;) {
		size_t digits = used;
		const char *found;

		while (digits < n && byte_in(s[digits], DIGIT))
			digits++;
		found = digits == used || digits == n || s[digits] == '\0' ? NULL :
		    strchr(units, s[digits]);
		if (found == NULL || (unit != NULL && found != unit + 1))
			break;
		unit = found;
		used = digits + 1;
	}
	return used;
}

/* Appendix A, which has neither fractions nor signs, and weeks only by themselves. */
bool
format_duration(const char *s, size_t n)
{
	size_t date, time;

	if (n < 2 || s[0] != 'P')
		return false;
	s++;
	n--;
	if (steps_length(s, n, "W") == n)
		return true;
	date = steps_length(s, n, "YMD");
	if (date == n)
		return true;
	if (s[date] != 'T')
		return false;
	time = steps_length(s + date + 1, n - date - 1, "HMS");
	return time > 0 && date + 1 + time == n;
}
