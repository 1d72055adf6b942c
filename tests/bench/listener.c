// listener PATH...: is asked about every start of a program on the file systems of these paths (fanotify(7)), and allows
// it without looking. What being asked costs on this machine before anybody does any work. As root; says "ready".
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int count, char** words) {
    const int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE, O_RDONLY | O_LARGEFILE);
    if (group < 0 || setpriority(PRIO_PROCESS, 0, -15) != 0) return perror("listener: it needs root"), 1;
    for (int i = 1; i < count; i++)
        if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC_PERM, AT_FDCWD, words[i]) != 0)
            return perror(words[i]), 1;
    (void)!write(STDOUT_FILENO, "ready\n", 6);
    for (;;) {
        char buffer[8192] __attribute__((aligned(8)));
        ssize_t left = read(group, buffer, sizeof buffer);
        for (struct fanotify_event_metadata* event = (void*)buffer; FAN_EVENT_OK(event, left);
             event = FAN_EVENT_NEXT(event, left)) {
            const struct fanotify_response response = {event->fd, FAN_ALLOW};
            (void)!write(group, &response, sizeof response);
            close(event->fd);
        }
    }
}
