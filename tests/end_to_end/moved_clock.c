// A clock that a test moves, put before the C library by LD_PRELOAD: the real daemon, unchanged, lives in the test's
// time. Reads commands, one datagram each, from the Unix socket that MOVED_CLOCK names, and answers "ok":
//
//   pass N     N seconds go by (wall, boot and awake clocks); timers whose time has come fire
//   sleep N    the machine is suspended for N seconds (wall and boot clocks)
//   set N      somebody sets the wall clock by N seconds; whoever watches it is told
//   sync 0|1   whether a time server vouches for the clock
//
// Between the commands the clocks stand still, so that a test is exact however slow the machine is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is_on, is_synchronised = 1;
static int64_t wall, boot, awake;  // seconds
static int64_t nanoseconds;       // of all clocks; never changes
static struct {
    int is_used, is_watch;
    int64_t at;  // awake nanoseconds; 0: disarmed
} timers[1024];
static int (*real_gettime)(clockid_t, struct timespec*);
static int (*real_settime)(int, int, const struct itimerspec*, struct itimerspec*);

static int64_t awake_ns(void) { return awake * 1000000000 + nanoseconds; }

// Fires as soon as the daemon looks.
static void fire(int fd) {
    const struct itimerspec now = {.it_value = {.tv_nsec = 1}};
    real_settime(fd, 0, &now, NULL);
}

static void obey(const char* command) {
    long long n = 0;
    char verb[16] = "";
    if (sscanf(command, "%15s %lld", verb, &n) < 1) return;
    if (!strcmp(verb, "pass")) {
        wall += n, boot += n, awake += n;
        for (int fd = 0; fd < 1024; ++fd)
            if (timers[fd].is_used && !timers[fd].is_watch && timers[fd].at != 0 && timers[fd].at <= awake_ns()) {
                timers[fd].at = 0;
                fire(fd);
            }
    } else {
        if (!strcmp(verb, "sleep")) wall += n, boot += n;
        if (!strcmp(verb, "set")) wall += n;
        if (!strcmp(verb, "sync")) is_synchronised = n != 0;
        if (strcmp(verb, "sync"))
            for (int fd = 0; fd < 1024; ++fd)
                if (timers[fd].is_used && timers[fd].is_watch) fire(fd);
    }
}

static int told = -1;  // where the test says what time it is

static void* listen_to_test(void* unused) {
    (void)unused;
    for (;;) {
        char command[64];
        struct sockaddr_un from;
        socklen_t size = sizeof from;
        const ssize_t got = recvfrom(told, command, sizeof command - 1, 0, (struct sockaddr*)&from, &size);
        if (got < 0) continue;
        command[got] = 0;
        pthread_mutex_lock(&lock);
        obey(command);
        pthread_mutex_unlock(&lock);
        sendto(told, "ok", 2, 0, (struct sockaddr*)&from, size);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(int argc, char** argv) {
    real_gettime = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    real_settime =
        (int (*)(int, int, const struct itimerspec*, struct itimerspec*))dlsym(RTLD_NEXT, "timerfd_settime");
    const char* path = getenv("MOVED_CLOCK");
    const char* start = getenv("MOVED_CLOCK_START");  // "WALL BOOT AWAKE SYNC"
    if (path == NULL || start == NULL) return;
    // Of two parts of a daemon the one that decides; it is started by the other.
    if (getenv("MOVED_CLOCK_OF_WORKER") != NULL && strcmp(argv[argc - 1], "--worker") != 0) return;
    long long a = 0, b = 0, c = 0;
    sscanf(start, "%lld %lld %lld %d", &a, &b, &c, &is_synchronised);
    wall = a, boot = b, awake = c;
    is_on = 1;
    // Now, or never: before long the worker may do nothing in this folder.
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    strncpy(own.sun_path, path, sizeof own.sun_path - 1);
    unlink(own.sun_path);
    told = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(told, (struct sockaddr*)&own, sizeof own) != 0) abort();
    // What the daemon starts lives in its own time.
    unsetenv("LD_PRELOAD");
    unsetenv("MOVED_CLOCK");
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_to_test, NULL) != 0) abort();
}

int clock_gettime(clockid_t clock, struct timespec* out) {
    if (!is_on) return real_gettime == NULL ? -1 : real_gettime(clock, out);
    pthread_mutex_lock(&lock);
    int is_ours = 1;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        out->tv_sec = wall;
    else if (clock == CLOCK_BOOTTIME)
        out->tv_sec = boot;
    else if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
        out->tv_sec = awake;
    else
        is_ours = 0;
    out->tv_nsec = nanoseconds;
    pthread_mutex_unlock(&lock);
    return is_ours ? 0 : real_gettime(clock, out);
}

int timerfd_settime(int fd, int flags, const struct itimerspec* value, struct itimerspec* old) {
    if (!is_on || fd < 0 || fd >= 1024) return real_settime(fd, flags, value, old);
    pthread_mutex_lock(&lock);
    timers[fd].is_used = 1;
    timers[fd].is_watch = (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
    const int64_t given = (int64_t)value->it_value.tv_sec * 1000000000 + value->it_value.tv_nsec;
    timers[fd].at = given == 0 ? 0 : (flags & TFD_TIMER_ABSTIME) != 0 ? given : awake_ns() + given;
    const struct itimerspec never = {{0, 0}, {0, 0}};
    if (old != NULL) memset(old, 0, sizeof *old);
    const int done = real_settime(fd, 0, &never, NULL);
    if (!timers[fd].is_watch && timers[fd].at != 0 && timers[fd].at <= awake_ns()) {
        timers[fd].at = 0;
        fire(fd);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int adjtimex(struct timex* state) {
    if (!is_on) return -1;
    memset(state, 0, sizeof *state);
    state->status = is_synchronised ? 0 : STA_UNSYNC;
    return is_synchronised ? TIME_OK : TIME_ERROR;
}
