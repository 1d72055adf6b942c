#include "rules/ruleset.h"

#include <algorithm>
#include <array>

#include "rules/book_format.h"
#include "rules/url_path.h"

namespace hort {
namespace {

class InMemory final : public ImageBytes {
  public:
    explicit InMemory(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
    std::span<const std::byte> bytes() const override { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

Error refuse(std::string what) {
    return Error{"ruleset image: " + std::move(what), {}, "delete it; it is compiled anew"};
}

}  // namespace

std::unique_ptr<ImageBytes> image_in_memory(std::vector<std::byte> bytes) {
    return std::make_unique<InMemory>(std::move(bytes));
}

image::Layout image::layout_of(const Header& header) {
    const auto aligned = [](std::uint64_t at, std::uint64_t to) { return (at + to - 1) / to * to; };
    Layout out{};
    out.names = sizeof(Header);
    out.classes = aligned(out.names + header.names_size, 8);
    out.slots = aligned(out.classes + header.class_count * sizeof(Ruleset::ClassRow), 64);
    out.book = out.slots + header.slot_count * 8;
    out.size = out.book + header.book_size;
    return out;
}

Hash128 image::hash_of(const Network& network, const HashKey& key) {
    char label[18];
    label[0] = 0;
    label[1] = static_cast<char>(network.bits);
    std::memcpy(label + 2, network.address.data(), 16);
    LabelHasher hasher(key);
    hasher.add({label, sizeof label});
    return hasher.hash();
}

std::uint64_t image::checksum(std::span<const std::byte> bytes) {
    // Four independent lanes, so that verifying is bound by memory and not by the multiplier's latency.
    std::uint64_t lane[4] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93};
    std::size_t at = 0;
    const char* data = reinterpret_cast<const char*>(bytes.data());
    const auto step = [](std::uint64_t state, std::uint64_t word) {
        std::uint64_t lo, hi;
        detail::multiply(state ^ word, 0xa0761d6478bd642f, lo, hi);
        return lo ^ hi ^ std::rotl(word, 31) ^ 0x8ebc6af09c88c6e3;
    };
    for (; at + 32 <= bytes.size(); at += 32)
        for (std::size_t i = 0; i < 4; ++i) lane[i] = step(lane[i], detail::load_little(data + at + 8 * i, 8));
    for (; at < bytes.size(); at += 8)
        lane[0] = step(lane[0], detail::load_little(data + at, std::min<std::size_t>(8, bytes.size() - at)));
    return step(step(lane[0], lane[1]), step(step(lane[2], lane[3]), bytes.size()));
}

Result<std::shared_ptr<const Ruleset>> Ruleset::open(std::unique_ptr<ImageBytes> owned, const Taxonomy& taxonomy) {
    const auto bytes = owned->bytes();
    if constexpr (std::endian::native == std::endian::big) return refuse("written for little-endian machines");
    if (bytes.size() < sizeof(image::Header)) return refuse("shorter than its header");
    image::Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::memcmp(header.magic, image::magic, sizeof header.magic) != 0) return refuse("not one: wrong first bytes");
    if (header.version != image::version)
        return refuse("version " + std::to_string(header.version) + ", expected " + std::to_string(image::version));
    if (header.file_size != bytes.size())
        return refuse("says " + std::to_string(header.file_size) + " bytes, is " + std::to_string(bytes.size()));
    if (image::checksum(bytes.subspan(image::checked_from)) != header.checksum) return refuse("checksum is wrong");

    // The checksum only says that it is what was written; the bounds say that it is safe to use.
    const std::uint64_t limit = bytes.size();
    if (header.bucket_count == 0 || header.slot_count > limit / 8 || header.entry_count >= header.slot_count ||
        header.bucket_count > header.slot_count / image::slots_per_bucket || header.class_count == 0 ||
        header.class_count > 65536 || header.names_size > limit || header.book_size > limit)
        return refuse("a section does not fit");
    const auto layout = image::layout_of(header);
    if (layout.size != limit) return refuse("the sections do not add up to its size");

    auto out = std::shared_ptr<Ruleset>(new Ruleset);
    const std::string_view names(reinterpret_cast<const char*>(bytes.data() + layout.names), header.names_size);
    out->classes_ = {reinterpret_cast<const ClassRow*>(bytes.data() + layout.classes), header.class_count};
    out->slots_ = {reinterpret_cast<const std::uint64_t*>(bytes.data() + layout.slots), header.slot_count};
    const auto book = bytes.subspan(layout.book, header.book_size);

    std::size_t bit = 0, begin = 0;
    while (begin < names.size()) {
        const auto end = names.find('\0', begin);
        if (end == std::string_view::npos) return refuse("the category ids do not end");
        const auto found = taxonomy.find(names.substr(begin, end - begin));
        if (!found || *found != bit) return refuse("made for another set of categories");
        ++bit, begin = end + 1;
    }
    std::uint64_t entries = 0, worst_class = 0;
    for (const auto slot : out->slots_) {
        entries += slot != 0 ? 1 : 0;
        worst_class = std::max(worst_class, slot & 0xffff);
    }
    if (out->slots_.back() != 0) return refuse("the table does not end");
    if (entries != header.entry_count) return refuse("the table has another number of entries than it says");
    if (worst_class >= header.class_count) return refuse("an entry names a class that is not there");

    for (int bits = 0; bits < 192; ++bits)
        if ((header.prefix_lengths[bits / 64] >> bits % 64 & 1) != 0) {
            if (bits > 128) return refuse("a network has more than 128 bits");
            out->prefix_lengths_.push_back(bits);
        }
    if (auto read = out->read_book(book, bit); !read) return refuse(read.error().text());
    out->key_ = {header.key0, header.key1};
    out->inputs_digest_ = header.inputs_digest;
    out->entry_count_ = header.entry_count;
    out->bucket_count_ = header.bucket_count;
    out->bytes_ = std::move(owned);
    return std::shared_ptr<const Ruleset>(std::move(out));
}

std::uint64_t Ruleset::size_in_bytes() const { return bytes_->bytes().size(); }

Status Ruleset::read_book(std::span<const std::byte> bytes, std::size_t categories) {
    if (!bytes.empty()) {
        auto stored = read_book_format(bytes);
        if (!stored) return stored.error();
        for (const auto& list : stored->lists) {
            if (list.category && *list.category >= categories) return Error{"a rule names no category", {}, {}};
            book_.add_list(list.longest_decides);
            book_categories_.push_back(list.category);
        }
        for (const auto& [list, line, rule] : stored->rules) {
            if (list >= stored->lists.size()) return Error{"a rule names no list", {}, {}};
            if (auto added = book_.add(list, line, rule); !added) return added;
        }
    }
    book_.finish();
    return Done{};
}

const std::uint64_t* Ruleset::probe(const Hash128& hash) const {
    const auto wanted = image::fingerprint_of(hash);
    // Full buckets run over into the next; the last slot is empty, so this ends.
    for (const auto* slot = slots_.data() + image::home_of(hash, bucket_count_); *slot != 0; ++slot)
        if (*slot >> 16 == wanted) return slot;
    return nullptr;
}

// All addresses are known before the first is needed: the misses overlap.
void Ruleset::prefetch(const Hash128* hashes, int count) const {
    for (int i = 0; i < count; ++i) __builtin_prefetch(slots_.data() + image::home_of(hashes[i], bucket_count_));
}

// What was found, the longest last. More than fit are of no interest: the first ones are kept, and the categories of
// the others are joined to the last.
struct Ruleset::Hits {
    static constexpr int capacity = 16;
    std::array<int, capacity> labels;  // only the first `count` are set
    std::array<std::uint64_t, capacity> categories;
    int count = 0;

    void add(int of_labels, std::uint64_t bits) {
        if (count == capacity) {
            categories[capacity - 1] |= bits;
            return;
        }
        labels[static_cast<std::size_t>(count)] = of_labels;
        categories[static_cast<std::size_t>(count++)] = bits;
    }
    CategorySet all() const {
        std::uint64_t out = 0;
        for (int i = 0; i < count; ++i) out |= categories[static_cast<std::size_t>(i)];
        return CategorySet(out);
    }
    void remove(CategorySet set) {
        for (int i = 0; i < count; ++i) categories[static_cast<std::size_t>(i)] &= ~set.bits();
    }
};

void Ruleset::ask_book(const Question& question, Hits& hits) const {
    thread_local std::vector<const RuleBook::Rule*> found;  // keeps its memory from question to question
    found.clear();
    book_.find(question, found);
    if (found.empty()) return;
    book_.silence(found);
    CategorySet affected;
    for (const auto* rule : found) {
        const auto& category = book_categories_[rule->list];
        affected = affected | (category ? CategorySet::of(*category) : hits.all());
    }
    for (auto left = affected; !left.empty(); left = left - CategorySet::of(left.first())) {
        const auto category = left.first();
        const auto* best = book_.best(found, [&](const RuleBook::Rule& rule) {
            const auto& of = book_categories_[rule.list];
            return !of || *of == category;
        });
        if (best == nullptr) continue;
        if (best->effect != ListRule::Effect::block) {
            hits.remove(CategorySet::of(category));
        } else if (!hits.all().contains(category)) {
            const auto text = book_.text_of(*best);
            const bool is_name = scope_of(best->kind).has_value();
            hits.add(is_name ? 1 + static_cast<int>(std::count(text.begin(), text.end(), '.')) : 0,
                     CategorySet::of(category).bits());
        }
    }
}

CategorySet Ruleset::lookup(const AddressBytes& address) const {
    std::uint64_t out = 0;
    for (const int bits : prefix_lengths_) {
        Network network{address, bits};
        for (int i = 0; i < 16; ++i) {
            const int kept = std::clamp(bits - 8 * i, 0, 8);
            network.address[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
        }
        const auto* entry = probe(image::hash_of(network, key_));
        if (entry != nullptr) out |= classes_[*entry & 0xffff].self;
    }
    return CategorySet(out);
}

Ruleset::Match Ruleset::lookup(const Question& question, CategorySet interest) const {
    // Every bucket is touched before the first is looked into, so that the misses overlap. (A load, not a prefetch:
    // where the page's translation is missing, too, a prefetch makes its own instruction wait; and in a loop of their
    // own, for the loads then are close together.)
    std::array<std::uint64_t, 128> first;  // the home slot of each suffix
    const SuffixHashes hashes(question.host.text(), key_);
    for (int i = 0; i < hashes.count; ++i)
        first[static_cast<std::size_t>(i)] =
            slots_[image::home_of(hashes.at[static_cast<std::size_t>(i)], bucket_count_)];
    Hits hits;
    for (int i = 0; i < hashes.count; ++i) {
        if (first[static_cast<std::size_t>(i)] == 0) continue;
        const auto* entry = probe(hashes.at[static_cast<std::size_t>(i)]);
        if (entry == nullptr) continue;
        const auto row = *entry & 0xffff;
        if (row == image::essential_class) return {{}, 0, true};
        const auto here = i + 1 == hashes.count ? classes_[row].self : classes_[row].below;
        if (here != 0) hits.add(i + 1, here);
    }
    if (!question.url.empty()) {
        std::array<Hash128, max_url_prefixes> prefixes;
        const int count = hash_url_prefixes(question.url, key_, prefixes);
        prefetch(prefixes.data(), count);
        for (int i = 0; i < count; ++i)
            if (const auto* entry = probe(prefixes[static_cast<std::size_t>(i)]))
                hits.add(hashes.count, classes_[*entry & 0xffff].below);
    }
    if (!book_.empty()) ask_book(question, hits);
    Match match;
    match.categories = hits.all();
    for (int i = 0; i < hits.count; ++i)
        if ((hits.categories[static_cast<std::size_t>(i)] & interest.bits()) != 0)
            match.matched_labels = std::max(match.matched_labels, hits.labels[static_cast<std::size_t>(i)]);
    return match;
}

}  // namespace hort
