#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * gatehouse.conf: an INI file. Every key is a line here; gatehouse.conf(5)
 * documents each (a test compares the two).
 *
 * TEXT(section, key, default), NUMBER(section, key, default, min, max) in the unit the
 * comment says, FLAG(section, key, default), WORD(section, key, default, "a|b|c").
 */
#define CONFIG_KEYS(TEXT, NUMBER, FLAG, WORD) \
	TEXT(state, dir, "/var/lib/gatehouse")			/* absolute; all that Gatehouse writes is below it */ \
	WORD(database, synchronous, "full", "full|normal") \
	NUMBER(database, busy_timeout, 5, 0, 600)		/* s to wait for a lock */ \
	NUMBER(responder, workers, 4, 1, 64)			/* threads */ \
	NUMBER(responder, max_body, 1048576, 1024, 8388608)	/* bytes of a request body */ \
	NUMBER(responder, max_import, 16777216, 1024, 67108864)	/* bytes of an import's body */ \
	NUMBER(responder, max_waiting, 10000, 1, 1000000)	/* requests that wait for a run at once */ \
	NUMBER(responder, max_unsent, 268435456, 1048576, 68719476736)	/* bytes of answers that nobody takes yet */ \
	NUMBER(responder, peer_wait, 30, 1, 3600)		/* s that a web server may do nothing in a request */ \
	NUMBER(responder, stop_wait, 30, 0, 3600)		/* s to finish what is in hand on SIGTERM */ \
	TEXT(dispatcher, program, "")				/* gatehoused; "": the installed one */ \
	FLAG(dispatcher, on_demand, true)			/* whether the responder starts it */ \
	NUMBER(dispatcher, watchdog, 120, 0, 86400)		/* s of one turn, then it hangs; 0: never */ \
	NUMBER(dispatcher, idle_exit, 60, 1, 86400)		/* s without work, then it leaves */ \
	TEXT(gateways, default_connector, "local") \
	NUMBER(run, wait, 300, 0, 86400)			/* s that a caller waits for the end */ \
	NUMBER(run, queue, 10000, 1, 10000000)			/* queued runs, then 503 */ \
	NUMBER(run, queue_ttl, 3600, 1, 31536000)		/* s in the queue */ \
	NUMBER(run, max_time, 3600, 1, 31536000)		/* s of run time */ \
	NUMBER(run, grace, 10, 0, 3600)				/* s between SIGTERM and SIGKILL */ \
	NUMBER(run, grace_tofu, 120, 0, 86400)			/* s between SIGINT and SIGTERM of a plan */ \
	NUMBER(run, max_output, 8388608, 1024, 67108864)	/* bytes kept of each of stdout and stderr */ \
	NUMBER(run, parallel, 0, 0, 100000)			/* runs at once; 0: two a core */ \
	NUMBER(run, rlimit_memory, 0, 0, 1000000000)		/* megabytes of each process of a run; 0: unset */ \
	NUMBER(run, rlimit_processes, 0, 0, 10000000)		/* of the user of a run; 0: unset */ \
	NUMBER(run, rlimit_files, 0, 0, 1000000000)		/* megabytes of a file; 0: unset */ \
	WORD(run, cgroup, "auto", "auto|off")			/* a control group for each run, if it can be */ \
	NUMBER(run, parallel_gateway, 0, 0, 100000)		/* of one gateway; 0: no limit of its own */ \
	NUMBER(retention, days, 90, 0, 36500)			/* an ended job is kept; 0: for ever */ \
	NUMBER(retention, runs, 10000, 0, 1000000000)		/* ended jobs kept of each service; 0: all */ \
	NUMBER(retention, megabytes, 8192, 0, 1000000000)	/* that all ended jobs may hold; 0: any */ \
	NUMBER(retention, states, 50, 0, 1000000)		/* versions kept of the state of a plan; 0: all */ \
	TEXT(local, roots, "")					/* colon-separated: where code may come from */ \
	TEXT(local, path, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") /* PATH of a run */ \
	TEXT(local, python, "python3")				/* program of python-script */ \
	TEXT(local, ansible_playbook, "ansible-playbook") \
	TEXT(local, ansible_galaxy, "ansible-galaxy") \
	TEXT(local, tofu, "tofu") \
	TEXT(local, lang, "C.UTF-8")				/* LANG of a run */ \
	NUMBER(environments, days, 30, 0, 36500)		/* one that is not used is kept; 0: for ever */ \
	NUMBER(environments, megabytes, 10240, 0, 1000000000)	/* that all may hold; 0: any */ \
	NUMBER(environments, build_time, 1800, 1, 86400)	/* s that one may take to be built */ \
	TEXT(git, program, "git")				/* fetches code from repositories */ \
	NUMBER(git, refresh, 60, 0, 86400)			/* s before a branch is asked for again */ \
	NUMBER(git, timeout, 300, 1, 86400)			/* s that one fetch, or another step, may take */ \
	TEXT(git, known_hosts, "")				/* of ssh servers; "": the system's */ \
	TEXT(git, ca_file, "")					/* for https; "": the system's */ \
	NUMBER(git, keep_days, 30, 0, 36500)			/* unused mirrors and trees are kept; 0: for ever */ \
	NUMBER(git, megabytes, 10240, 0, 1000000000)		/* that mirrors and trees may hold; 0: any */ \
	WORD(local, sandbox, "none", "none|landlock") \
	TEXT(local, sandbox_read, "/bin:/etc:/lib:/lib32:/lib64:/opt:/proc:/run/systemd/resolve:/sbin:/sys:/usr") \
	TEXT(local, sandbox_write, "")				/* colon-separated, beside its directory */ \
	TEXT(local, run_as, "")					/* user that runs services; "": gatehoused's own */ \
	TEXT(local, run_as_users, "")				/* colon-separated: those that a gateway may name */ \
	NUMBER(auth, cache, 60, 0, 3600)			/* s that a verified password is remembered */ \
	NUMBER(auth, session_max, 43200, 1, 31536000)		/* s that a login lasts */ \
	NUMBER(auth, session_idle, 3600, 1, 31536000)		/* s that it may be unused */ \
	NUMBER(auth, oauth_lifetime, 3600, 1, 31536000)		/* s that an access token lasts */ \
	NUMBER(auth, attempts, 10, 0, 1000000)			/* wrong passwords, then 429; 0: any number */ \
	NUMBER(auth, lockout, 300, 1, 86400)			/* s that this lasts at most */ \
	FLAG(auth, trust_remote_user, false)			/* REMOTE_USER names who asks */ \
	FLAG(auth, trust_forwarded, false)			/* X-Forwarded-For and -Proto are true */ \
	NUMBER(audit, days, 365, 0, 36500)			/* of who did what; 0: for ever */ \
	WORD(log, level, "info", "error|warning|info|debug")

/* config->run_wait and so on: text as const char *, numbers as int64_t, flags as bool. */
struct config {
#define CONFIG_TEXT(s, k, d) const char *s##_##k;
#define CONFIG_NUMBER(s, k, d, min, max) int64_t s##_##k;
#define CONFIG_FLAG(s, k, d) bool s##_##k;
#define CONFIG_WORD(s, k, d, words) const char *s##_##k;
	CONFIG_KEYS(CONFIG_TEXT, CONFIG_NUMBER, CONFIG_FLAG, CONFIG_WORD)
#undef CONFIG_TEXT
#undef CONFIG_NUMBER
#undef CONFIG_FLAG
#undef CONFIG_WORD
	const char *file;	/* where it was read from; "" where it is all defaults */
};

/*
 * Reads PATH, or where that is NULL the file that GATEHOUSE_CONFIG names, or where that is unset or empty the installed
 * gatehouse.conf (SYSCONFDIR "/gatehouse/gatehouse.conf") if it exists, else the defaults. Made for CTX. NULL: E
 * says file, line and what is wrong (unknown section or key, wrong or duplicate value, unreadable file).
 */
struct config *config_read(void *ctx, const char *path, struct error *e);
/* All defaults, with state.dir DIR: for tests. */
struct config *config_defaults(void *ctx, const char *dir);
/* A path below the state directory, made for CTX: config_path(ctx, c, "gatehouse.db"). */
char *config_path(void *ctx, const struct config *c, const char *name);

#endif
