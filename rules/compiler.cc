#include "rules/compiler.h"

#include <algorithm>
#include <array>

#include "rules/url_path.h"

namespace hort {

RulesetCompiler::RulesetCompiler(const Taxonomy& taxonomy, HashKey salt) : taxonomy_(taxonomy), key_(salt) {
    classes_.push_back({0, 0});
    class_ids_[{0, 0}] = image::essential_class;
}

void RulesetCompiler::reserve(std::size_t names, std::size_t octets) {
    entries_.reserve(names);
    names_.reserve(octets);
}

RulesetCompiler::ClassId RulesetCompiler::class_of(std::uint64_t self, std::uint64_t below) {
    const auto [it, is_new] = class_ids_.try_emplace({self, below}, static_cast<ClassId>(classes_.size()));
    if (is_new) classes_.push_back({self, below});
    return it->second;
}

RulesetCompiler::ClassId RulesetCompiler::joined(ClassId a, ClassId b) {
    if (a == b || a == image::essential_class) return a;
    if (b == image::essential_class) return b;
    const auto [it, is_new] = joined_.try_emplace({a, b}, 0);
    if (is_new) it->second = class_of(classes_[a].self | classes_[b].self, classes_[a].below | classes_[b].below);
    return it->second;
}

void RulesetCompiler::put(const Hostname& host, ClassId klass) {
    const auto text = host.text();
    if (text.empty()) return;
    LabelHasher hasher(key_);
    for (std::size_t end = text.size(); end > 0;) {
        std::size_t begin = end;
        while (begin > 0 && text[begin - 1] != '.') --begin;
        hasher.add(text.substr(begin, end - begin));
        end = begin > 0 ? begin - 1 : 0;
    }
    entries_.push_back(
        {hasher.hash(), static_cast<std::uint32_t>(names_.size()), klass, static_cast<std::uint32_t>(text.size())});
    names_ += text;
}

void RulesetCompiler::add(const Hostname& host, Scope scope, Category category) {
    const auto bits = CategorySet::of(category).bits();
    put(host, class_of(scope == Scope::below ? 0 : bits, scope == Scope::exact ? 0 : bits));
}

void RulesetCompiler::add_essential(const Hostname& host) { put(host, image::essential_class); }

void RulesetCompiler::add_url(std::string_view url, Category category) {
    std::array<Hash128, max_url_prefixes> hashes;
    const int count = hash_url_prefixes(url, key_, hashes);
    if (count == 0) return;
    entries_.push_back(
        {hashes[static_cast<std::size_t>(count - 1)], 0, class_of(0, CategorySet::of(category).bits()), 0});
}

void RulesetCompiler::add_network(const Network& network, Category category) {
    const auto bits = CategorySet::of(category).bits();
    entries_.push_back({image::hash_of(network, key_), 0, class_of(bits, bits), 0});
    prefix_lengths_[network.bits / 64] |= std::uint64_t{1} << network.bits % 64;
}

std::uint32_t RulesetCompiler::add_list(bool longest_decides, std::optional<Category> category) {
    book_.lists.push_back({longest_decides, category});
    return static_cast<std::uint32_t>(book_.lists.size() - 1);
}

void RulesetCompiler::add_rule(std::uint32_t list, std::uint32_t line, const ListRule& rule) {
    book_.rules.push_back({list, line, rule});
}

void RulesetCompiler::sort_by_hash() {
    // By the top bits first, in place: pieces that fit into the cache sort several times faster than the whole.
    constexpr int piece_bits = 10;
    constexpr std::size_t pieces = 1u << piece_bits;
    const auto piece_of = [](const Entry& entry) {
        return static_cast<std::size_t>(entry.hash.hi >> (64 - piece_bits));
    };
    std::vector<std::size_t> begin(pieces + 1, 0);
    for (const auto& entry : entries_) ++begin[piece_of(entry) + 1];
    for (std::size_t i = 1; i <= pieces; ++i) begin[i] += begin[i - 1];
    auto next = begin;
    for (std::size_t piece = 0; piece < pieces; ++piece)
        while (next[piece] < begin[piece + 1]) {
            const auto home = piece_of(entries_[next[piece]]);
            if (home == piece)
                ++next[piece];
            else
                std::swap(entries_[next[piece]], entries_[next[home]++]);
        }
    for (std::size_t piece = 0; piece < pieces; ++piece)
        std::sort(entries_.begin() + static_cast<std::ptrdiff_t>(begin[piece]),
                  entries_.begin() + static_cast<std::ptrdiff_t>(begin[piece + 1]), [](const Entry& a, const Entry& b) {
                      return a.hash.hi != b.hash.hi ? a.hash.hi < b.hash.hi : a.hash.lo < b.hash.lo;
                  });
}

// Makes one entry of those for the same name.
void RulesetCompiler::merge_equal() {
    std::size_t kept = 0;
    for (const auto& entry : entries_) {
        if (kept > 0 && entries_[kept - 1].hash == entry.hash) {
            auto& last = entries_[kept - 1];
            last.klass = joined(last.klass, entry.klass) & 0xffffff;
        } else {
            entries_[kept++] = entry;
        }
    }
    entries_.resize(kept);
}

// Answers "is there an entry for this hash?"; most parents have none, and a bit says so.
class RulesetCompiler::ParentIndex {
  public:
    explicit ParentIndex(const std::vector<Entry>& entries) : entries_(entries) {
        std::size_t bits = 1 << 10;
        while (bits < entries.size() * 8) bits *= 2;
        filter_.assign(bits / 64, 0);
        for (const auto& entry : entries) filter_[word_of(entry.hash)] |= bit_of(entry.hash);
    }
    void prefetch(const Hash128& hash) const { __builtin_prefetch(&filter_[word_of(hash)]); }
    const Entry* find(const Hash128& hash) const {
        if ((filter_[word_of(hash)] & bit_of(hash)) == 0) return nullptr;
        const auto it =
            std::lower_bound(entries_.begin(), entries_.end(), hash, [](const Entry& entry, const Hash128& wanted) {
                return entry.hash.hi != wanted.hi ? entry.hash.hi < wanted.hi : entry.hash.lo < wanted.lo;
            });
        return it != entries_.end() && it->hash == hash ? &*it : nullptr;
    }

  private:
    std::size_t word_of(const Hash128& hash) const { return (hash.lo >> 6) % filter_.size(); }
    static std::uint64_t bit_of(const Hash128& hash) { return std::uint64_t{1} << hash.lo % 64; }
    const std::vector<Entry>& entries_;
    std::vector<std::uint64_t> filter_;
};

void RulesetCompiler::leave_out_redundant() {
    const ParentIndex index(entries_);
    std::vector<bool> is_redundant(entries_.size());
    // In blocks, so that the many cache misses (the name, the filter) overlap.
    constexpr std::size_t block = 32, max_parents = 8;
    std::array<std::array<Hash128, max_parents>, block> parents;
    std::array<int, block> counts;
    for (std::size_t from = 0; from < entries_.size(); from += block) {
        const auto to = std::min(from + block, entries_.size());
        for (auto i = from; i < to; ++i) __builtin_prefetch(names_.data() + entries_[i].name_at);
        for (auto i = from; i < to; ++i) {
            const auto& entry = entries_[i];
            const SuffixHashes hashes(std::string_view(names_).substr(entry.name_at, entry.name_size), key_);
            // Of a name with more parents the topmost ones are looked at: what is kept too much does no harm.
            counts[i - from] = std::clamp(hashes.count - 1, 0, static_cast<int>(max_parents));
            for (int j = 0; j < counts[i - from]; ++j) {
                parents[i - from][static_cast<std::size_t>(j)] = hashes.at[static_cast<std::size_t>(j)];
                index.prefetch(hashes.at[static_cast<std::size_t>(j)]);
            }
        }
        for (auto i = from; i < to; ++i) {
            std::uint64_t inherited = 0;
            bool is_essential = false;
            for (int j = 0; j < counts[i - from]; ++j)
                if (const auto* parent = index.find(parents[i - from][static_cast<std::size_t>(j)])) {
                    inherited |= classes_[parent->klass].below;
                    is_essential = is_essential || parent->klass == image::essential_class;
                }
            const auto& entry = entries_[i];
            const auto& row = classes_[entry.klass];
            is_redundant[i] =
                entry.name_size != 0 &&
                (is_essential || (entry.klass != image::essential_class && ((row.self | row.below) & ~inherited) == 0));
        }
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (!is_redundant[i]) entries_[kept++] = entries_[i];
    entries_.resize(kept);
}

// The combinations that are left, in their order, so that the image does not depend on the order of adding; the entries
// get their new numbers.
std::vector<Ruleset::ClassRow> RulesetCompiler::number_classes() {
    std::vector<bool> is_used(classes_.size());
    is_used[image::essential_class] = true;
    for (const auto& entry : entries_) is_used[entry.klass] = true;
    std::vector<ClassId> used;
    for (ClassId id = 0; id < classes_.size(); ++id)
        if (is_used[id]) used.push_back(id);
    std::sort(used.begin(), used.end(), [&](ClassId a, ClassId b) {
        return std::pair(classes_[a].self, classes_[a].below) < std::pair(classes_[b].self, classes_[b].below);
    });
    std::vector<Ruleset::ClassRow> out;
    std::vector<ClassId> renamed(classes_.size());
    for (const auto id : used) {
        renamed[id] = static_cast<ClassId>(out.size());
        out.push_back(classes_[id]);
    }
    for (auto& entry : entries_) entry.klass = renamed[entry.klass] & 0xffffff;
    return out;
}

Result<std::vector<std::byte>> RulesetCompiler::finish(std::uint64_t inputs_digest) {
    sort_by_hash();
    merge_equal();
    leave_out_redundant();
    names_ = {};
    const auto classes = number_classes();
    if (classes.size() > max_classes) return Error{"more than 65,535 different combinations of categories", {}, {}};
    std::string ids;
    for (const auto& category : taxonomy_.entries()) ids += category.id + '\0';
    const auto book = book_.rules.empty() ? std::vector<std::byte>() : write_book_format(book_);

    // Five slots in six are used: 9.6 octets a name, and most look-ups end in their first bucket.
    const std::uint64_t buckets = entries_.size() * 6 / (5 * image::slots_per_bucket) + 1;
    // An entry stands at its home or, when that is taken, in the next free slot. They come in the order of their homes.
    std::uint64_t free = 0;
    const auto slot_of = [&](const Entry& entry) {
        const auto slot = std::max(free, image::home_of(entry.hash, buckets));
        free = slot + 1;
        return slot;
    };
    for (const auto& entry : entries_) slot_of(entry);
    image::Header header{};
    std::memcpy(header.magic, image::magic, sizeof header.magic);
    header.version = image::version;
    header.class_count = static_cast<std::uint32_t>(classes.size());
    header.inputs_digest = inputs_digest;
    header.key0 = key_.k0;
    header.key1 = key_.k1;
    header.bucket_count = buckets;
    header.entry_count = entries_.size();
    header.slot_count = std::max(free, buckets * image::slots_per_bucket) + 1;  // the last one is empty
    header.names_size = ids.size();
    header.book_size = book.size();
    std::memcpy(header.prefix_lengths, prefix_lengths_, sizeof prefix_lengths_);
    const auto layout = image::layout_of(header);
    header.file_size = layout.size;

    std::vector<std::byte> out(layout.size);
    std::memcpy(out.data() + layout.names, ids.data(), ids.size());
    std::memcpy(out.data() + layout.classes, classes.data(), classes.size() * sizeof(Ruleset::ClassRow));
    free = 0;
    for (const auto& entry : entries_) {
        const std::uint64_t packed = image::fingerprint_of(entry.hash) << 16 | entry.klass;
        std::memcpy(out.data() + layout.slots + slot_of(entry) * 8, &packed, 8);
    }
    if (!book.empty()) std::memcpy(out.data() + layout.book, book.data(), book.size());
    std::memcpy(out.data(), &header, sizeof header);
    header.checksum = image::checksum(std::span<const std::byte>(out).subspan(image::checked_from));
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

}  // namespace hort
