// A person's own file system (fuse(4)) in a user namespace of its own, with one file, and whoever comes to it from
// outside kept waiting for ever.
// "own_files DEVICE PROGRAM FOLDER overlay": FOLDER/files has PROGRAM's content as "game", FOLDER/above lies on it and
// on FOLDER/below, and this program becomes FOLDER/above/game.
// "own_files DEVICE PROGRAM FOLDER memory": one thread of this process waits for a page of that file, and another one,
// which has the lock of the process's memory, waits for the first: whoever reads its arguments waits, too.
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

void write_to(const char* path, const std::string& text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(path);
    close(file);
}

class Server {
  public:
    // `read`: where a word is said when somebody reads, who gets no answer; -1: it is answered.
    Server(int device, std::string content, pid_t known, int read)
        : device_(device), content_(std::move(content)), known_(known), read_(read) {}

    [[noreturn]] void serve() {
        std::vector<char> buffer(1 << 20);
        for (;;) {
            const auto got = ::read(device_, buffer.data(), buffer.size());
            if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
            if (got < 0) std::exit(0);
            fuse_in_header header;
            std::memcpy(&header, buffer.data(), sizeof header);
            answer(header, buffer.data() + sizeof header);
        }
    }

  private:
    void send(const fuse_in_header& header, int error, const void* data = nullptr, std::size_t size = 0) {
        const fuse_out_header out{static_cast<std::uint32_t>(sizeof out + size), error, header.unique};
        std::string text(reinterpret_cast<const char*>(&out), sizeof out);
        if (size != 0) text.append(static_cast<const char*>(data), size);
        (void)!write(device_, text.data(), text.size());
    }

    void send_opened(const fuse_in_header& header, std::uint32_t flags) {
        fuse_open_out out{};
        out.open_flags = flags;
        send(header, 0, &out, sizeof out);
    }

    fuse_attr about(std::uint64_t node) const {
        fuse_attr out{};
        out.ino = node;
        out.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755;
        out.nlink = 1;
        out.size = node == 1 ? 0 : content_.size();
        out.blksize = 4096;
        return out;
    }

    void answer(const fuse_in_header& header, const char* data) {
        switch (header.opcode) {
            case FUSE_INIT: {
                fuse_init_out out{};
                out.major = FUSE_KERNEL_VERSION;
                out.minor = 31;
                out.max_write = 4096;
                return send(header, 0, &out, sizeof out);
            }
            case FUSE_LOOKUP: {
                if (std::string(data) != "game") return send(header, -ENOENT);
                fuse_entry_out out{};
                out.nodeid = 2;
                out.entry_valid = out.attr_valid = 1000;
                out.attr = about(2);
                return send(header, 0, &out, sizeof out);
            }
            case FUSE_GETATTR: {
                fuse_attr_out out{};
                out.attr_valid = 1000;
                out.attr = about(header.nodeid);
                return send(header, 0, &out, sizeof out);
            }
            case FUSE_OPEN:
                // Once it runs nobody opens it but who looks at it from outside.
                if (static_cast<pid_t>(header.pid) != known_) return;
                return send_opened(header, opened_++ == 0 ? 0 : FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE);
            case FUSE_OPENDIR:
                return send_opened(header, 0);
            case FUSE_READ: {
                if (read_ >= 0) return (void)!write(read_, "r", 1);
                fuse_read_in in;
                std::memcpy(&in, data, sizeof in);
                if (in.offset >= content_.size()) return send(header, 0);
                return send(header, 0, content_.data() + in.offset,
                            std::min<std::size_t>(in.size, content_.size() - in.offset));
            }
            case FUSE_READDIR:
            case FUSE_RELEASE:
            case FUSE_RELEASEDIR:
                return send(header, 0);
            case FUSE_STATFS: {
                fuse_statfs_out out{};
                out.st.bsize = 4096;
                out.st.namelen = 255;
                return send(header, 0, &out, sizeof out);
            }
            case FUSE_FORGET:
            case FUSE_BATCH_FORGET:
            case FUSE_INTERRUPT:
                return;
            default:
                return send(header, -ENOSYS);
        }
    }

    int device_;
    std::string content_;
    pid_t known_;  // who may open the file
    int read_;
    int opened_ = 0;
};

}  // namespace

int main(int count, char** words) {
    if (count < 5) return 2;
    const std::string folder = words[3], mode = words[4];
    std::ifstream program(words[2], std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(program), {}};
    const auto user = getuid(), group = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("unshare");
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write_to("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    const int device = open(words[1], O_RDWR | O_CLOEXEC);
    if (device < 0) fail(words[1]);
    const auto options = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0";
    const auto files = folder + "/files", above = folder + "/above", below = folder + "/below";
    if (mount("own", files.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) fail("mount of fuse");
    int said[2];
    if (pipe(said) != 0) fail("pipe");
    const auto self = getpid();
    const auto server = fork();
    if (server < 0) fail("fork");
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // Whoever waits for the output's end waits for the one who was started, not for this one.
        close(STDOUT_FILENO);
        Server(device, content, self, mode == "overlay" ? -1 : said[1]).serve();
    }
    // When the server ends, nobody waits any more.
    close(device);
    if (mode == "overlay") {
        const auto parts = "lowerdir=" + files + ":" + below;
        if (mount("own", above.c_str(), "overlay", 0, parts.c_str()) != 0) fail("mount of overlay");
        execl((above + "/game").c_str(), "game", "600", nullptr);
        fail("exec");
    }
    const auto map = [&] {
        const int file = open((files + "/game").c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) fail("open");
        void* const page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 0);
        if (page == MAP_FAILED) fail("mmap");
        return static_cast<const volatile char*>(page);
    };
    const auto* const page = map();
    std::thread([page] { (void)*page; }).detach();
    char word = 0;
    if (read(said[0], &word, 1) != 1) fail("read");
    // Of this one the kernel first throws away what it has of the file, with the lock held.
    map();
    return 1;
}
