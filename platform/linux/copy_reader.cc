#include "platform/linux/copy_reader.h"

#include <openssl/evp.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace hort::platform {
namespace {

constexpr std::size_t beginning_size = 64 << 10, max_dynamic_section = 16 << 10, max_waiting = 256;
// A child may make its files as long as it likes; nobody waits for more than this, nor for more than that at once.
constexpr off_t max_digested = 64 << 20, max_digested_at_once = 256 << 10;

}  // namespace

std::vector<std::string> Originals::programs() const {
    std::vector<std::string> out;
    for (const auto& original : all)
        if (std::find(out.begin(), out.end(), original.program) == out.end()) out.push_back(original.program);
    return out;
}

CopyFinder::CopyFinder() : buffer_(beginning_size) {}

// Into the buffer; what it got, 0 at the end.
ssize_t CopyFinder::read_at(int file, std::size_t size, off_t at) {
    const iovec part{buffer_.data(), std::min(size, buffer_.size())};
    ssize_t got = -1;
    do got = preadv2(file, &part, 1, at, is_waiting_allowed_ ? 0 : RWF_NOWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0) would_wait_ = true;
    return got;
}

ExecutableHead CopyFinder::head_of(int file, off_t size) {
    const auto got = read_at(file, buffer_.size(), 0);
    // A part of it is in memory, only.
    if (got < std::min(size, static_cast<off_t>(buffer_.size()))) would_wait_ = true;
    return read_executable({buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
}

bool CopyFinder::is_loader(int file, const ExecutableHead& head) {
    if (!head.is_shared) return false;
    if (head.dynamic_size == 0) return true;  // nothing says that it is a program
    const auto size = std::min<std::uint64_t>(head.dynamic_size, max_dynamic_section);
    const auto got = read_at(file, size, static_cast<off_t>(head.dynamic_offset));
    if (got < static_cast<ssize_t>(size)) would_wait_ = true;
    return !is_said_to_be_program({buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0}, head.is_64);
}

std::optional<std::array<std::uint8_t, 32>> CopyFinder::digest_of(int file) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
    for (off_t at = 0; at < max_digested;) {
        const auto got = read_at(file, buffer_.size(), at);
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        EVP_DigestUpdate(context.get(), buffer_.data(), static_cast<std::size_t>(got));
        at += got;
    }
    std::array<std::uint8_t, 32> out;
    EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
    return out;
}

std::vector<std::string> CopyFinder::copies_of(const Originals& originals, int file, off_t size,
                                               const std::string& build_id) {
    std::vector<std::string> out;
    std::optional<std::array<std::uint8_t, 32>> digest;
    for (const auto& original : originals.all) {
        bool is_copy = !build_id.empty() && build_id == original.build_id;
        if (!is_copy && size == original.size) {  // read to the end only where it can be one
            if (!is_waiting_allowed_ && size > max_digested_at_once) {
                would_wait_ = true;
                return {};
            }
            if (!digest) digest = digest_of(file);
            is_copy = digest && *digest == original.digest;
        }
        if (is_copy && std::find(out.begin(), out.end(), original.program) == out.end())
            out.push_back(original.program);
    }
    return out;
}

std::optional<Originals::Original> CopyFinder::original_of(int file, off_t size, std::string program) {
    const auto digest = digest_of(file);
    if (!digest) return std::nullopt;
    return Originals::Original{size, head_of(file, size).build_id, *digest, std::move(program)};
}

Known CopyFinder::look(const Originals& originals, int file, off_t size) {
    const auto head = head_of(file, size);
    Known out{{}, head.is_dynamic, is_loader(file, head)};
    out.programs = copies_of(originals, file, size, head.build_id);
    return out;
}

std::optional<Known> CopyFinder::look_at_once(const Originals& originals, int file, off_t size) {
    is_waiting_allowed_ = would_wait_ = false;
    auto out = look(originals, file, size);
    is_waiting_allowed_ = true;
    return would_wait_ ? std::nullopt : std::optional(std::move(out));
}

Inode inode_of(const struct stat& info) {
    return {info.st_dev, info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

struct CopyReader::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> jobs;
    std::vector<Found> found;
    std::shared_ptr<const Originals> originals = std::make_shared<Originals>();
    bool is_over = false;
    Fd ready{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

    void read_all() {
        CopyFinder finder;
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return is_over || !jobs.empty(); });
            if (is_over) return;
            const auto job = std::move(jobs.front());
            jobs.pop_front();
            const auto by = originals;
            lock.unlock();
            Found out{job.id, job.inode, by, finder.look(*by, job.file.get(), job.inode.size)};
            lock.lock();
            found.push_back(std::move(out));
            const std::uint64_t one = 1;
            (void)!write(ready.get(), &one, sizeof one);
        }
    }
};

CopyReader::CopyReader() : shared_(std::make_shared<Shared>()) {
    std::thread([shared = shared_] { shared->read_all(); }).detach();
}

CopyReader::~CopyReader() {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_over = true;
    shared_->jobs.clear();
    shared_->changed.notify_all();
}

int CopyReader::descriptor() const { return shared_->ready.get(); }

void CopyReader::set(std::shared_ptr<const Originals> originals) {
    const std::lock_guard lock(shared_->mutex);
    shared_->originals = std::move(originals);
}

bool CopyReader::add(Job job, bool somebody_waits) {
    const std::lock_guard lock(shared_->mutex);
    auto& jobs = shared_->jobs;
    if (jobs.size() >= (somebody_waits ? 2 * max_waiting : max_waiting)) return false;
    if (somebody_waits)
        jobs.push_front(std::move(job));
    else
        jobs.push_back(std::move(job));
    shared_->changed.notify_one();
    return true;
}

std::vector<CopyReader::Found> CopyReader::take() {
    std::uint64_t ignored = 0;
    (void)!read(shared_->ready.get(), &ignored, sizeof ignored);
    const std::lock_guard lock(shared_->mutex);
    return std::exchange(shared_->found, {});
}

}  // namespace hort::platform
