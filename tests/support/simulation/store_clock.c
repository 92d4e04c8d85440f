/* Gives a program the time of day of a simulation: loaded before the C library (LD_PRELOAD).
 *
 * The file that SIMULATED_CLOCK names holds the microseconds since 1970, as eight bytes of
 * this machine. CLOCK_MONOTONIC stays real: the event loop of the program sleeps by it. Valkey would
 * add the cycles of the processor to the time of day; without /proc/cpuinfo it asks for each time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *clock_us;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("SIMULATED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(0, sizeof *clock_us, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) _exit(70); /* the real time would make runs differ */
    clock_us = mapped;
    close(file);
}

static void now(struct timespec *time) {
    int64_t us = *clock_us;
    time->tv_sec = us / 1000000;
    time->tv_nsec = us % 1000000 * 1000;
}

int clock_gettime(clockid_t id, struct timespec *time) {
    if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, id, time);
    now(time);
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec found;
    (void)zone;
    now(&found);
    time->tv_sec = found.tv_sec;
    time->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *place) {
    time_t seconds = *clock_us / 1000000;
    if (place) *place = seconds;
    return seconds;
}

FILE *fopen64(const char *restrict path, const char *restrict mode) {
    FILE *(*real)(const char *, const char *);
    if (strcmp(path, "/proc/cpuinfo") == 0) return NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "fopen64");
    return real(path, mode);
}
