// Becomes what hortd's worker is, and says of each thing that somebody who took it over would try whether it is done.
// "confined FOLDER": that folder is the worker's own.
#include <fcntl.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "platform/confinement.h"

int main(int count, char** words) {
    const std::string own = count > 1 ? words[1] : "";
    if (auto done = hort::platform::confine({{"/etc", "/usr"}, {own}}); !done) {
        std::printf("not confined: %s\n", done.error().text().c_str());
        return 1;
    }
    std::setvbuf(stdout, nullptr, _IONBF, 0);  // or a process beside it says it again
    const auto opens = [](const std::string& path, int flags) {
        const int file = open(path.c_str(), flags | O_CLOEXEC, 0600);
        return file >= 0 && close(file) == 0;
    };
    const auto has_socket = [](int family, int type) {
        const int made = socket(family, type, 0);
        return made >= 0 && close(made) == 0;
    };
    const auto starts = [](const std::string& program) {
        const auto child = fork();
        if (child > 0) {
            int status = 1;
            return waitpid(child, &status, 0) == child && status == 0;
        }
        execl(program.c_str(), "program", nullptr);
        if (child == 0) _exit(1);
        return false;
    };
    const std::pair<const char*, std::function<bool()>> tries[] = {
        {"keeps what is its own",
         [&] { return opens(own + "/new", O_CREAT | O_RDWR) && unlink((own + "/new").c_str()) == 0; }},
        {"reads settings of the machine", [&] { return opens("/etc/passwd", O_RDONLY); }},
        {"has threads",
         [&] {
             std::thread([] {}).join();
             return true;
         }},
        {"has sockets of the internet",
         [&] { return has_socket(AF_INET, SOCK_STREAM) && has_socket(AF_INET6, SOCK_DGRAM); }},
        {"reads secrets of the machine", [&] { return opens("/etc/shadow", O_RDONLY); }},
        {"reads what everybody may", [&] { return opens("/tmp", O_RDONLY) || opens("/", O_RDONLY); }},
        {"writes elsewhere",
         [&] {
             return opens("/tmp/hort-confined", O_CREAT | O_RDWR) || opens("/usr/hort-confined", O_CREAT | O_RDWR);
         }},
        {"starts a program", [&] { return starts("/usr/bin/true"); }},
        {"starts a program of its own folder", [&] { return starts(own + "/program"); }},
        {"has a process beside it",
         [&] {
             const auto child = fork();
             if (child == 0) _exit(0);
             return child > 0 && waitpid(child, nullptr, 0) == child;
         }},
        {"becomes root", [&] { return setuid(0) == 0 || setresuid(0, 0, 0) == 0; }},
        {"ends others", [&] { return kill(1, 0) == 0 || kill(getppid(), 0) == 0; }},
        {"looks into others", [&] { return ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr) == 0; }},
        {"has raw sockets", [&] { return has_socket(AF_INET, SOCK_RAW) || has_socket(AF_PACKET, SOCK_RAW); }},
        {"mounts", [&] { return mount("none", own.c_str(), "tmpfs", 0, nullptr) == 0; }},
        {"has namespaces", [&] { return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNET) == 0; }},
        {"loads code into the kernel",
         [&] { return syscall(SYS_bpf, 0, nullptr, 0) >= 0 || syscall(SYS_init_module, nullptr, 0, "") >= 0; }},
        {"writes its code",
         [&] {
             return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                    MAP_FAILED;
         }},
    };
    for (const auto& [what, is_done] : tries) std::printf("%s: %s\n", what, is_done() ? "yes" : "no");
    return 0;
}
