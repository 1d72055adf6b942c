#include "daemon/dns/cache.h"

#include <algorithm>
#include <array>

namespace hort::dns {
namespace {

struct Key {
    std::array<char, 262> text;
    std::size_t size = 0;
    explicit Key(const Question& question) {
        for (const auto octet : question.name)
            text[size++] = static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
        for (const auto value : {question.type, question.klass}) {
            text[size++] = static_cast<char>(value >> 8);
            text[size++] = static_cast<char>(value);
        }
        text[size++] = static_cast<char>((question.dnssec_ok ? 1 : 0) | (question.checking_disabled ? 2 : 0));
    }
    std::string_view view() const { return {text.data(), size}; }
};

}  // namespace

std::size_t Cache::answer(std::span<std::uint8_t> buffer, const Question& question, std::int64_t now, std::size_t limit,
                          std::uint32_t ttl_limit) {
    const Key key(question);
    const std::scoped_lock locked(lock_);
    const auto found = index_.find(key.view());
    if (found == index_.end()) return 0;
    const auto entry = found->second;
    if (entry->expires_at <= now) {
        drop(entry);
        return 0;
    }
    if (entry != entries_.begin()) entries_.splice(entries_.begin(), entries_, entry);
    return write_kept_answer(buffer, question, entry->answer, static_cast<std::uint32_t>(now - entry->kept_at), limit,
                             ttl_limit);
}

void Cache::keep(const Question& question, std::span<const std::uint8_t> answer, std::uint32_t ttl, std::int64_t now) {
    if (ttl == 0) return;
    const Key key(question);
    const std::scoped_lock locked(lock_);
    if (const auto found = index_.find(key.view()); found != index_.end()) drop(found->second);
    entries_.push_front({std::string(key.view()), {answer.begin(), answer.end()}, now, now + std::min(ttl, max_ttl)});
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += entries_.front().bytes();
    while (bytes_ > max_bytes_) drop(std::prev(entries_.end()));
}

void Cache::drop(Entries::iterator entry) {
    bytes_ -= entry->bytes();
    index_.erase(entry->key);
    entries_.erase(entry);
}

std::size_t Cache::entries() const {
    const std::scoped_lock locked(lock_);
    return entries_.size();
}

std::size_t Cache::bytes() const {
    const std::scoped_lock locked(lock_);
    return bytes_;
}

}  // namespace hort::dns
