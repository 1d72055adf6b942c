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
    if (header.bucket_count == 0 || header.bucket_count > limit / 4 || header.entry_count > limit / 8 ||
        header.class_count == 0 || header.class_count > 65536 || header.names_size % 8 != 0 ||
        header.names_size > limit || header.book_size > limit)
        return refuse("a section does not fit");
    const std::uint64_t starts_size = ((header.bucket_count + 1) * 4 + 7) / 8 * 8;
    if (sizeof header + header.names_size + header.class_count * sizeof(ClassRow) + header.entry_count * 8 +
            starts_size + header.book_size !=
        limit)
        return refuse("the sections do not add up to its size");

    auto out = std::shared_ptr<Ruleset>(new Ruleset);
    const std::byte* at = bytes.data() + sizeof header;
    const std::string_view names(reinterpret_cast<const char*>(at), header.names_size);
    at += header.names_size;
    out->classes_ = {reinterpret_cast<const ClassRow*>(at), header.class_count};
    at += header.class_count * sizeof(ClassRow);
    out->entries_ = {reinterpret_cast<const std::uint64_t*>(at), header.entry_count};
    at += header.entry_count * 8;
    out->bucket_starts_ = {reinterpret_cast<const std::uint32_t*>(at), header.bucket_count + 1};
    at += starts_size;
    const std::span<const std::byte> book(at, header.book_size);

    std::size_t bit = 0, begin = 0;
    while (begin < names.size() && names[begin] != '\0') {
        const auto end = names.find('\0', begin);
        if (end == std::string_view::npos) return refuse("the category ids do not end");
        const auto found = taxonomy.find(names.substr(begin, end - begin));
        if (!found || *found != bit) return refuse("made for another set of categories");
        ++bit, begin = end + 1;
    }
    if (out->bucket_starts_.front() != 0 || out->bucket_starts_.back() != header.entry_count ||
        !std::is_sorted(out->bucket_starts_.begin(), out->bucket_starts_.end()))
        return refuse("the bucket index is not in order");
    for (const auto entry : out->entries_)
        if ((entry & 0xffff) >= header.class_count) return refuse("an entry names a class that is not there");

    if (auto read = out->read_book(book, bit); !read) return refuse(read.error().text());
    out->key_ = {header.key0, header.key1};
    out->inputs_digest_ = header.inputs_digest;
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
    const auto bucket = image::bucket_of(hash, bucket_starts_.size() - 1);
    const auto wanted = image::fingerprint_of(hash);
    for (auto i = bucket_starts_[bucket]; i < bucket_starts_[bucket + 1]; ++i)
        if (entries_[i] >> 16 == wanted) return &entries_[i];
    return nullptr;
}

// All addresses are known before the first is needed: the misses overlap.
void Ruleset::prefetch(const Hash128* hashes, int count) const {
    const auto buckets = bucket_starts_.size() - 1;
    for (int i = 0; i < count; ++i) __builtin_prefetch(&bucket_starts_[image::bucket_of(hashes[i], buckets)]);
    for (int i = 0; i < count; ++i) {
        const auto start = bucket_starts_[image::bucket_of(hashes[i], buckets)];
        __builtin_prefetch(entries_.data() + start);
    }
}

// What was found, the longest last. More than fit are of no interest: the first ones are kept, and the categories of
// the others are joined to the last.
struct Ruleset::Hits {
    std::array<Hit, 16> at;
    int count = 0;

    void add(int labels, CategorySet categories) {
        if (count < static_cast<int>(at.size()))
            at[static_cast<std::size_t>(count++)] = {labels, categories};
        else
            at.back() = {labels, at.back().categories | categories};
    }
    CategorySet all() const {
        CategorySet out;
        for (int i = 0; i < count; ++i) out = out | at[static_cast<std::size_t>(i)].categories;
        return out;
    }
    void remove(CategorySet categories) {
        for (int i = 0; i < count; ++i) {
            auto& hit = at[static_cast<std::size_t>(i)];
            hit.categories = hit.categories - categories;
        }
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
                     CategorySet::of(category));
        }
    }
}

Ruleset::Match Ruleset::lookup(const Question& question, CategorySet interest) const {
    const SuffixHashes hashes(question.host.text(), key_);
    prefetch(hashes.at.data(), hashes.count);
    Hits hits;
    for (int i = 0; i < hashes.count; ++i) {
        const auto* entry = probe(hashes.at[static_cast<std::size_t>(i)]);
        if (entry == nullptr) continue;
        const auto row = *entry & 0xffff;
        if (row == image::essential_class) return {{}, 0, true};
        const auto here = i + 1 == hashes.count ? classes_[row].self : classes_[row].below;
        if (here != 0) hits.add(i + 1, CategorySet(here));
    }
    if (!question.url.empty()) {
        std::array<Hash128, max_url_prefixes> prefixes;
        const int count = hash_url_prefixes(question.url, key_, prefixes);
        prefetch(prefixes.data(), count);
        for (int i = 0; i < count; ++i)
            if (const auto* entry = probe(prefixes[static_cast<std::size_t>(i)]))
                hits.add(hashes.count, CategorySet(classes_[*entry & 0xffff].below));
    }
    if (!book_.empty()) ask_book(question, hits);
    Match match;
    for (int i = 0; i < hits.count; ++i) {
        const auto& hit = hits.at[static_cast<std::size_t>(i)];
        match.categories = match.categories | hit.categories;
        if (!(hit.categories & interest).empty()) match.matched_labels = std::max(match.matched_labels, hit.labels);
    }
    return match;
}

}  // namespace hort
