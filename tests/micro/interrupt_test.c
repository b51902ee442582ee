/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"
#include "vmm/core/clock.h"
#include "vmm/kvm/vm_internal.h"

#include <sched.h>

/* Messages reach a handler of the guest, which runs in ring 3 meanwhile. */

#define N_MESSAGES   300U
#define MESSAGE_ADDR 0xfee00000U

static struct micro m;

static int open_route(const struct msi_sink *sink, uint32_t data)
{
	int route = sink->ops->open(sink->owner);

	CHECK(route >= 0);
	sink->ops->set(sink->owner, route, MESSAGE_ADDR, data);
	return route;
}

static void start(void)
{
	micro_init(&m, 1);
	micro_boot(&m, MICRO_ENTRY_MSI);
	micro_go(&m);
	micro_wait_marks(&m, 1);
}

static void wait_interrupts(uint64_t n)
{
	uint64_t until = micro_now_ns() + 5 * NS_PER_SEC;

	while (micro_box(&m).interrupts < n && micro_now_ns() < until)
		sched_yield();
	CHECK_EQ(micro_box(&m).interrupts, n);
}

/* Each one is waited for, because equal messages in flight at once are one interrupt. */
static void send_all(const struct msi_sink *sink, int route)
{
	for (unsigned int i = 1; i <= N_MESSAGES; i++) {
		sink->ops->signal(sink->owner, route);
		wait_interrupts(i);
	}
}

static void messages_arrive_by_irqfd_without_an_exit(void)
{
	struct msi_sink sink;
	uint64_t exits;
	int route;

	start();
	if (!m.kvm.has_irqfd)
		tap_skip("this KVM has no irqfd");
	sink = kvm_vm_msi_sink(m.vm);
	route = open_route(&sink, MICRO_VECTOR);
	exits = micro_exits(&m, 0);
	send_all(&sink, route);
	CHECK(m.vm->routes[route].committed);
	CHECK_EQ(micro_exits(&m, 0), exits);
	sink.ops->close(sink.owner, route);
	micro_fini(&m);
}

static void messages_arrive_without_irqfd(void)
{
	struct msi_sink sink;

	start();
	m.kvm.has_irqfd = false; /* as on a host that lacks it */
	sink = kvm_vm_msi_sink(m.vm);
	send_all(&sink, open_route(&sink, MICRO_VECTOR));
	micro_fini(&m);
}

static void a_changed_message_is_what_the_next_signal_sends(void)
{
	struct msi_sink sink;
	int route, other;

	start();
	sink = kvm_vm_msi_sink(m.vm);
	other = open_route(&sink, MICRO_VECTOR);
	route = open_route(&sink, MICRO_VECTOR + 1);
	/* Vector 42h has no gate: it must never fire. */
	sink.ops->set(sink.owner, route, MESSAGE_ADDR, MICRO_VECTOR);
	sink.ops->signal(sink.owner, route);
	wait_interrupts(1);
	sink.ops->close(sink.owner, route);
	sink.ops->signal(sink.owner, other);
	wait_interrupts(2);
	route = open_route(&sink, MICRO_VECTOR);
	sink.ops->signal(sink.owner, route);
	wait_interrupts(3);
	CHECK_EQ(m.power[POWER_RESET], 0);
	micro_fini(&m);
}

static void messages_keep_while_parked(void)
{
	struct msi_sink sink;
	int route;

	start();
	sink = kvm_vm_msi_sink(m.vm);
	route = open_route(&sink, MICRO_VECTOR);
	for (unsigned int i = 1; i <= 50; i++) {
		micro_park(&m);
		sink.ops->signal(sink.owner, route);
		CHECK_EQ(micro_box(&m).interrupts, i - 1);
		micro_go(&m);
		wait_interrupts(i);
	}
	micro_fini(&m);
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(messages_arrive_by_irqfd_without_an_exit),
		TAP_TEST(messages_arrive_without_irqfd),
		TAP_TEST(a_changed_message_is_what_the_next_signal_sends),
		TAP_TEST(messages_keep_while_parked),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
