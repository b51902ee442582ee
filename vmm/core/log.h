/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_LOG_H
#define VISE_CORE_LOG_H

/*
 * One line on stderr a message. Two questions decide the level: who did it (the guest has a level
 * of its own, off by default and rate limited), and must the user act.
 */

enum log_level {
	LOG_LEVEL_ERROR, /* something was lost or failed */
	LOG_LEVEL_WARN,	 /* it works, but not as asked */
	LOG_LEVEL_GUEST, /* the guest misbehaved; counted and rate limited */
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* Sets the highest level that is printed (default: LOG_LEVEL_WARN). Call before threads start. */
void log_set_level(enum log_level level);

/* Sets the program name that starts each line ("vise" when never called). @name is not copied. */
void log_set_program(const char *name);

/* Prints one line at @level; any thread. */
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints at LOG_LEVEL_GUEST, at most 20 lines in a second over all callers; any thread. */
void log_guest(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define log_error(...) log_msg(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_msg(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_msg(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
