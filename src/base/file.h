#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all N bytes to FD, in as many steps as it takes. False: errno says why, and some may have been written. */
bool file_write_all(int fd, const void *bytes, size_t n);
/* Whether the path S has a part "..". */
bool file_path_climbs(const char *s);

#endif
