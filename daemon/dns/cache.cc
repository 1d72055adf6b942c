#include "daemon/dns/cache.h"

#include <algorithm>
#include <array>

namespace hort::dns {
namespace {

constexpr std::uint32_t often = 3;            // hits after which an answer is worth to be asked for again in time
constexpr std::uint32_t refresh_part = 10;    // ... when this part of its time is left
constexpr std::uint32_t refresh_margin = 60;  // seconds; what lives shorter is not refreshed

char folded(std::uint8_t octet) { return static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet); }

struct Key {
    std::array<char, 262> text;
    std::size_t size = 0;
    explicit Key(const Question& question) {
        for (const auto octet : question.name) text[size++] = folded(octet);
        for (const auto value : {question.type, question.klass}) {
            text[size++] = static_cast<char>(value >> 8);
            text[size++] = static_cast<char>(value);
        }
        text[size++] = static_cast<char>((question.dnssec_ok ? 1 : 0) | (question.checking_disabled ? 2 : 0));
    }
    std::string_view view() const { return {text.data(), size}; }
};
constexpr std::size_t key_tail = 5;  // behind the name

std::size_t write(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                  const KeptAnswer& answer, const KeptForm& form) {
    if (question.name.data() == asked.name.data()) return write_kept_answer(buffer, question, answer.message, form);
    return write_aliased_answer(buffer, question, answer.message, asked.end, form);
}

}  // namespace

Cache::Cache(const CacheLimits& limits) : limits_(limits), parts_(new Part[limits.parts]) {
    // Twice as many places as entries: what is asked for is mostly the first one there.
    for (std::size_t i = 0; i < limits.parts; ++i) parts_[i].index.max_load_factor(0.5F);
}

Cache::Part& Cache::part_of(std::string_view key) const {
    // Not the bits by which a part's index chooses its bucket.
    return limits_.parts == 1 ? parts_[0] : parts_[(std::hash<std::string_view>()(key) >> 40) % limits_.parts];
}

Cache::Entry* Cache::find(Part& part, std::string_view key, std::int64_t now) {
    const auto found = part.index.find(key);
    if (found == part.index.end()) return nullptr;
    const auto entry = found->second;
    if (entry->expires_at + limits_.stale <= now) {
        part.drop(entry);
        return nullptr;
    }
    // Once a second is often enough to know what is used least, and the neighbours' memory is left alone.
    if (entry->used_at != now) {
        entry->used_at = now;
        part.entries.splice(part.entries.begin(), part.entries, entry);
    }
    return &*entry;
}

Cache::Found Cache::answer(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                           std::int64_t now, std::size_t limit, std::uint32_t ttl_limit) {
    const Key key(asked);
    auto& part = part_of(key.view());
    const std::scoped_lock locked(part.lock);
    auto* entry = find(part, key.view(), now);
    if (entry == nullptr || entry->expires_at <= now) return {};
    Found out;
    out.facts = entry->answer.facts;
    const auto left = entry->expires_at - now;
    if (++entry->hits >= often && !entry->is_refreshing && entry->answer.ttl >= refresh_margin &&
        left * refresh_part <= entry->answer.ttl)
        out.should_refresh = entry->is_refreshing = true;
    const ExtendedError error{entry->answer.error_code, entry->answer.error_text};
    out.size =
        write(buffer, question, asked, entry->answer,
              {static_cast<std::uint32_t>(now - entry->kept_at), limit, ttl_limit, error.code != 0 ? &error : nullptr});
    return out;
}

Cache::Found Cache::stale_answer(std::span<std::uint8_t> buffer, const Question& question, const Question& asked,
                                 std::int64_t now, std::size_t limit, std::uint32_t ttl_limit) {
    const Key key(asked);
    auto& part = part_of(key.view());
    const std::scoped_lock locked(part.lock);
    auto* entry = find(part, key.view(), now);
    if (entry == nullptr) return {};
    const bool is_negative = (entry->answer.message[3] & 15) == static_cast<std::uint8_t>(Rcode::name_error);
    const ExtendedError why{is_negative ? extended_error::stale_nxdomain : extended_error::stale_answer,
                            "no upstream answered"};
    Found out;
    out.facts = entry->answer.facts;
    out.size = write(buffer, question, asked, entry->answer, {0, limit, std::min(stale_ttl, ttl_limit), &why});
    return out;
}

bool Cache::has_stale(const Question& asked, std::int64_t now) const {
    const Key key(asked);
    auto& part = part_of(key.view());
    const std::scoped_lock locked(part.lock);
    const auto found = part.index.find(key.view());
    return found != part.index.end() && found->second->expires_at + limits_.stale > now;
}

std::uint32_t Cache::kept_for(std::uint32_t ttl) const {
    return ttl == 0 ? 0 : std::clamp(ttl, limits_.min_ttl, limits_.max_ttl);
}

void Cache::bound(KeptAnswer& answer, const Question& asked) const {
    answer.ttl = kept_for(answer.ttl);
    bound_ttls(answer.message, asked.end, limits_.min_ttl, limits_.max_ttl);
}

void Cache::keep(const Question& asked, const KeptAnswer& answer, std::int64_t now) {
    const auto ttl = kept_for(answer.ttl);
    if (ttl == 0) return;
    const Key key(asked);
    auto& part = part_of(key.view());
    const std::scoped_lock locked(part.lock);
    if (const auto found = part.index.find(key.view()); found != part.index.end()) part.drop(found->second);
    part.entries.push_front({std::string(key.view()), answer, now, now + ttl, now});
    auto& entry = part.entries.front();
    entry.answer.ttl = ttl;
    entry.answer.message.shrink_to_fit();
    part.index.emplace(entry.key, part.entries.begin());
    part.bytes += entry.bytes();
    while (part.bytes > limits_.bytes / limits_.parts) part.drop(std::prev(part.entries.end()));
}

void Cache::Part::drop(Entries::iterator entry) {
    bytes -= entry->bytes();
    index.erase(entry->key);
    entries.erase(entry);
}

std::size_t Cache::flush(std::string_view host) {
    auto name = wire_name(host);
    const std::string_view wanted(reinterpret_cast<const char*>(name.octets.data()), name.size);
    std::size_t count = 0;
    for (std::size_t i = 0; i < limits_.parts; ++i) {
        auto& part = parts_[i];
        const std::scoped_lock locked(part.lock);
        for (auto it = part.entries.begin(); it != part.entries.end();) {
            const auto entry = it++;
            auto rest = std::string_view(entry->key).substr(0, entry->key.size() - key_tail);
            while (rest.size() > wanted.size()) rest.remove_prefix(1 + static_cast<std::uint8_t>(rest[0]));
            if (rest != wanted) continue;
            part.drop(entry);
            ++count;
        }
    }
    return count;
}

std::size_t Cache::entries() const {
    std::size_t out = 0;
    for (std::size_t i = 0; i < limits_.parts; ++i) {
        const std::scoped_lock locked(parts_[i].lock);
        out += parts_[i].entries.size();
    }
    return out;
}

std::size_t Cache::bytes() const {
    std::size_t out = 0;
    for (std::size_t i = 0; i < limits_.parts; ++i) {
        const std::scoped_lock locked(parts_[i].lock);
        out += parts_[i].bytes;
    }
    return out;
}

}  // namespace hort::dns
