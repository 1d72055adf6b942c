#include "rules/compiler.h"

#include <algorithm>
#include <array>
#include <map>

#include "rules/url_path.h"

namespace hort {
namespace {

constexpr std::uint64_t names_per_bucket = 4;

template <typename T>
void append(std::vector<std::byte>& out, const T* at, std::size_t count) {
    const auto* bytes = reinterpret_cast<const std::byte*>(at);
    out.insert(out.end(), bytes, bytes + count * sizeof(T));
}

template <typename Entries>
std::vector<std::uint32_t> bucket_index(const Entries& entries, std::uint64_t buckets) {
    std::vector<std::uint32_t> starts(buckets + 1, 0);
    for (const auto& entry : entries) ++starts[image::bucket_of(entry.hash, buckets) + 1];
    for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    return starts;
}

}  // namespace

RulesetCompiler::RulesetCompiler(const Taxonomy& taxonomy, HashKey salt) : taxonomy_(taxonomy), key_(salt) {}

void RulesetCompiler::put(const Hostname& host, std::uint64_t self, std::uint64_t below, bool is_essential) {
    const auto text = host.text();
    if (text.empty()) return;
    LabelHasher hasher(key_);
    for (std::size_t end = text.size(); end > 0;) {
        std::size_t begin = end;
        while (begin > 0 && text[begin - 1] != '.') --begin;
        hasher.add(text.substr(begin, end - begin));
        end = begin > 0 ? begin - 1 : 0;
    }
    entries_.push_back({hasher.hash(), self, below, static_cast<std::uint32_t>(names_.size()),
                        static_cast<std::uint8_t>(text.size()), is_essential});
    names_ += text;
}

void RulesetCompiler::add(const Hostname& host, Scope scope, Category category) {
    const auto bits = CategorySet::of(category).bits();
    put(host, scope == Scope::below ? 0 : bits, scope == Scope::exact ? 0 : bits, false);
}

void RulesetCompiler::add_essential(const Hostname& host) { put(host, 0, 0, true); }

void RulesetCompiler::add_url(std::string_view url, Category category) {
    std::array<Hash128, max_url_prefixes> hashes;
    const int count = hash_url_prefixes(url, key_, hashes);
    if (count == 0) return;
    entries_.push_back({hashes[static_cast<std::size_t>(count - 1)], 0, CategorySet::of(category).bits(), 0, 0, false});
}

std::uint32_t RulesetCompiler::add_list(bool longest_decides, std::optional<Category> category) {
    book_.lists.push_back({longest_decides, category});
    return static_cast<std::uint32_t>(book_.lists.size() - 1);
}

void RulesetCompiler::add_rule(std::uint32_t list, std::uint32_t line, const ListRule& rule) {
    book_.rules.push_back({list, line, rule});
}

// Orders by hash, and makes one entry of those for the same name.
void RulesetCompiler::merge_equal() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.hash.hi != b.hash.hi ? a.hash.hi < b.hash.hi : a.hash.lo < b.hash.lo;
    });
    std::size_t kept = 0;
    for (const auto& entry : entries_) {
        if (kept > 0 && entries_[kept - 1].hash == entry.hash) {
            auto& last = entries_[kept - 1];
            last.self |= entry.self;
            last.below |= entry.below;
            last.is_essential = last.is_essential || entry.is_essential;
        } else {
            entries_[kept++] = entry;
        }
    }
    entries_.resize(kept);
}

bool RulesetCompiler::is_redundant(const Entry& entry, const std::vector<std::uint32_t>& starts) const {
    if (entry.name_size == 0) return false;
    const SuffixHashes hashes(std::string_view(names_).substr(entry.name_at, entry.name_size), key_);
    std::uint64_t inherited = 0;
    for (int i = 0; i + 1 < hashes.count; ++i) {
        const auto& hash = hashes.at[static_cast<std::size_t>(i)];
        const auto bucket = image::bucket_of(hash, starts.size() - 1);
        for (auto j = starts[bucket]; j < starts[bucket + 1]; ++j)
            if (entries_[j].hash == hash) {
                if (entries_[j].is_essential) return true;
                inherited |= entries_[j].below;
            }
    }
    return !entry.is_essential && ((entry.self | entry.below) & ~inherited) == 0;
}

void RulesetCompiler::leave_out_redundant() {
    const auto starts = bucket_index(entries_, entries_.size() / names_per_bucket + 1);
    std::vector<bool> redundant(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) redundant[i] = is_redundant(entries_[i], starts);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (!redundant[i]) entries_[kept++] = entries_[i];
    entries_.resize(kept);
}

Result<std::vector<std::byte>> RulesetCompiler::finish(std::uint64_t inputs_digest) {
    merge_equal();
    leave_out_redundant();
    names_ = {};

    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> class_ids;
    const auto sets_of = [](const Entry& entry) {
        return entry.is_essential ? std::pair<std::uint64_t, std::uint64_t>{0, 0}
                                  : std::pair<std::uint64_t, std::uint64_t>{entry.self, entry.below};
    };
    class_ids[{0, 0}] = image::essential_class;  // first in order
    for (const auto& entry : entries_) class_ids.try_emplace(sets_of(entry), 0);
    if (class_ids.size() > 65536) return Error{"more than 65,535 different combinations of categories", {}, {}};
    std::vector<Ruleset::ClassRow> classes;
    for (auto& [sets, id] : class_ids) {
        id = classes.size();
        classes.push_back({sets.first, sets.second});
    }
    std::string ids;
    for (const auto& category : taxonomy_.entries()) ids += category.id + '\0';
    ids.resize((ids.size() + 7) / 8 * 8, '\0');

    auto starts = bucket_index(entries_, entries_.size() / names_per_bucket + 1);
    const auto book = book_.rules.empty() ? std::vector<std::byte>() : write_book_format(book_);
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
    header.book_size = book.size();
    if (starts.size() % 2 != 0) starts.push_back(0);  // padding to 8 bytes
    header.file_size = sizeof header + ids.size() + classes.size() * sizeof(Ruleset::ClassRow) + entries_.size() * 8 +
                       starts.size() * 4 + book.size();

    std::vector<std::byte> out;
    out.reserve(header.file_size);
    append(out, &header, 1);
    append(out, ids.data(), ids.size());
    append(out, classes.data(), classes.size());
    for (const auto& entry : entries_) {
        const std::uint64_t packed = image::fingerprint_of(entry.hash) << 16 | class_ids[sets_of(entry)];
        append(out, &packed, 1);
    }
    append(out, starts.data(), starts.size());
    append(out, book.data(), book.size());
    header.checksum = image::checksum(std::span<const std::byte>(out).subspan(image::checked_from));
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

}  // namespace hort
