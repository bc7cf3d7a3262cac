/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.h - shortest paths from one place to all others (Dijkstra's algorithm). */
#ifndef REC_PATHS_H
#define REC_PATHS_H

#include <stddef.h>
#include <stdint.h>

struct rec_arc {			/* one way from a place to another; places are numbered from 0 */
	uint32_t from, to;
	uint64_t cost;			/* sums stay below UINT64_MAX */
	uint64_t tag;			/* the caller's */
};

#define REC_NO_ARC SIZE_MAX

struct rec_reach {			/* how a place is reached */
	uint64_t cost;			/* UINT64_MAX: not at all */
	uint64_t rank;			/* of paths of equal cost the one of lower rank is taken */
	size_t arc;			/* the path's last arc; REC_NO_ARC: it is the source */
	int done;
};

/* Rank of a path that an arc makes longer; before: of the path so far, which is empty at the source. */
typedef uint64_t rec_rank_fn(const struct rec_reach *before, const struct rec_arc *arc);

struct rec_paths;

/* Sorts the arcs by where they begin, in place, and keeps a pointer to them. */
struct rec_paths *rec_paths_new(struct rec_arc *arcs, size_t arc_count, size_t place_count, rec_rank_fn *rank);
void rec_paths_free(struct rec_paths *paths);
/* ret: one for each place. */
void rec_paths_from(struct rec_paths *paths, uint32_t source, struct rec_reach *ret);

#endif
