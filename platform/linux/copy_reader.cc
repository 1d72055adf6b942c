#include "platform/linux/copy_reader.h"

#include <openssl/evp.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/executable.h"

namespace hort::platform {
namespace {

constexpr std::size_t beginning_size = 64 << 10, max_dynamic_section = 16 << 10, max_waiting = 256;
// A child may make its files as long as it likes; nobody waits for more than this.
constexpr off_t max_digested = 64 << 20;

using Digest = std::array<std::uint8_t, 32>;

std::optional<Digest> digest_of(int file) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
    std::vector<std::uint8_t> buffer(256 << 10);
    for (off_t at = 0; at < max_digested;) {
        const auto got = pread(file, buffer.data(), buffer.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(got));
        at += got;
    }
    Digest out;
    EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
    return out;
}

ExecutableHead head_of(int file) {
    std::vector<std::uint8_t> beginning(beginning_size);
    const auto got = pread(file, beginning.data(), beginning.size(), 0);
    beginning.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return read_executable(beginning);
}

bool is_loader(int file, const ExecutableHead& head) {
    if (!head.is_shared || head.dynamic_size == 0) return false;
    std::vector<std::uint8_t> section(std::min<std::uint64_t>(head.dynamic_size, max_dynamic_section));
    const auto got = pread(file, section.data(), section.size(), static_cast<off_t>(head.dynamic_offset));
    section.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return !is_said_to_be_program(section, head.is_64);
}

std::vector<std::string> copies_of(const Originals& originals, int file, off_t size, const std::string& build_id) {
    std::vector<std::string> out;
    std::optional<Digest> digest;
    for (const auto& original : originals.all) {
        bool is_copy = !build_id.empty() && build_id == original.build_id;
        if (!is_copy && size == original.size) {  // read to the end only where it can be one
            if (!digest) digest = digest_of(file);
            is_copy = digest && *digest == original.digest;
        }
        if (is_copy && std::find(out.begin(), out.end(), original.program) == out.end())
            out.push_back(original.program);
    }
    return out;
}

}  // namespace

Inode inode_of(const struct stat& info) {
    return {info.st_dev, info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

std::vector<std::string> Originals::programs_of(int file, off_t size) const {
    return copies_of(*this, file, size, head_of(file).build_id);
}

std::optional<Originals::Original> original_of(int file, off_t size, std::string program) {
    const auto digest = digest_of(file);
    if (!digest) return std::nullopt;
    return Originals::Original{size, head_of(file).build_id, *digest, std::move(program)};
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
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return is_over || !jobs.empty(); });
            if (is_over) return;
            const auto job = std::move(jobs.front());
            jobs.pop_front();
            const auto by = originals;
            lock.unlock();
            const auto head = head_of(job.file.get());
            Found out{job.id, job.inode, by, {{}, head.is_dynamic, is_loader(job.file.get(), head)}};
            out.known.programs = copies_of(*by, job.file.get(), job.inode.size, head.build_id);
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
