#include "power_vfs.h"

#include <criterion/criterion.h>

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECTOR = 512, WATCHED_MAX = 16 };

struct change {
	sqlite3_int64 at;
	size_t n;
	unsigned char *bytes;	/* NULL: the file is cut off AT */
};

struct image {
	unsigned char *at;
	size_t n;
};

struct watched {
	char path[PATH_MAX];
	struct image synced;
	struct change *changes;
	size_t n_changes;
};

/* What SQLite sees; the system's own file lies behind it. */
struct file {
	sqlite3_file base;
	struct watched *watched;
};

static sqlite3_vfs vfs, *system_vfs;
static struct watched table[WATCHED_MAX];
static size_t n_watched;

static sqlite3_file *
own(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((struct file *)(void *)f + 1);
}

static struct watched *
watched(sqlite3_file *f)
{
	return ((struct file *)(void *)f)->watched;
}

/* --- images --- */

static void
image_size(struct image *i, size_t n)
{
	i->at = realloc(i->at, n + 1);
	cr_assert_not_null(i->at);
	if (n > i->n)
		memset(i->at + i->n, 0, n - i->n);
	i->n = n;
}

static void
image_apply(struct image *i, const struct change *c, size_t n)
{
	if (c->bytes == NULL) {
		image_size(i, (size_t)c->at);
		return;
	}
	if ((size_t)c->at + n > i->n)
		image_size(i, (size_t)c->at + n);
	memcpy(i->at + c->at, c->bytes, n);
}

static void
note(struct watched *w, sqlite3_int64 at, const void *bytes, size_t n)
{
	struct change *c;

	if (w == NULL)
		return;
	w->changes = realloc(w->changes, (w->n_changes + 1) * sizeof *c);
	cr_assert_not_null(w->changes);
	c = &w->changes[w->n_changes++];
	*c = (struct change){ .at = at, .n = n };
	if (bytes != NULL)
		c->bytes = memcpy(malloc(n + 1), bytes, n);
}

static void
settle(struct watched *w)
{
	for (size_t i = 0; i < w->n_changes; i++) {
		image_apply(&w->synced, &w->changes[i], w->changes[i].n);
		free(w->changes[i].bytes);
	}
	w->n_changes = 0;
}

/* --- a file --- */

static int
f_close(sqlite3_file *f)
{
	return own(f)->pMethods->xClose(own(f));
}

static int
f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return own(f)->pMethods->xRead(own(f), to, n, at);
}

static int
f_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	note(watched(f), at, bytes, (size_t)n);
	return own(f)->pMethods->xWrite(own(f), bytes, n, at);
}

static int
f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	note(watched(f), n, NULL, 0);
	return own(f)->pMethods->xTruncate(own(f), n);
}

/* The disk that is simulated is the only one that has to be sure of it. */
static int
f_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	if (watched(f) != NULL)
		settle(watched(f));
	return SQLITE_OK;
}

static int
f_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return own(f)->pMethods->xFileSize(own(f), n);
}

static int
f_lock(sqlite3_file *f, int kind)
{
	return own(f)->pMethods->xLock(own(f), kind);
}

static int
f_unlock(sqlite3_file *f, int kind)
{
	return own(f)->pMethods->xUnlock(own(f), kind);
}

static int
f_reserved(sqlite3_file *f, int *out)
{
	return own(f)->pMethods->xCheckReservedLock(own(f), out);
}

static int
f_control(sqlite3_file *f, int op, void *arg)
{
	return own(f)->pMethods->xFileControl(own(f), op, arg);
}

static int
f_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR;
}

/* No promises: not that a sector is written whole with its neighbours, nor that appends are safe. */
static int
f_traits(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int
f_shm_map(sqlite3_file *f, int page, int n, int extend, void volatile **out)
{
	return own(f)->pMethods->xShmMap(own(f), page, n, extend, out);
}

static int
f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return own(f)->pMethods->xShmLock(own(f), at, n, flags);
}

static void
f_shm_barrier(sqlite3_file *f)
{
	own(f)->pMethods->xShmBarrier(own(f));
}

static int
f_shm_unmap(sqlite3_file *f, int remove)
{
	return own(f)->pMethods->xShmUnmap(own(f), remove);
}

static const sqlite3_io_methods methods = {
	2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_reserved, f_control, f_sector,
	f_traits, f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, NULL, NULL,
};

/* --- all files --- */

/* The one of PATH. What is there already is taken for synced. */
static struct watched *
watch(const char *path)
{
	struct watched *w;
	struct stat st;
	FILE *f;

	for (size_t i = 0; i < n_watched; i++)
		if (strcmp(table[i].path, path) == 0)
			return &table[i];
	cr_assert_lt(n_watched, WATCHED_MAX);
	w = &table[n_watched++];
	*w = (struct watched){ .n_changes = 0 };
	snprintf(w->path, sizeof w->path, "%s", path);
	image_size(&w->synced, stat(path, &st) == 0 ? (size_t)st.st_size : 0);
	f = fopen(path, "r");
	if (f != NULL) {
		cr_assert_eq(fread(w->synced.at, 1, w->synced.n, f), w->synced.n);
		fclose(f);
	}
	return w;
}

static int
v_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *out)
{
	struct file *file = (struct file *)(void *)f;
	int rc;

	(void)v;
	memset(file, 0, sizeof *file);
	if (path != NULL && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))
		file->watched = watch(path);
	rc = system_vfs->xOpen(system_vfs, path, own(f), flags, out);
	if (rc == SQLITE_OK)
		file->base.pMethods = &methods;
	return rc;
}

static int
v_delete(sqlite3_vfs *v, const char *path, int sync)
{
	(void)v;
	for (size_t i = 0; i < n_watched; i++)
		if (strcmp(table[i].path, path) == 0) {
			settle(&table[i]);
			image_size(&table[i].synced, 0);
		}
	return system_vfs->xDelete(system_vfs, path, sync);
}

void
power_begin(void)
{
	system_vfs = sqlite3_vfs_find(NULL);
	vfs = *system_vfs;
	vfs.zName = "power";
	vfs.szOsFile = (int)sizeof(struct file) + system_vfs->szOsFile;
	vfs.xOpen = v_open;
	vfs.xDelete = v_delete;
	n_watched = 0;
	cr_assert_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void
power_watch(bool on)
{
	cr_assert_eq(sqlite3_vfs_register(on ? &vfs : system_vfs, 1), SQLITE_OK);
}

void
power_end(void)
{
	cr_assert_eq(sqlite3_vfs_register(system_vfs, 1), SQLITE_OK);
	sqlite3_vfs_unregister(&vfs);
	for (size_t i = 0; i < n_watched; i++) {
		settle(&table[i]);
		free(table[i].synced.at);
		free(table[i].changes);
	}
	n_watched = 0;
}

/* --- a cut --- */

static unsigned
draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

/* How much of the unsynced change C a cut leaves. */
static size_t
left_of(const struct change *c, unsigned *seed)
{
	switch (draw(seed, 3)) {
	case 0:
		return c->n;
	case 1:
		return c->n > SECTOR ? draw(seed, (unsigned)(c->n / SECTOR)) * SECTOR : 0;
	default:
		return 0;
	}
}

void
power_cut(const char *into, unsigned seed)
{
	for (size_t i = 0; i < n_watched; i++) {
		const struct watched *w = &table[i];
		struct image image = { NULL, 0 };
		char path[2 * PATH_MAX];
		FILE *f;

		image_size(&image, w->synced.n);
		memcpy(image.at, w->synced.at, w->synced.n);
		for (size_t k = 0; k < w->n_changes; k++) {
			size_t n = left_of(&w->changes[k], &seed);

			if (n > 0 || (w->changes[k].bytes == NULL && draw(&seed, 2) == 0))
				image_apply(&image, &w->changes[k], n);
		}
		snprintf(path, sizeof path, "%s/%s", into, strrchr(w->path, '/') + 1);
		f = fopen(path, "w");
		cr_assert_not_null(f);
		cr_assert_eq(fwrite(image.at, 1, image.n, f), image.n);
		cr_assert_eq(fclose(f), 0);
		free(image.at);
	}
}
