#ifndef CONNECTOR_PATH_H
#define CONNECTOR_PATH_H

#include <stdbool.h>

/* Where code may lie: paths that come from service files, held against [local] roots. */

/* realpath(3), made for CTX; NULL where there is no such path. */
char *path_real(void *ctx, const char *path);
/* Whether PATH is DIR or lies below it; both are real paths. */
bool path_is_within(const char *path, const char *dir);
bool path_is_directory(const char *path);
/* Whether PATH, a real one, is within one of the colon-separated ROOTS. A root that does not exist allows nothing. */
bool path_is_allowed(const char *path, const char *roots);
/* The path of the file URL (RFC 8089), with %XX decoded, made for CTX. NULL where it is none of this host. */
char *path_of_url(void *ctx, const char *url);
/* Removes the directory PATH, where it is there, and all that is in it, without following a link (local_dir.c). */
void dir_remove(const char *path);
/* Whether DIR is a git repository, with a working tree or bare. */
bool path_is_repository(const char *dir);

#endif
