/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_STEPS_H
#define VISE_SCENARIO_STEPS_H

#include "tools/scenario/play.h"

/* The functions of the table of statements, by subject. What they return: see struct statement_row.
 */

/* step_machine.c */
int check_start(char *const *words, size_t n, struct err *err);
int check_attach(char *const *words, size_t n, struct err *err);
int check_wait(char *const *words, size_t n, struct err *err);
int run_start(struct play *play, struct step *step, struct err *err);
int run_attach(struct play *play, struct step *step, struct err *err);
int run_wait(struct play *play, struct step *step, struct err *err);
int run_save_wav(struct play *play, struct step *step, struct err *err);

/* step_serial.c */
int check_pattern(char *const *words, size_t n, struct err *err);
int run_expect(struct play *play, struct step *step, struct err *err);
int run_expect_fields(struct play *play, struct step *step, struct err *err);
int run_expect_match(struct play *play, struct step *step, struct err *err);

/* step_input.c */
int check_keys(char *const *words, size_t n, struct err *err);
int check_text(char *const *words, size_t n, struct err *err);
int check_motion(char *const *words, size_t n, struct err *err);
int check_button(char *const *words, size_t n, struct err *err);
int check_tablet(char *const *words, size_t n, struct err *err);
int run_keys(struct play *play, struct step *step, struct err *err);
int run_press(struct play *play, struct step *step, struct err *err);
int run_release(struct play *play, struct step *step, struct err *err);
int run_text(struct play *play, struct step *step, struct err *err);
int run_move(struct play *play, struct step *step, struct err *err);
int run_wheel(struct play *play, struct step *step, struct err *err);
int run_button(struct play *play, struct step *step, struct err *err);
int run_tablet(struct play *play, struct step *step, struct err *err);

/* step_control.c */
int check_link(char *const *words, size_t n, struct err *err);
int check_resize(char *const *words, size_t n, struct err *err);
int check_request(char *const *words, size_t n, struct err *err);
int run_command(struct play *play, struct step *step, struct err *err);
int run_link(struct play *play, struct step *step, struct err *err);
int run_resize(struct play *play, struct step *step, struct err *err);
int run_request(struct play *play, struct step *step, struct err *err);

/* Runs a command whose failure fails the step. Takes @arguments, which may be NULL. */
int step_request(struct play *play, const char *command, json_t *arguments, struct err *err);

/* step_flow.c */
int check_sleep(char *const *words, size_t n, struct err *err);
int check_set(char *const *words, size_t n, struct err *err);
int check_fail(char *const *words, size_t n, struct err *err);
int run_sleep(struct play *play, struct step *step, struct err *err);
int run_set(struct play *play, struct step *step, struct err *err);
int run_fail(struct play *play, struct step *step, struct err *err);

/* An integer of @text from @min to @max. 0 or -EINVAL with one line in @err. */
int step_integer(const char *text, long long min, long long max, long long *value, struct err *err);

#endif
