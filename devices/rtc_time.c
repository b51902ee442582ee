/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/rtc_time.h"

#include <time.h>

#define HOUR_PM	 0x80U /* of the hours registers in 12-hour mode */
#define DAY_S	 86400
#define ANY_FROM 0xc0U /* an alarm byte from here up matches always */

/* Enough to walk a day's hours, then an hour's minutes, then a minute's seconds, twice over. */
#define ALARM_STEPS 400

bool rtc_time_is_register(unsigned int reg)
{
	return reg == RTC_CENTURY || (reg >= RTC_WEEKDAY && reg <= RTC_YEAR) ||
	       reg == RTC_SECONDS || reg == RTC_MINUTES || reg == RTC_HOURS;
}

static uint8_t encode(uint8_t mode, unsigned int v)
{
	return (uint8_t)(mode & RTC_B_BINARY ? v : v / 10 % 10 << 4 | v % 10);
}

static int decode(uint8_t mode, uint8_t v)
{
	return mode & RTC_B_BINARY ? v : (v >> 4) * 10 + (v & 0xf);
}

static uint8_t encode_hour(uint8_t mode, unsigned int hour)
{
	if (mode & RTC_B_24H)
		return encode(mode, hour);
	return (uint8_t)(encode(mode, (hour + 11) % 12 + 1) | (hour >= 12 ? HOUR_PM : 0U));
}

static int decode_hour(uint8_t mode, uint8_t v)
{
	if (mode & RTC_B_24H)
		return decode(mode, v);
	return decode(mode, v & 0x7f) % 12 + (v & HOUR_PM ? 12 : 0);
}

void rtc_time_store(uint8_t *cmos, uint8_t mode, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};
	unsigned int year;

	gmtime_r(&t, &tm);
	year = (unsigned int)tm.tm_year + 1900;
	cmos[RTC_SECONDS] = encode(mode, (unsigned int)tm.tm_sec);
	cmos[RTC_MINUTES] = encode(mode, (unsigned int)tm.tm_min);
	cmos[RTC_HOURS] = encode_hour(mode, (unsigned int)tm.tm_hour);
	cmos[RTC_WEEKDAY] = encode(mode, (unsigned int)tm.tm_wday + 1);
	cmos[RTC_DAY] = encode(mode, (unsigned int)tm.tm_mday);
	cmos[RTC_MONTH] = encode(mode, (unsigned int)tm.tm_mon + 1);
	cmos[RTC_YEAR] = encode(mode, year % 100);
	/* The century is BCD in either mode: firmware and ACPI have no other. */
	cmos[RTC_CENTURY] = encode(0, year / 100 % 100);
}

int64_t rtc_time_load(const uint8_t *cmos, uint8_t mode)
{
	struct tm tm = {
		.tm_sec = decode(mode, cmos[RTC_SECONDS]),
		.tm_min = decode(mode, cmos[RTC_MINUTES]),
		.tm_hour = decode_hour(mode, cmos[RTC_HOURS]),
		.tm_mday = decode(mode, cmos[RTC_DAY]),
		.tm_mon = decode(mode, cmos[RTC_MONTH]) - 1,
		.tm_year = decode(0, cmos[RTC_CENTURY]) * 100 + decode(mode, cmos[RTC_YEAR]) - 1900,
	};

	return timegm(&tm);
}

static bool matches(uint8_t alarm, uint8_t now)
{
	return alarm >= ANY_FROM || alarm == now;
}

int64_t rtc_time_next_alarm(const uint8_t *cmos, uint8_t mode, int64_t from)
{
	int64_t t = from;

	for (unsigned int i = 0; i < ALARM_STEPS; i++) {
		int64_t in_day = ((t % DAY_S) + DAY_S) % DAY_S;
		unsigned int s = (unsigned int)in_day;

		if (!matches(cmos[RTC_HOURS_ALARM], encode_hour(mode, s / 3600)))
			t += 3600 - s % 3600;
		else if (!matches(cmos[RTC_MINUTES_ALARM], encode(mode, s / 60 % 60)))
			t += 60 - s % 60;
		else if (!matches(cmos[RTC_SECONDS_ALARM], encode(mode, s % 60)))
			t++;
		else
			return t;
	}
	return INT64_MAX;
}
