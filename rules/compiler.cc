#include "rules/compiler.h"

#include <algorithm>
#include <map>

namespace hort {
namespace {

constexpr std::uint64_t names_per_bucket = 4;

template <typename T>
void append(std::vector<std::byte>& out, const T* at, std::size_t count) {
    const auto* bytes = reinterpret_cast<const std::byte*>(at);
    out.insert(out.end(), bytes, bytes + count * sizeof(T));
}

}  // namespace

RulesetCompiler::RulesetCompiler(const Taxonomy& taxonomy, HashKey salt) : taxonomy_(taxonomy), key_(salt) {}

void RulesetCompiler::add(const Hostname& host, Scope scope, Category category) {
    const auto bits = CategorySet::of(category).bits();
    const SuffixHashes hashes(host.text(), key_);
    if (hashes.count == 0) return;
    entries_.push_back({hashes.at[hashes.count - 1], scope == Scope::exact ? bits : 0,
                        scope == Scope::subtree ? bits : 0, static_cast<std::uint32_t>(names_.size()),
                        static_cast<std::uint8_t>(host.text().size())});
    names_ += host.text();
}

bool RulesetCompiler::is_redundant(const Entry& entry, const std::vector<std::uint32_t>& starts) const {
    const SuffixHashes hashes(std::string_view(names_).substr(entry.name_at, entry.name_size), key_);
    std::uint64_t inherited = 0;
    for (int i = 0; i + 1 < hashes.count; ++i) {
        const auto bucket = image::bucket_of(hashes.at[i], starts.size() - 1);
        for (auto j = starts[bucket]; j < starts[bucket + 1]; ++j)
            if (entries_[j].hash == hashes.at[i]) inherited |= entries_[j].subtree;
    }
    return ((entry.exact | entry.subtree) & ~inherited) == 0;
}

Result<std::vector<std::byte>> RulesetCompiler::finish(std::uint64_t inputs_digest) {
    const auto order = [](const Entry& a, const Entry& b) {
        return a.hash.hi != b.hash.hi ? a.hash.hi < b.hash.hi : a.hash.lo < b.hash.lo;
    };
    std::sort(entries_.begin(), entries_.end(), order);
    std::size_t kept = 0;
    for (const auto& entry : entries_) {
        if (kept > 0 && entries_[kept - 1].hash == entry.hash) {
            entries_[kept - 1].exact |= entry.exact;
            entries_[kept - 1].subtree |= entry.subtree;
        } else {
            entries_[kept++] = entry;
        }
    }
    entries_.resize(kept);

    const auto index = [&](std::uint64_t buckets) {
        std::vector<std::uint32_t> starts(buckets + 1, 0);
        for (const auto& entry : entries_) ++starts[image::bucket_of(entry.hash, buckets) + 1];
        for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
        return starts;
    };
    {
        const auto starts = index(entries_.size() / names_per_bucket + 1);
        std::vector<bool> redundant(entries_.size());
        for (std::size_t i = 0; i < entries_.size(); ++i) redundant[i] = is_redundant(entries_[i], starts);
        kept = 0;
        for (std::size_t i = 0; i < entries_.size(); ++i)
            if (!redundant[i]) entries_[kept++] = entries_[i];
        entries_.resize(kept);
    }

    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> class_ids;
    for (const auto& entry : entries_) class_ids.try_emplace({entry.exact & ~entry.subtree, entry.subtree}, 0);
    if (class_ids.size() > 65536) return Error{"more than 65,536 different combinations of categories", {}, {}};
    std::vector<Ruleset::ClassRow> classes;
    for (auto& [sets, id] : class_ids) {
        id = classes.size();
        classes.push_back({sets.first, sets.second});
    }
    std::string ids;
    for (const auto& category : taxonomy_.entries()) ids += category.id + '\0';
    ids.resize((ids.size() + 7) / 8 * 8, '\0');

    auto starts = index(entries_.size() / names_per_bucket + 1);
    image::Header header{};
    std::memcpy(header.magic, image::magic, sizeof header.magic);
    header.version = image::version;
    header.class_count = static_cast<std::uint32_t>(classes.size());
    header.inputs_digest = inputs_digest;
    header.key0 = key_.k0;
    header.key1 = key_.k1;
    header.bucket_count = starts.size() - 1;
    header.entry_count = entries_.size();
    header.names_size = ids.size();
    if (starts.size() % 2 != 0) starts.push_back(0);  // padding to 8 bytes
    header.file_size = sizeof header + ids.size() + classes.size() * sizeof(Ruleset::ClassRow) + entries_.size() * 8 +
                       starts.size() * 4;

    std::vector<std::byte> out;
    out.reserve(header.file_size);
    append(out, &header, 1);
    append(out, ids.data(), ids.size());
    append(out, classes.data(), classes.size());
    for (const auto& entry : entries_) {
        const std::uint64_t packed =
            image::fingerprint_of(entry.hash) << 16 | class_ids[{entry.exact & ~entry.subtree, entry.subtree}];
        append(out, &packed, 1);
    }
    append(out, starts.data(), starts.size());
    header.checksum = image::checksum(std::span<const std::byte>(out).subspan(image::checked_from));
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

}  // namespace hort
