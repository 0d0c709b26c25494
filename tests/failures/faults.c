/* Preloaded into a server: makes the n-th call of a kind fail, for files below one folder.
 *
 * FAULT_FOLDER is the folder; FAULT_FILE holds five numbers of 32 bits that the test sets
 * while the server runs: which call (1 fsync, 2 pwrite), how many to let pass, how many to
 * fail then, the errno, and (counted here) how many have failed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FSYNC = 1, PWRITE = 2 };

static struct {
  volatile int32_t call, pass, fail, error, failed;
} *fault;
static const char *folder;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FAULT_FILE");
  folder = getenv("FAULT_FOLDER");
  int fd = file && folder ? open(file, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map != MAP_FAILED) fault = map;
  close(fd);
}

static int below_folder(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int fails(int call, int fd) {
  if (!fault || fault->call != call || fault->fail <= 0 || !below_folder(fd)) return 0;
  if (fault->pass > 0) return fault->pass--, 0;
  fault->fail--;
  fault->failed++;
  errno = fault->error;
  return 1;
}

int fsync(int fd) { return fails(FSYNC, fd) ? -1 : REAL(fsync)(fd); }

int fdatasync(int fd) { return fails(FSYNC, fd) ? -1 : REAL(fdatasync)(fd); }

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  return fails(PWRITE, fd) ? -1 : REAL(pwrite64)(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}
