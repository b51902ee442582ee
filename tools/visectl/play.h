/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VISECTL_PLAY_H
#define VISE_VISECTL_PLAY_H

/* "visectl play": @argv begins with "play". The exit status: 0 passed, 1 failed, 2 wrong usage or
 * a mistake in the scenario. */
int play_main(int argc, char **argv);

#endif
