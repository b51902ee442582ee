/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/vm_internal.h"

#include "vmm/core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Interrupt routing. The kernel takes the table as a whole, and taking it waits for all readers: so
 * a route's new message is only noted, and the table is written when a changed route first fires.
 */

#define PIC_PINS    16U
#define TIMER_PIN   2U
#define MAX_ENTRIES (PIC_PINS + KVM_VM_LINES + KVM_VM_MAX_ROUTES)

static void set_line(void *owner, unsigned int number, bool level)
{
	struct kvm_vm *vm = owner;
	struct kvm_irq_level irq = {.irq = number, .level = level};

	ioctl(vm->fd, KVM_IRQ_LINE, &irq);
}

struct irq_line kvm_vm_irq_line(struct kvm_vm *vm, unsigned int gsi)
{
	return (struct irq_line){.set = set_line, .owner = vm, .number = gsi};
}

static void add_pin(struct kvm_irq_routing *table, uint32_t gsi, uint32_t chip, uint32_t pin)
{
	table->entries[table->nr++] = (struct kvm_irq_routing_entry){
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = {.irqchip = chip, .pin = pin},
	};
}

static void add_pins(struct kvm_irq_routing *table)
{
	for (uint32_t gsi = 0; gsi < KVM_VM_LINES; gsi++) {
		if (gsi < PIC_PINS)
			add_pin(table, gsi,
				gsi < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, gsi % 8);
		/* The timer's GSI 0 takes IOAPIC pin 2, which GSI 2 (the cascade) leaves free. */
		if (gsi == 0)
			add_pin(table, gsi, KVM_IRQCHIP_IOAPIC, TIMER_PIN);
		else if (gsi != TIMER_PIN)
			add_pin(table, gsi, KVM_IRQCHIP_IOAPIC, gsi);
	}
}

static void add_message(struct kvm_irq_routing *table, uint32_t gsi, const struct kvm_route *r)
{
	table->entries[table->nr++] = (struct kvm_irq_routing_entry){
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = {.address_lo = (uint32_t)r->address,
			  .address_hi = (uint32_t)(r->address >> 32),
			  .data = r->data},
	};
}

int kvm_vm_commit_routes(struct kvm_vm *vm, struct err *err)
{
	struct kvm_irq_routing *table =
		calloc(1, sizeof(*table) + MAX_ENTRIES * sizeof(table->entries[0]));
	int rc = 0;

	if (!table)
		return err_set(err, -ENOMEM, "interrupt routing: out of memory");
	add_pins(table);
	for (unsigned int i = 0; i < vm->n_routes; i++)
		if (vm->routes[i].used)
			add_message(table, KVM_VM_LINES + i, &vm->routes[i]);
	if (ioctl(vm->fd, KVM_SET_GSI_ROUTING, table) < 0)
		rc = err_set_errno(err, errno, "KVM_SET_GSI_ROUTING");
	free(table);
	return rc;
}

static struct kvm_route *find_free(struct kvm_vm *vm)
{
	struct kvm_route *grown;

	for (unsigned int i = 0; i < vm->n_routes; i++)
		if (!vm->routes[i].used)
			return &vm->routes[i];
	if (vm->n_routes == KVM_VM_MAX_ROUTES)
		return NULL;
	grown = realloc(vm->routes, (vm->n_routes + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	vm->routes = grown;
	return &vm->routes[vm->n_routes++];
}

static int route_open(void *owner)
{
	struct kvm_vm *vm = owner;
	struct kvm_route *r;
	int handle = -ENOSPC;

	pthread_mutex_lock(&vm->routes_lock);
	r = find_free(vm);
	if (r) {
		*r = (struct kvm_route){.used = true, .eventfd = -1};
		handle = (int)(r - vm->routes);
	}
	pthread_mutex_unlock(&vm->routes_lock);
	return handle;
}

static void route_set(void *owner, int route, uint64_t address, uint32_t data)
{
	struct kvm_vm *vm = owner;
	struct kvm_route *r;

	pthread_mutex_lock(&vm->routes_lock);
	r = &vm->routes[route];
	if (r->address != address || r->data != data) {
		r->address = address;
		r->data = data;
		r->committed = false;
	}
	pthread_mutex_unlock(&vm->routes_lock);
}

static int bind_irqfd(const struct kvm_vm *vm, int route, int fd, uint32_t flags)
{
	struct kvm_irqfd irqfd = {
		.fd = (uint32_t)fd,
		.gsi = KVM_VM_LINES + (uint32_t)route,
		.flags = flags,
	};

	return ioctl(vm->fd, KVM_IRQFD, &irqfd) < 0 ? -errno : 0;
}

/* Brings the kernel up to date with a changed route. Failure leaves it to KVM_SIGNAL_MSI. */
static void route_commit(struct kvm_vm *vm, int route)
{
	struct kvm_route *r = &vm->routes[route];
	struct err err = ERR_INIT;

	if (!vm->kvm->has_irqfd || vm->routes_refused)
		return;
	if (kvm_vm_commit_routes(vm, &err) < 0) {
		log_warn("%s; falling back to KVM_SIGNAL_MSI", err.text);
		vm->routes_refused = true;
		return;
	}
	if (r->eventfd < 0) {
		r->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (r->eventfd >= 0 && bind_irqfd(vm, route, r->eventfd, 0) < 0) {
			close(r->eventfd);
			r->eventfd = -1;
		}
	}
	r->committed = r->eventfd >= 0;
}

static void route_signal(void *owner, int route)
{
	struct kvm_vm *vm = owner;
	struct kvm_route *r;
	bool sent = false;

	pthread_mutex_lock(&vm->routes_lock);
	if (!vm->routes[route].committed)
		route_commit(vm, route);
	r = &vm->routes[route];
	if (r->committed) {
		loop_signal(vm->loop, r->eventfd);
		sent = true;
	}
	if (!sent) {
		struct kvm_msi msi = {
			.address_lo = (uint32_t)r->address,
			.address_hi = (uint32_t)(r->address >> 32),
			.data = r->data,
		};

		ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);
	}
	pthread_mutex_unlock(&vm->routes_lock);
}

static void route_release(struct kvm_vm *vm, int route)
{
	struct kvm_route *r = &vm->routes[route];

	if (r->eventfd >= 0) {
		loop_flush(vm->loop);
		bind_irqfd(vm, route, r->eventfd, KVM_IRQFD_FLAG_DEASSIGN);
		close(r->eventfd);
	}
	*r = (struct kvm_route){.eventfd = -1};
}

static void route_close(void *owner, int route)
{
	struct kvm_vm *vm = owner;

	pthread_mutex_lock(&vm->routes_lock);
	route_release(vm, route);
	pthread_mutex_unlock(&vm->routes_lock);
}

void kvm_vm_close_routes(struct kvm_vm *vm)
{
	for (unsigned int i = 0; i < vm->n_routes; i++)
		if (vm->routes[i].used)
			route_release(vm, (int)i);
	free(vm->routes);
	vm->routes = NULL;
	vm->n_routes = 0;
}

static const struct msi_ops route_ops = {
	.open = route_open,
	.set = route_set,
	.signal = route_signal,
	.close = route_close,
};

struct msi_sink kvm_vm_msi_sink(struct kvm_vm *vm)
{
	return (struct msi_sink){.ops = &route_ops, .owner = vm};
}

static int set_ioeventfd(const struct kvm_vm *vm, uint64_t gpa, int fd, uint32_t flags)
{
	struct kvm_ioeventfd io = {.addr = gpa, .len = 0, .fd = fd, .flags = flags};

	return ioctl(vm->fd, KVM_IOEVENTFD, &io) < 0 ? -errno : 0;
}

static int doorbell_attach(void *owner, uint64_t gpa, int eventfd)
{
	const struct kvm_vm *vm = owner;

	if (!vm->kvm->has_ioeventfd_any_length)
		return -ENOTSUP;
	return set_ioeventfd(vm, gpa, eventfd, 0);
}

static void doorbell_detach(void *owner, uint64_t gpa, int eventfd)
{
	set_ioeventfd(owner, gpa, eventfd, KVM_IOEVENTFD_FLAG_DEASSIGN);
}

static const struct doorbell_ops doorbell_ops = {
	.attach = doorbell_attach,
	.detach = doorbell_detach,
};

struct doorbell kvm_vm_doorbell(struct kvm_vm *vm)
{
	return (struct doorbell){.ops = &doorbell_ops, .owner = vm};
}
