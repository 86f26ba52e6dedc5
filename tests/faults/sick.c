/* LD_PRELOAD: a disk that fails. Files whose path contains $SICK_FILES fail as the first byte of $SICK_MODE says:
   '-' works, 'w' writes give EIO, 'r' reads and writes give EIO, 'o' writes give EROFS, 'h' a sync hangs until it says another. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static volatile const char *mode;
static const char *files;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SICK_MODE");
    files = getenv("SICK_FILES");
    int fd = path && files ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED) mode = page;
}

static int meant(int fd) {
    char link[40], path[512];
    if (!mode || *mode == '-') return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strstr(path, files) != NULL;
}

static int refused(int fd, int writing) {
    if (!meant(fd)) return 0;
    char now = *mode;
    if (now == 'r' || (writing && now == 'w')) return errno = EIO, 1;
    if (writing && now == 'o') return errno = EROFS, 1;
    return 0;
}

static void hang(int fd) {
    while (meant(fd) && *mode == 'h') usleep(20000);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t bits = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        static int (*real)(const char *, int, ...); \
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        int writing = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT; \
        if (mode && *mode == 'o' && writing && strstr(path, files)) return errno = EROFS, -1; \
        return real(path, flags, bits); \
    }

OPEN(open)
OPEN(open64)
ssize_t pread64(int fd, void *b, size_t n, off64_t o) { REAL(pread64); return refused(fd, 0) ? -1 : real(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(pwrite64); return refused(fd, 1) ? -1 : real(fd, b, n, o); }
ssize_t pread(int fd, void *b, size_t n, off_t o) { REAL(pread); return refused(fd, 0) ? -1 : real(fd, b, n, o); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(pwrite); return refused(fd, 1) ? -1 : real(fd, b, n, o); }
ssize_t write(int fd, const void *b, size_t n) { REAL(write); return refused(fd, 1) ? -1 : real(fd, b, n); }
int fsync(int fd) { REAL(fsync); hang(fd); return refused(fd, 1) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); hang(fd); return refused(fd, 1) ? -1 : real(fd); }
