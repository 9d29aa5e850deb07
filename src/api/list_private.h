#ifndef API_LIST_PRIVATE_H
#define API_LIST_PRIVATE_H

#include "api/list.h"

/* What the files of the lists share. Nothing else includes this. */

/* TEXT as a value of F: V borrows it. NULL, or what is wrong with it ("must be true or false"). */
const char *list_value_read(const struct field *f, const char *text, struct list_value *v);
/* F's value in RECORD: none for types that cannot be sorted by. */
struct list_value list_value_of(const struct field *f, const void *record);
/* -1, 0 or 1 for two values of one field; none is lowest. */
int list_value_compare(const struct list_value *a, const struct list_value *b);
/* Whether RECORD fits F. */
bool list_filter_fits(const struct list_filter *f, const void *record);

#endif
