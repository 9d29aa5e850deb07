#ifndef RUN_MASK_PRIVATE_H
#define RUN_MASK_PRIVATE_H

#include <stdint.h>

#include "run/mask.h"

/* What the files of the mask share. Nothing else includes this. */

enum { MASK_BYTES = 256 };

/*
 * Aho and Corasick: "Efficient string matching: an aid to bibliographic
 * search", 1975. A node is a begin of values; the root, number 0, the empty one.
 */
struct mask_node {
	uint32_t child, sibling;	/* 0: none */
	uint32_t fail;			/* the longest other begin that this one ends in */
	uint32_t depth;			/* its bytes */
	uint32_t longest;		/* of the values that it ends in; 0: none */
	unsigned char byte;		/* its last one */
};

struct mask_set {
	size_t n, room;
	struct mask_node *nodes;
	uint32_t first[MASK_BYTES];	/* the root's children */
};

/*
 * mask_forms.c: adds the other forms of a value of N bytes, of which JSON is the form within JSON, as far as there is
 * room.
 */
void mask_forms_add(struct mask_set *s, const char *value, size_t n, const char *json, size_t json_len);
/* Adds FORM unless it is shorter than MIN bytes, or half of what there may be is used. */
void mask_set_add_form(struct mask_set *s, const char *form, size_t min);
/* The node after BYTE. */
uint32_t mask_step(const struct mask_set *s, uint32_t node, unsigned char byte);

#endif
