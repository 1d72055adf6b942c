#include "rules/ruleset.h"

#include <algorithm>

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
        header.class_count > 65536 || header.names_size % 8 != 0 || header.names_size > limit)
        return refuse("a section does not fit");
    const std::uint64_t starts_size = ((header.bucket_count + 1) * 4 + 7) / 8 * 8;
    if (sizeof header + header.names_size + header.class_count * sizeof(ClassRow) + header.entry_count * 8 +
            starts_size !=
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

    out->key_ = {header.key0, header.key1};
    out->inputs_digest_ = header.inputs_digest;
    out->bytes_ = std::move(owned);
    return std::shared_ptr<const Ruleset>(std::move(out));
}

std::uint64_t Ruleset::size_in_bytes() const { return bytes_->bytes().size(); }

const Ruleset::ClassRow* Ruleset::probe(const Hash128& hash) const {
    const auto bucket = image::bucket_of(hash, bucket_starts_.size() - 1);
    const auto wanted = image::fingerprint_of(hash);
    for (auto i = bucket_starts_[bucket]; i < bucket_starts_[bucket + 1]; ++i)
        if (entries_[i] >> 16 == wanted) return &classes_[entries_[i] & 0xffff];
    return nullptr;
}

Ruleset::Match Ruleset::lookup(const Hostname& host, CategorySet interest) const {
    Match match;
    const SuffixHashes hashes(host.text(), key_);
    // All addresses are known before the first is needed: the misses overlap.
    const auto buckets = bucket_starts_.size() - 1;
    for (int i = 0; i < hashes.count; ++i) __builtin_prefetch(&bucket_starts_[image::bucket_of(hashes.at[i], buckets)]);
    for (int i = 0; i < hashes.count; ++i) {
        const auto start = bucket_starts_[image::bucket_of(hashes.at[i], buckets)];
        __builtin_prefetch(entries_.data() + start);
    }
    for (int i = 0; i < hashes.count; ++i) {
        const ClassRow* row = probe(hashes.at[i]);
        if (row == nullptr) continue;
        CategorySet here(row->subtree);
        if (i + 1 == hashes.count) here = here | CategorySet(row->exact);
        match.categories = match.categories | here;
        if (!(here & interest).empty()) match.matched_labels = i + 1;
    }
    return match;
}

}  // namespace hort
