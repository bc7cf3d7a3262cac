/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.h - maps the kernel image once per node: text shared, data private. */
#ifndef KG_LOADER_H
#define KG_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

/* Where instance 0 lies, the next one from there, and a node's memory, behind its image, in either.  Below the lowest address of
 * position-independent programs, above the shadow of sanitizers. */
#define KG_SLOTS_START 0x200000000000ull
#define KG_SLOT_SIZE (4ull << 30)
#define KG_MEMORY_AT (64ull << 20)

struct kg_image;	/* the file, parsed once */
struct kg_instance;	/* one mapping of it */

/* Opens and checks an image.  0, or -errno (-EBADMSG: not an image of ours, -EPROTO: other ABI). */
int kg_image_open(const char *path, struct kg_image **ret_image);
void kg_image_close(struct kg_image *image);
/* For a debugger: the text of an instance stays mapped when the instance is freed, and is that of the next one of the same
 * index.  So breakpoints outlive the restart of a node. */
void kg_image_keep_text(struct kg_image *image);
/* SHA-256 of the file, for the identity of a run. */
const unsigned char *kg_image_hash(const struct kg_image *image);
/* True: its instances count which of their code is executed. */
bool kg_image_counts(const struct kg_image *image);

/* Maps an instance and relocates it.  index chooses its fixed addresses (image and node memory), so that
 * equal runs see equal pointers.  memory_size in bytes.  host must outlive the instance. */
int kg_instance_new(struct kg_image *image, unsigned index, size_t memory_size,
		    const struct kg_host *host, struct kg_instance **ret_instance);
void kg_instance_free(struct kg_instance *instance);
const struct kg_api *kg_instance_api(const struct kg_instance *instance);
uint64_t kg_instance_memory(const struct kg_instance *instance);
/* What gives out its counts; NULL: it has none. */
kg_coverage_fn *kg_instance_coverage(const struct kg_instance *instance);

/* From now on a bad access by the code of an instance, on one of its own stacks, is an oops of that kernel
 * (KG_PANIC) and not the end of this process.  Other faults go to the handlers that were there before.  Takes over
 * SIGSEGV, SIGBUS, SIGILL and SIGFPE of the process, and gives the calling thread an alternate stack; a second call
 * does nothing.  0 or -errno. */
int kg_faults_catch(void);

#endif
