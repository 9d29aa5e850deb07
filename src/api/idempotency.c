#include "api/idempotency.h"

#include <stdint.h>
#include <string.h>

#include "api/app.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "secret/digest.h"

enum { KEY_MAX = 255 };

static const int64_t key_lifetime = 24 * 60 * 60 * INT64_C(1000);	/* ms */

static bool
is_key(const char *s)
{
	size_t n = strlen(s);

	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return false;
	return n > 0 && n <= KEY_MAX;
}

/* A UUID (RFC 9562 version 8) of caller, key and how often the key has expired. */
static const char *
derived_id(struct request *req, int expired)
{
	const char *text = mem_printf(req, "%d\n%s\n%s", expired, req->caller->username,
	    req->idempotency_key);
	const char *h = digest_hex(req, text, strlen(text));

	return mem_printf(req, "%.8s-%.4s-8%.3s-8%.3s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

static const char *
body_digest(struct request *req)
{
	SCOPED(tmp, NULL);
	struct text *all = text_new(tmp, SIZE_MAX / 2);

	text_printf(all, "%s\n", req->path);
	text_add(all, req->body, req->body_len);
	return digest_hex(req, all->at, all->len);
}

enum err
idempotency_check(struct request *req, const struct job *found, struct error *e)
{
	if (req->idempotency_key == NULL || text_eq(found->body_digest, body_digest(req)))
		return ERR_OK;
	return error_set(e, ERR_CONFLICT,
	    "the Idempotency-Key was used for another request: job %s", found->id);
}

enum err
idempotency_name(struct request *req, struct job *j, bool *known, struct error *e)
{
	struct job earlier = { 0 };
	bool found = true;

	*known = false;
	j->request_id = id_uuid(req);
	if (req->idempotency_key == NULL)
		return ERR_OK;
	if (!is_key(req->idempotency_key))
		return error_field(
		    e, "Idempotency-Key", "must be 1 to %d printable characters", KEY_MAX);
	j->body_digest = body_digest(req);
	for (int expired = 0; found; expired++) {
		j->request_id = derived_id(req, expired);
		if (job_by_request(req, req->db, j->request_id, &earlier, &found, e) != ERR_OK)
			return e->code;
		*known = found && clock_wall() - earlier.created < key_lifetime;
		if (*known)
			return idempotency_check(req, &earlier, e);
	}
	return ERR_OK;
}
