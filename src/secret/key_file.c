#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "secret/box.h"
#include "secret/box_private.h"

/*
 * STATE/secret.key: a line that says what it is, then a line of hex digits for
 * each key, the newest first. It is only ever replaced as a whole.
 */

#define TITLE "# Keys of the secrets in gatehouse.db: whoever has both has the secrets.\n"
#define NEW_FILE BOX_FILE ".new"

enum {
	HEX = 2 * BOX_KEY,
	FILE_MAX = sizeof TITLE + BOX_KEYS_MAX * (HEX + 1),
	OTHERS = S_IRWXG | S_IRWXO
};

static int
box_wipe(struct box *b)
{
	sodium_memzero(b, sizeof *b);
	return 0;
}

static struct box *
box_new(void *ctx)
{
	struct box *b = MEM_NEW(ctx, struct box);

	MEM_ON_FREE(b, box_wipe);
	return b;
}

static void
key_name(struct box_key *key)
{
	unsigned char digest[crypto_generichash_BYTES];

	crypto_generichash(digest, sizeof digest, key->bytes, BOX_KEY, NULL, 0);
	hex_put(key->id, digest, BOX_ID_LEN / 2);
	sodium_memzero(digest, sizeof digest);
}

/* --- reading --- */

static enum err
check_file(const char *path, const struct stat *st, struct error *e)
{
	if (!S_ISREG(st->st_mode))
		return error_set(e, ERR_UNAVAILABLE, "the key file %s is no file", path);
	if (st->st_uid != geteuid())
		return error_set(e, ERR_UNAVAILABLE, "the key file %s belongs to user %u, and this "
		    "is user %u: chown it", path, (unsigned)st->st_uid, (unsigned)geteuid());
	if ((st->st_mode & OTHERS) != 0)
		return error_set(e, ERR_UNAVAILABLE, "the key file %s is open to others (mode "
		    "%04o): chmod 600", path, (unsigned)st->st_mode & ~(unsigned)S_IFMT);
	return ERR_OK;
}

/* Takes the lines behind the title; false where one is no key. */
static bool
parse(struct box *b, const char *text)
{
	const char *at = text;

	if (strncmp(at, TITLE, sizeof TITLE - 1) != 0)
		return false;
	at += sizeof TITLE - 1;
	for (; *at != '\0' && b->n < BOX_KEYS_MAX; at += HEX + 1) {
		struct box_key *key = &b->keys[b->n++];

		if (strnlen(at, HEX + 1) != HEX + 1 || at[HEX] != '\n' ||
		    sodium_hex2bin(key->bytes, BOX_KEY, at, HEX, NULL, NULL, NULL) != 0)
			return false;
		key_name(key);
	}
	return *at == '\0' && b->n > 0;
}

static enum err
read_keys(struct box *b, int fd, const char *path, struct error *e)
{
	char text[FILE_MAX + 1] = "";
	struct stat st;
	ssize_t n;
	bool good;

	if (fstat(fd, &st) != 0 || (n = read(fd, text, FILE_MAX)) < 0)
		return error_set(e, ERR_UNAVAILABLE, "the key file %s: %s", path, strerror(errno));
	good = parse(b, text);
	sodium_memzero(text, sizeof text);
	if (check_file(path, &st, e) != ERR_OK)
		return e->code;
	return good ? ERR_OK :
	    error_set(e, ERR_UNAVAILABLE, "%s is no key file of Gatehouse, or damaged", path);
}

/* *THERE false, and B empty, where there is no file PATH. */
static enum err
load_file(struct box *b, const char *path, bool *there, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	*there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return ERR_OK;
	if (fd < 0)
		return error_set(e, ERR_UNAVAILABLE, "the key file %s: %s", path, strerror(errno));
	if (read_keys(b, fd, path, e) != ERR_OK)
		box_wipe(b);
	close(fd);
	return b->n > 0 ? ERR_OK : e->code;
}

static enum err
load(struct box *b, const struct config *c, bool *there, struct error *e)
{
	SCOPED(tmp, NULL);

	return load_file(b, config_path(tmp, c, BOX_FILE), there, e);
}

/* --- writing --- */

/* The new file PATH has the keys of B. */
static bool
write_keys(const struct box *b, const char *path)
{
	char text[FILE_MAX + 1] = TITLE, *end = text + sizeof TITLE - 1;
	bool done;
	int fd;

	for (size_t i = 0; i < b->n; i++, end += HEX + 1) {
		hex_put(end, b->keys[i].bytes, BOX_KEY);
		memcpy(end + HEX, "\n", sizeof "\n");
	}
	unlink(path);	/* of one that was killed */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	done = fd >= 0 && file_write_all(fd, text, strlen(text)) && fsync(fd) == 0;
	sodium_memzero(text, sizeof text);
	if (fd >= 0)
		close(fd);
	return done;
}

/* Its name must be on disk too, before anything is sealed with what is in a file. */
static bool
sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static enum err
cannot_write(const char *path, struct error *e)
{
	return error_set(e, ERR_UNAVAILABLE, "the key file %s cannot be written: %s", path,
	    strerror(errno));
}

/* Under the lock: B replaces what is there. */
static enum err
replace(const struct box *b, const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = config_path(tmp, c, BOX_FILE), *new_path = config_path(tmp, c, NEW_FILE);

	if (write_keys(b, new_path) && rename(new_path, path) == 0 && sync_directory(c->state_dir))
		return ERR_OK;
	return cannot_write(path, e);
}

/*
 * B becomes the key file, unless another one was faster. Without the lock: a
 * writer that makes the first key has the database, and who changes the keys
 * waits for that with the lock.
 */
static enum err
make(const struct box *b, const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = config_path(tmp, c, BOX_FILE);
	const char *own = mem_printf(tmp, "%s.%s", path, id_new(tmp));
	bool done = write_keys(b, own) && (link(own, path) == 0 || errno == EEXIST);
	enum err rc = done ? ERR_OK : cannot_write(path, e);

	unlink(own);
	if (rc != ERR_OK)
		return rc;
	return sync_directory(c->state_dir) ? ERR_OK : cannot_write(path, e);
}

int
box_lock(const struct config *c, struct error *e)
{
	int fd = open(c->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;

	while (fd >= 0 && (result = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	if (result == 0)
		return fd;
	error_set(e, ERR_UNAVAILABLE, "the state directory %s: %s", c->state_dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A new key before those of B; where it is full, the newest of those is new enough. */
static void
add_key(struct box *b)
{
	if (b->n == BOX_KEYS_MAX)
		return;
	memmove(&b->keys[1], &b->keys[0], b->n * sizeof b->keys[0]);
	randombytes_buf(b->keys[0].bytes, BOX_KEY);
	key_name(&b->keys[0]);
	b->n++;
}

enum err
box_add_key(const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	struct box *b = box_new(tmp);
	bool there;

	if (load(b, c, &there, e) != ERR_OK)
		return e->code;
	add_key(b);
	return replace(b, c, e);
}

enum err
box_drop_keys(const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	struct box *b = box_open(tmp, c, false, e);

	if (b == NULL)
		return e->code;
	b->n = 1;
	return replace(b, c, e);
}

static enum err
make_first(struct box *b, const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	struct box *first = box_new(tmp);
	bool there;

	add_key(first);
	if (make(first, c, e) != ERR_OK || load(b, c, &there, e) != ERR_OK)
		return e->code;
	return there ? ERR_OK : error_set(e, ERR_UNAVAILABLE, "the key file has been removed");
}

struct box *
box_open(void *ctx, const struct config *c, bool make, struct error *e)
{
	struct box *b = box_new(ctx);
	bool there;
	enum err rc = load(b, c, &there, e);

	if (rc == ERR_OK && !there && !make)
		rc = error_set(e, ERR_UNAVAILABLE, "there is no key file %s/%s: what is sealed "
		    "cannot be read without it", c->state_dir, BOX_FILE);
	else if (rc == ERR_OK && !there)
		rc = make_first(b, c, e);
	if (rc == ERR_OK)
		return b;
	mem_free(b);
	return NULL;
}

/* --- copies --- */

struct box *
box_read(void *ctx, const char *path, struct error *e)
{
	struct box *b = box_new(ctx);
	bool there;
	enum err rc = load_file(b, path, &there, e);

	if (rc == ERR_OK && !there)
		rc = error_set(e, ERR_NOT_FOUND, "there is no key file %s", path);
	if (rc == ERR_OK)
		return b;
	mem_free(b);
	return NULL;
}

static bool
has_key(const struct box *b, const char *id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->keys[i].id, id) == 0)
			return true;
	return false;
}

enum err
box_merge(struct box *b, const struct box *more, struct error *e)
{
	for (size_t i = 0; i < more->n; i++) {
		if (has_key(b, more->keys[i].id))
			continue;
		if (b->n == BOX_KEYS_MAX)
			return error_set(e, ERR_CONFLICT, "there would be more than %d keys: "
			    "`gatehouse secret rekey` leaves one", BOX_KEYS_MAX);
		b->keys[b->n++] = more->keys[i];
	}
	return ERR_OK;
}

enum err
box_write(const struct box *b, const char *path, struct error *e)
{
	return write_keys(b, path) ? ERR_OK : cannot_write(path, e);
}

const char *
box_name(const struct box *b)
{
	return b->keys[0].id;
}
