/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_TRACE_H
#define VISE_CORE_TRACE_H

/*
 * Static trace points (USDT, provider "vise"), so that perf and bpftrace work on a release build; a
 * point that nobody watches is one nop. `docs/tracing.md` lists them.
 */

#ifdef VISE_WITH_SDT
#include <sys/sdt.h>
#define TRACE1(name, a)	      DTRACE_PROBE1(vise, name, a)
#define TRACE2(name, a, b)    DTRACE_PROBE2(vise, name, a, b)
#define TRACE3(name, a, b, c) DTRACE_PROBE3(vise, name, a, b, c)
#else
#define TRACE1(name, a)	      ((void)(a))
#define TRACE2(name, a, b)    ((void)(a), (void)(b))
#define TRACE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#endif

#endif
