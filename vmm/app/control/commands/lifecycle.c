/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

json_t *control_stop(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)args;
	return machine_stop(m, &error->err) ? NULL : json_object();
}

json_t *control_cont(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)args;
	return machine_cont(m, &error->err) ? NULL : json_object();
}

json_t *control_system_reset(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)args;
	return machine_reset(m, &error->err) ? NULL : json_object();
}

json_t *control_system_powerdown(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)args;
	(void)error;
	machine_powerdown(m);
	return json_object();
}

json_t *control_quit(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)m;
	(void)args;
	(void)error;
	return json_object();
}

void control_quit_after(struct machine *m)
{
	machine_end(m, MACHINE_END_QUIT, 0, "");
}
