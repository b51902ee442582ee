/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/keys.h"

#include <linux/input-event-codes.h>
#include <stddef.h>
#include <strings.h>

struct named_code {
	const char *name;
	uint16_t code;
};

struct typed {
	char plain, shifted;
	uint16_t code;
};

/* clang-format off */
#define K(name) {#name, KEY_##name}
static const struct named_code keys[] = {
	K(ESC), K(1), K(2), K(3), K(4), K(5), K(6), K(7), K(8), K(9), K(0), K(MINUS), K(EQUAL),
	K(BACKSPACE), K(TAB), K(Q), K(W), K(E), K(R), K(T), K(Y), K(U), K(I), K(O), K(P),
	K(LEFTBRACE), K(RIGHTBRACE), K(ENTER), K(LEFTCTRL), K(A), K(S), K(D), K(F), K(G), K(H),
	K(J), K(K), K(L), K(SEMICOLON), K(APOSTROPHE), K(GRAVE), K(LEFTSHIFT), K(BACKSLASH),
	K(Z), K(X), K(C), K(V), K(B), K(N), K(M), K(COMMA), K(DOT), K(SLASH), K(RIGHTSHIFT),
	K(KPASTERISK), K(LEFTALT), K(SPACE), K(CAPSLOCK), K(F1), K(F2), K(F3), K(F4), K(F5),
	K(F6), K(F7), K(F8), K(F9), K(F10), K(NUMLOCK), K(SCROLLLOCK), K(KP7), K(KP8), K(KP9),
	K(KPMINUS), K(KP4), K(KP5), K(KP6), K(KPPLUS), K(KP1), K(KP2), K(KP3), K(KP0), K(KPDOT),
	K(ZENKAKUHANKAKU), K(102ND), K(F11), K(F12), K(RO), K(KATAKANA), K(HIRAGANA), K(HENKAN),
	K(KATAKANAHIRAGANA), K(MUHENKAN), K(KPJPCOMMA), K(KPENTER), K(RIGHTCTRL), K(KPSLASH),
	K(SYSRQ), K(RIGHTALT), K(LINEFEED), K(HOME), K(UP), K(PAGEUP), K(LEFT), K(RIGHT), K(END),
	K(DOWN), K(PAGEDOWN), K(INSERT), K(DELETE), K(MACRO), K(MUTE), K(VOLUMEDOWN),
	K(VOLUMEUP), K(POWER), K(KPEQUAL), K(KPPLUSMINUS), K(PAUSE), K(SCALE), K(KPCOMMA),
	K(HANGEUL), K(HANJA), K(YEN), K(LEFTMETA), K(RIGHTMETA), K(COMPOSE), K(STOP), K(AGAIN),
	K(PROPS), K(UNDO), K(FRONT), K(COPY), K(OPEN), K(PASTE), K(FIND), K(CUT), K(HELP),
	K(MENU), K(CALC), K(SETUP), K(SLEEP), K(WAKEUP), K(FILE), K(SENDFILE), K(DELETEFILE),
	K(XFER), K(PROG1), K(PROG2), K(WWW), K(MSDOS), K(COFFEE), K(ROTATE_DISPLAY),
	K(CYCLEWINDOWS), K(MAIL), K(BOOKMARKS), K(COMPUTER), K(BACK), K(FORWARD), K(CLOSECD),
	K(EJECTCD), K(EJECTCLOSECD), K(NEXTSONG), K(PLAYPAUSE), K(PREVIOUSSONG), K(STOPCD),
	K(RECORD), K(REWIND), K(PHONE), K(ISO), K(CONFIG), K(HOMEPAGE), K(REFRESH), K(EXIT),
	K(MOVE), K(EDIT), K(SCROLLUP), K(SCROLLDOWN), K(KPLEFTPAREN), K(KPRIGHTPAREN), K(NEW),
	K(REDO), K(F13), K(F14), K(F15), K(F16), K(F17), K(F18), K(F19), K(F20), K(F21), K(F22),
	K(F23), K(F24), K(PLAYCD), K(PAUSECD), K(PROG3), K(PROG4), K(ALL_APPLICATIONS),
	K(SUSPEND), K(CLOSE), K(PLAY), K(FASTFORWARD), K(BASSBOOST), K(PRINT), K(HP), K(CAMERA),
	K(SOUND), K(QUESTION), K(EMAIL), K(CHAT), K(SEARCH), K(CONNECT), K(FINANCE), K(SPORT),
	K(SHOP), K(ALTERASE), K(CANCEL), K(BRIGHTNESSDOWN), K(BRIGHTNESSUP), K(MEDIA),
	K(SWITCHVIDEOMODE), K(KBDILLUMTOGGLE), K(KBDILLUMDOWN), K(KBDILLUMUP), K(SEND), K(REPLY),
	K(FORWARDMAIL), K(SAVE), K(DOCUMENTS), K(BATTERY), K(BLUETOOTH), K(WLAN), K(UWB),
	K(UNKNOWN), K(VIDEO_NEXT), K(VIDEO_PREV), K(BRIGHTNESS_CYCLE), K(BRIGHTNESS_AUTO),
	K(DISPLAY_OFF), K(WWAN), K(RFKILL), K(MICMUTE),
};
#undef K

#define B(name) {#name, BTN_##name}
static const struct named_code buttons[] = {
	B(LEFT), B(RIGHT), B(MIDDLE), B(SIDE), B(EXTRA), B(FORWARD), B(BACK), B(TASK),
};
#undef B

/* The keyboard of the United States. */
static const struct typed layout[] = {
	{'`', '~', KEY_GRAVE}, {'1', '!', KEY_1}, {'2', '@', KEY_2}, {'3', '#', KEY_3},
	{'4', '$', KEY_4}, {'5', '%', KEY_5}, {'6', '^', KEY_6}, {'7', '&', KEY_7},
	{'8', '*', KEY_8}, {'9', '(', KEY_9}, {'0', ')', KEY_0}, {'-', '_', KEY_MINUS},
	{'=', '+', KEY_EQUAL}, {'q', 'Q', KEY_Q}, {'w', 'W', KEY_W}, {'e', 'E', KEY_E},
	{'r', 'R', KEY_R}, {'t', 'T', KEY_T}, {'y', 'Y', KEY_Y}, {'u', 'U', KEY_U},
	{'i', 'I', KEY_I}, {'o', 'O', KEY_O}, {'p', 'P', KEY_P}, {'[', '{', KEY_LEFTBRACE},
	{']', '}', KEY_RIGHTBRACE}, {'\\', '|', KEY_BACKSLASH}, {'a', 'A', KEY_A},
	{'s', 'S', KEY_S}, {'d', 'D', KEY_D}, {'f', 'F', KEY_F}, {'g', 'G', KEY_G},
	{'h', 'H', KEY_H}, {'j', 'J', KEY_J}, {'k', 'K', KEY_K}, {'l', 'L', KEY_L},
	{';', ':', KEY_SEMICOLON}, {'\'', '"', KEY_APOSTROPHE}, {'z', 'Z', KEY_Z},
	{'x', 'X', KEY_X}, {'c', 'C', KEY_C}, {'v', 'V', KEY_V}, {'b', 'B', KEY_B},
	{'n', 'N', KEY_N}, {'m', 'M', KEY_M}, {',', '<', KEY_COMMA}, {'.', '>', KEY_DOT},
	{'/', '?', KEY_SLASH}, {' ', 0, KEY_SPACE}, {'\n', 0, KEY_ENTER}, {'\t', 0, KEY_TAB},
};
/* clang-format on */

static int find(const struct named_code *table, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(table[i].name, name, len) == 0 && !table[i].name[len])
			return table[i].code;
	return -1;
}

int key_code(const char *name, size_t len)
{
	return find(keys, sizeof(keys) / sizeof(keys[0]), name, len);
}

int button_code(const char *name, size_t len)
{
	return find(buttons, sizeof(buttons) / sizeof(buttons[0]), name, len);
}

int key_of_char(char c, bool *shift)
{
	for (size_t i = 0; c && i < sizeof(layout) / sizeof(layout[0]); i++) {
		*shift = layout[i].shifted == c;
		if (*shift || layout[i].plain == c)
			return layout[i].code;
	}
	return -1;
}
