/* Preloaded into a server: writes down, in the order in which they happen, what it asks of
 * the disk below one folder and what it sends to sockets.
 *
 * TRACE_FOLDER is the folder, TRACE_FILE the trace. A record is: op (1 byte), length of the
 * name (2), offset (8), size (4), name, data; in the machine's byte order. The ops:
 *   W write, T truncate to `offset`, S sync, U unlink (name "." is the folder itself),
 *   N bytes about to be sent to a client, X a way of writing that is not understood.
 *
 * What the disk did is written down after it was done and before the server hears of it;
 * what is sent, before it is sent. So a client never holds an answer that stands before the
 * sync it relies on. The trace itself goes past these functions, by syscall(2).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int trace = -1;
static const char *folder;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("TRACE_FILE");
  folder = getenv("TRACE_FOLDER");
  if (file && folder) trace = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void record(char op, const char *name, uint64_t offset, const struct iovec *parts, int count) {
  uint16_t name_length = strlen(name);
  uint32_t size = 0;
  struct iovec all[6 + IOV_MAX] = {
      {&op, 1}, {&name_length, 2}, {&offset, 8}, {&size, 4}, {(void *)name, name_length}};
  int used = 5;
  for (int i = 0; i < count && used < IOV_MAX; i++) {
    size += parts[i].iov_len;
    all[used++] = parts[i];
  }
  pthread_mutex_lock(&one_at_a_time);
  syscall(SYS_writev, trace, all, used);
  pthread_mutex_unlock(&one_at_a_time);
}

/* The name below the folder of what a descriptor is open on, or NULL. */
static const char *file_name(int fd, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (trace < 0 || length < 0) return NULL;
  path[length] = 0;
  size_t depth = strlen(folder);
  if (strncmp(path, folder, depth)) return NULL;
  return path[depth] == '/' ? path + depth + 1 : path[depth] ? NULL : ".";
}

static void on_disk(char op, int fd, uint64_t offset, const void *data, size_t size) {
  char path[PATH_MAX];
  const char *name = file_name(fd, path);
  struct iovec part = {(void *)data, size};
  if (name) record(op, name, offset, &part, data != NULL);
}

static void on_socket(int fd, const struct iovec *parts, int count) {
  char link[64], path[8];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (trace < 0 || readlink(link, path, sizeof path) < 7 || strncmp(path, "socket:", 7)) return;
  record('N', "", fd, parts, count);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  ssize_t written = REAL(pwrite64)(fd, data, size, offset);
  if (written > 0) on_disk('W', fd, offset, data, written);
  return written;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

int ftruncate64(int fd, off64_t size) {
  int failed = REAL(ftruncate64)(fd, size);
  if (!failed) on_disk('T', fd, size, NULL, 0);
  return failed;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
  int failed = REAL(fsync)(fd);
  if (!failed) on_disk('S', fd, 0, NULL, 0);
  return failed;
}

int fdatasync(int fd) {
  int failed = REAL(fdatasync)(fd);
  if (!failed) on_disk('S', fd, 0, NULL, 0);
  return failed;
}

int unlink(const char *path) {
  int failed = REAL(unlink)(path);
  size_t depth = trace < 0 ? 0 : strlen(folder);
  if (!failed && depth && !strncmp(path, folder, depth) && path[depth] == '/')
    record('U', path + depth + 1, 0, NULL, 0);
  return failed;
}

ssize_t write(int fd, const void *data, size_t size) {
  struct iovec part = {(void *)data, size};
  on_socket(fd, &part, 1);
  on_disk('X', fd, 0, data, size);
  return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  on_socket(fd, parts, count);
  on_disk('X', fd, 0, NULL, 0);
  return REAL(writev)(fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  on_socket(fd, message->msg_iov, message->msg_iovlen);
  return REAL(sendmsg)(fd, message, flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
  struct iovec part = {(void *)data, size};
  on_socket(fd, &part, 1);
  return REAL(send)(fd, data, size, flags);
}
