/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_RTC_TIME_H
#define VISE_DEVICES_RTC_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The calendar of an MC146818: its registers as seconds since 1970 and back, and its alarm. Pure
 * functions on the CMOS array; @mode is register B, whose bits say binary or BCD, 24 or 12 hours.
 */

enum {
	RTC_SECONDS = 0x00,
	RTC_SECONDS_ALARM = 0x01,
	RTC_MINUTES = 0x02,
	RTC_MINUTES_ALARM = 0x03,
	RTC_HOURS = 0x04,
	RTC_HOURS_ALARM = 0x05,
	RTC_WEEKDAY = 0x06,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_CENTURY = 0x32,

	RTC_B_24H = 1U << 1,
	RTC_B_BINARY = 1U << 2,
};

/* True when register @reg is part of the running time of day. */
bool rtc_time_is_register(unsigned int reg);

/* Writes the date and time @seconds to the time registers. */
void rtc_time_store(uint8_t *cmos, uint8_t mode, int64_t seconds);

/* The seconds that the time registers mean; values out of range carry into the next field. */
int64_t rtc_time_load(const uint8_t *cmos, uint8_t mode);

/* The first second from @from on at which the alarm registers match; INT64_MAX when none does. */
int64_t rtc_time_next_alarm(const uint8_t *cmos, uint8_t mode, int64_t from);

#endif
