/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void irq_set(void *owner, unsigned int number, bool level)
{
	struct gd_irq *irq = owner;

	if (number >= GD_GSIS)
		return;
	if (atomic_exchange(&irq->gsi[number].level, level) == level) {
		atomic_fetch_add(&irq->gsi[number].repeats, 1);
		return;
	}
	atomic_fetch_add(level ? &irq->gsi[number].rises : &irq->gsi[number].falls, 1);
	if (level && irq->hook)
		irq->hook(irq->hook_arg);
}

struct irq_line gd_irq_line(struct gd_irq *irq, unsigned int gsi)
{
	return (struct irq_line){irq_set, irq, gsi};
}

static int msi_open(void *owner)
{
	struct gd_msi *msi = owner;
	int route = -ENOSPC;

	pthread_mutex_lock(&msi->lock);
	if (!msi->refuse && msi->opened < GD_ROUTES)
		route = msi->opened++;
	pthread_mutex_unlock(&msi->lock);
	return route;
}

static void msi_set(void *owner, int route, uint64_t address, uint32_t data)
{
	struct gd_msi *msi = owner;

	pthread_mutex_lock(&msi->lock);
	msi->routes[route] = (struct gd_message){address, data};
	pthread_mutex_unlock(&msi->lock);
}

static void msi_signal(void *owner, int route)
{
	struct gd_msi *msi = owner;

	pthread_mutex_lock(&msi->lock);
	msi->log[msi->sent++ % GD_MESSAGES] = msi->routes[route];
	pthread_mutex_unlock(&msi->lock);
	if (msi->hook)
		msi->hook(msi->hook_arg);
}

static void msi_close(void *owner, int route)
{
	struct gd_msi *msi = owner;

	(void)route;
	pthread_mutex_lock(&msi->lock);
	msi->closed++;
	pthread_mutex_unlock(&msi->lock);
}

static const struct msi_ops msi_ops = {msi_open, msi_set, msi_signal, msi_close};

void gd_msi_init(struct gd_msi *msi)
{
	memset(msi, 0, sizeof(*msi));
	pthread_mutex_init(&msi->lock, NULL);
}

void gd_msi_fini(struct gd_msi *msi)
{
	pthread_mutex_destroy(&msi->lock);
}

struct msi_sink gd_msi_sink(struct gd_msi *msi)
{
	return (struct msi_sink){&msi_ops, msi};
}

unsigned int gd_msi_sent(struct gd_msi *msi)
{
	unsigned int n;

	pthread_mutex_lock(&msi->lock);
	n = msi->sent;
	pthread_mutex_unlock(&msi->lock);
	return n;
}

unsigned int gd_msi_sent_with(struct gd_msi *msi, uint32_t data)
{
	unsigned int n = 0;

	pthread_mutex_lock(&msi->lock);
	for (unsigned int i = 0; i < msi->sent && i < GD_MESSAGES; i++)
		n += msi->log[i].data == data;
	pthread_mutex_unlock(&msi->lock);
	return n;
}

struct gd_message gd_msi_at(struct gd_msi *msi, unsigned int i)
{
	struct gd_message message;

	pthread_mutex_lock(&msi->lock);
	message = msi->log[i % GD_MESSAGES];
	pthread_mutex_unlock(&msi->lock);
	return message;
}

static int doorbell_attach(void *owner, uint64_t gpa, int eventfd)
{
	struct gd_doorbells *bells = owner;
	int rc = -ENOSPC;

	pthread_mutex_lock(&bells->lock);
	if (!bells->refuse && bells->n < GD_DOORBELLS) {
		bells->at[bells->n].gpa = gpa;
		bells->at[bells->n++].fd = eventfd;
		bells->attached++;
		rc = 0;
	}
	pthread_mutex_unlock(&bells->lock);
	return rc;
}

static void doorbell_detach(void *owner, uint64_t gpa, int eventfd)
{
	struct gd_doorbells *bells = owner;
	unsigned int i = 0;

	pthread_mutex_lock(&bells->lock);
	while (i < bells->n && (bells->at[i].gpa != gpa || bells->at[i].fd != eventfd))
		i++;
	if (i < bells->n) {
		bells->at[i] = bells->at[--bells->n];
		bells->detached++;
	} else {
		bells->bad_detach++;
	}
	pthread_mutex_unlock(&bells->lock);
}

static const struct doorbell_ops doorbell_ops = {doorbell_attach, doorbell_detach};

void gd_doorbells_init(struct gd_doorbells *bells)
{
	memset(bells, 0, sizeof(*bells));
	pthread_mutex_init(&bells->lock, NULL);
}

void gd_doorbells_fini(struct gd_doorbells *bells)
{
	pthread_mutex_destroy(&bells->lock);
}

struct doorbell gd_doorbell(struct gd_doorbells *bells)
{
	return (struct doorbell){&doorbell_ops, bells};
}

bool gd_doorbell_ring(struct gd_doorbells *bells, uint64_t gpa)
{
	uint64_t one = 1;
	bool rung = false;

	pthread_mutex_lock(&bells->lock);
	for (unsigned int i = 0; i < bells->n; i++)
		if (bells->at[i].gpa == gpa)
			rung = write(bells->at[i].fd, &one, sizeof(one)) == sizeof(one);
	pthread_mutex_unlock(&bells->lock);
	return rung;
}
