#ifndef POWER_VFS_H
#define POWER_VFS_H

#include <stdbool.h>

/*
 * A disk that loses power: a VFS of SQLite (as its own tests have one) over the system's, which remembers for every
 * file what xSync has made sure of, and which writes came after. A cut leaves the first, and of the others any part:
 * each whole, up to some sector, or not at all.
 */

/* Becomes the default VFS of this process; files that are opened from then on are watched. */
void power_begin(void);
/* Whether files that are opened from now on are watched. */
void power_watch(bool on);
/* The system's own is the default again. */
void power_end(void);
/* Writes what a cut at this moment may leave of each watched file into directory INTO; SEED decides what. */
void power_cut(const char *into, unsigned seed);

#endif
