#include "daemon/enforce/programs.h"

#include <filesystem>

#include "platform/accounts.h"
#include "platform/clock.h"

namespace hort::enforce {

namespace fs = std::filesystem;

Result<std::unique_ptr<Programs>> Programs::start(asio::io_context& io, const PolicyInForce& policy,
                                                  std::vector<std::string> folders) {
    auto out = std::unique_ptr<Programs>(new Programs(io, policy, std::move(folders)));
    if (auto begun = out->begin(); !begun) return begun.error();
    return out;
}

Programs::Programs(asio::io_context& io, const PolicyInForce& policy, std::vector<std::string> folders)
    : policy_(policy), folders_(std::move(folders)), changes_(io) {
    subordinates_.publish(std::make_shared<const Subordinates>());
}

Programs::~Programs() {
    *alive_ = false;
    if (changes_.is_open()) changes_.release();
}

Status Programs::begin() {
    auto guard = platform::ExecGuard::start([this](std::uint32_t account, const std::vector<std::string>& programs) {
        return may_start(*policy_.load(), *subordinates_.load(), account, programs, platform::now());
    });
    if (!guard) return guard.error();
    guard_ = *std::move(guard);
    changes_.assign(guard_->descriptor());
    recheck();
    watch();
    return Done{};
}

// An upgrade replaces a program's file by another one, and a new program is there: they are looked for again.
void Programs::watch() {
    changes_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](const error_code& fault) {
        if (fault || !*alive) return;
        if (guard_->has_changed()) look_for_files();
        watch();
    });
}

void Programs::recheck() {
    const auto policy = policy_.load();
    auto wanted = programs_of(*policy);
    std::set<std::uint32_t> accounts;
    for (const auto& [account, index] : policy->by_account) accounts.insert(account);
    for (const auto& [account, index] : policy->group_by_account) accounts.insert(account);
    if (wanted == wanted_ && accounts == accounts_) return;
    if (accounts != accounts_) {
        auto subordinates = std::make_shared<Subordinates>();
        for (const auto account : accounts)
            for (const auto& range : platform::subordinate_ids(account)) subordinates->emplace_back(range, account);
        subordinates_.publish(std::move(subordinates));
    }
    wanted_ = std::move(wanted);
    accounts_ = std::move(accounts);
    guard_->watch(wanted_.empty() ? std::vector<std::string>() : all_folders());
    look_for_files();
}

std::vector<std::string> Programs::all_folders() const {
    auto out = folders_;
    for (const auto account : accounts_)
        if (const auto home = platform::home_of(account); home && *home != "/")
            for (const char* below : {"/bin", "/.local/bin"}) out.push_back(*home + below);
    return out;
}

void Programs::look_for_files() {
    std::vector<platform::ExecGuard::File> files;
    if (!wanted_.empty())
        for (const auto& folder : all_folders()) {
            std::error_code fault;
            for (fs::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
                auto program = program_key(it->path().filename().string());
                if (!wanted_.contains(program)) continue;
                std::error_code unreadable;
                const auto target = fs::canonical(it->path(), unreadable);
                if (unreadable ||
                    (target.filename() != it->path().filename() && is_many_programs(target.filename().string())))
                    continue;
                files.push_back({target.string(), std::move(program)});
            }
        }
    guard_->guard(files);
}

}  // namespace hort::enforce
