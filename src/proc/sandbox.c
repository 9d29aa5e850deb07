#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is younger than the kernel headers of Debian 12, as the kernel's documentation has it. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* struct landlock_ruleset_attr of ABI 6; an older kernel wants what it does not know to be zero. */
struct ruleset {
	uint64_t fs, net, scoped;
};

enum abi { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_IOCTL = 5, ABI_SCOPE = 6 };

enum { FIRST_OTHER = STDERR_FILENO + 1 };

#define FILE_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define FILE_WRITE \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
#define DIR_READ LANDLOCK_ACCESS_FS_READ_DIR
#define DIR_WRITE \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
/* Nobody gets these: who can make a device file reads the disk beneath all files. */
#define NEVER (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define HANDLED (FILE_READ | FILE_WRITE | DIR_READ | DIR_WRITE | NEVER)

int
proc_sandbox_version(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

const char *
sandbox_lacks(int abi)
{
	if (abi < ABI_TRUNCATE)
		return "a run may empty files that it must not write, and send signals to "
		    "processes of its user, and connect to their abstract sockets";
	if (abi < ABI_SCOPE)
		return "a run may send signals to processes of its user, and connect to their "
		    "abstract sockets";
	return NULL;
}

const char *
proc_sandbox_lacks(void)
{
	return sandbox_lacks(proc_sandbox_version());
}

/* What a kernel of this ABI can hold back. */
static uint64_t
known_rights(int abi)
{
	uint64_t rights = HANDLED;

	if (abi < ABI_REFER)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	if (abi < ABI_TRUNCATE)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi < ABI_IOCTL)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return rights;
}

static uint64_t
rights_of(enum proc_right right, bool is_dir)
{
	switch (right) {
	case PROC_READ:
		return FILE_READ | (is_dir ? DIR_READ : 0);
	case PROC_WRITE:
		return FILE_READ | FILE_WRITE | (is_dir ? DIR_READ | DIR_WRITE : 0);
	}
	return 0;
}

/* What is not there needs no rule. */
static enum err
add_rule(int ruleset, const struct proc_allow *a, uint64_t known, struct error *e)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = open(a->path, O_PATH | O_CLOEXEC) };
	struct stat st;
	bool ok;

	if (rule.parent_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return ERR_OK;
	ok = rule.parent_fd >= 0 && fstat(rule.parent_fd, &st) == 0;
	if (ok) {
		rule.allowed_access = rights_of(a->right, S_ISDIR(st.st_mode)) & known;
		ok = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		    0) == 0;
	}
	if (!ok)
		error_set(e, ERR_UNAVAILABLE, "%s cannot be put into a sandbox: %s", a->path,
		    strerror(errno));
	if (rule.parent_fd >= 0)
		close(rule.parent_fd);
	return ok ? ERR_OK : e->code;
}

static int
new_ruleset(int abi)
{
	const struct ruleset attr = {
		.fs = known_rights(abi),
		.scoped = abi < ABI_SCOPE ? 0 :
		    LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL,
	};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0), moved;

	if (fd < 0 || fd >= FIRST_OTHER)
		return fd;
	/* The child puts its pipes there. */
	moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OTHER);
	close(fd);
	return moved;
}

int
sandbox_open(const struct proc_spec *spec, struct error *e)
{
	int abi = proc_sandbox_version(), fd;

	if (abi == 0) {
		error_set(e, ERR_UNAVAILABLE, "the kernel of this host has no Landlock");
		return -1;
	}
	fd = new_ruleset(abi);
	if (fd < 0) {
		error_set(e, ERR_UNAVAILABLE, "a sandbox cannot be made: %s", strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < spec->n_allow; i++)
		if (add_rule(fd, &spec->allow[i], known_rights(abi), e) != ERR_OK) {
			close(fd);
			return -1;
		}
	return fd;
}

/*
 * What root may keep, capabilities(7): files and users, and what a network client may. With others
 * it reads the memory of processes outside (perf, ptrace), or has the kernel work around the rest.
 */
static bool
is_kept(unsigned long cap)
{
	switch (cap) {
	case CAP_CHOWN:
	case CAP_DAC_OVERRIDE:
	case CAP_FOWNER:
	case CAP_FSETID:
	case CAP_KILL:
	case CAP_SETGID:
	case CAP_SETUID:
	case CAP_NET_BIND_SERVICE:
	case CAP_NET_RAW:
		return true;
	default:
		return false;
	}
}

/* Nothing is handed on over an execve(2) but what the bounding set lets through. */
static int
inherit_nothing(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
	    syscall(SYS_capget, &head, caps) != 0)
		return -1;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		caps[i].inheritable = 0;
	return (int)syscall(SYS_capset, &head, caps);
}

int
sandbox_lower(void)
{
	/* A number that the kernel does not know ends it. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!is_kept(cap) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 &&
		    geteuid() == 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return -1;
	return inherit_nothing();
}

int
sandbox_enter(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
