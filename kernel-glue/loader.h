/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.h - maps the kernel image once per node: text shared, data private. */
#ifndef KG_LOADER_H
#define KG_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"

struct kg_image;	/* the file, parsed once */
struct kg_instance;	/* one mapping of it */

/* Opens and checks an image.  0, or -errno (-EBADMSG: not an image of ours, -EPROTO: other ABI). */
int kg_image_open(const char *path, struct kg_image **ret_image);
void kg_image_close(struct kg_image *image);
/* SHA-256 of the file, for the identity of a run. */
const unsigned char *kg_image_hash(const struct kg_image *image);

/* Maps an instance and relocates it.  index chooses its fixed addresses (image and node memory), so that
 * equal runs see equal pointers.  memory_size in bytes.  host must outlive the instance. */
int kg_instance_new(struct kg_image *image, unsigned index, size_t memory_size,
		    const struct kg_host *host, struct kg_instance **ret_instance);
void kg_instance_free(struct kg_instance *instance);
const struct kg_api *kg_instance_api(const struct kg_instance *instance);
uint64_t kg_instance_memory(const struct kg_instance *instance);

/* From now on a bad access by the code of an instance, on one of its own stacks, is an oops of that kernel
 * (KG_PANIC) and not the end of this process.  Other faults go to the handlers that were there before.  Takes over
 * SIGSEGV, SIGBUS, SIGILL and SIGFPE of the process, and gives the calling thread an alternate stack; a second call
 * does nothing.  0 or -errno. */
int kg_faults_catch(void);

#endif
