// Ruleset: the compiled lists, host name -> categories, as an immutable image that is mapped from a file.
//
// Any number of threads may look up at once. A look-up allocates nothing (unless a list has patterns, expressions or
// exceptions that touch the name), and costs one pass over the name and about two cache misses. The layout is described
// in rules/RULESET_FORMAT.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/network.h"
#include "rules/result.h"
#include "rules/rule_book.h"
#include "rules/scope.h"
#include "rules/suffix_hash.h"

namespace hort {

// Read-only bytes with an owner: a mapped file, or memory in tests.
class ImageBytes {
  public:
    virtual ~ImageBytes() = default;
    virtual std::span<const std::byte> bytes() const = 0;
};
std::unique_ptr<ImageBytes> image_in_memory(std::vector<std::byte> bytes);

class Ruleset {
  public:
    struct Match {
        CategorySet categories;     // every category that the name is in, by itself or through a parent
        int matched_labels = 0;     // labels of the longest suffix whose entry is in the `interest` set
        bool is_essential = false;  // on the essential allow-list: no category counts
    };
    using Question = RuleBook::Question;

    // Verifies length, version, checksum and every bound before anything is used.
    // `taxonomy` binds the image's category ids; an id that the taxonomy does not have is an error.
    static Result<std::shared_ptr<const Ruleset>> open(std::unique_ptr<ImageBytes> bytes, const Taxonomy& taxonomy);

    Match lookup(const Question& question, CategorySet interest) const;
    Match lookup(const Hostname& host, CategorySet interest) const { return lookup(Question{host}, interest); }
    // The categories of the networks that an address is in.
    CategorySet lookup(const AddressBytes& address) const;
    bool has_networks() const { return !prefix_lengths_.empty(); }

    // Names and URLs in the table; rules that say more.
    std::uint64_t entry_count() const { return entry_count_; }
    std::uint64_t rule_count() const { return book_.size(); }
    // The digest of what it was compiled from, as given to the compiler.
    std::uint64_t inputs_digest() const { return inputs_digest_; }
    std::uint64_t size_in_bytes() const;

    struct ClassRow {
        std::uint64_t self, below;  // category bits: of the name itself, of what is below it
    };

  private:
    Ruleset() = default;
    struct Hits;
    const std::uint64_t* probe(const Hash128& hash) const;
    void prefetch(const Hash128* hashes, int count) const;
    void ask_book(const Question& question, Hits& hits) const;
    Status read_book(std::span<const std::byte> bytes, std::size_t categories);

    std::unique_ptr<ImageBytes> bytes_;
    HashKey key_;
    std::uint64_t inputs_digest_ = 0, entry_count_ = 0, bucket_count_ = 1;
    std::span<const std::uint64_t> slots_;  // 48 bits of fingerprint, 16 bits of class; 0 is empty; the last one is
    std::span<const ClassRow> classes_;     // row 0 is the essential allow-list's
    std::vector<int> prefix_lengths_;       // of the networks in the table
    RuleBook book_;
    std::vector<std::optional<Category>> book_categories_;  // of the book's lists; empty: counts for every category
};

namespace image {  // shared by the reader and the compiler

inline constexpr char magic[8] = {'H', 'O', 'R', 'T', 'R', 'U', 'L', 'E'};
inline constexpr std::uint32_t version = 3;
// The class of a name that no list may block, nor what is below it.
inline constexpr std::uint64_t essential_class = 0;
inline constexpr std::size_t slots_per_bucket = 8;  // one cache line
struct Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t class_count;
    std::uint64_t checksum;  // of all bytes after this field
    std::uint64_t file_size;
    std::uint64_t inputs_digest;
    std::uint64_t key0, key1;
    std::uint64_t bucket_count;
    std::uint64_t entry_count;
    std::uint64_t slot_count;
    std::uint64_t names_size;         // the category ids, in bit order, each ended by NUL
    std::uint64_t book_size;          // rules that say more than a name
    std::uint64_t prefix_lengths[3];  // bit n of them all: the table holds a network of n bits
};
static_assert(sizeof(Header) == 120);
inline constexpr std::size_t checked_from = 24;

// Where each section begins: they follow each other, each at a multiple of its alignment.
struct Layout {
    std::uint64_t names, classes, slots, book, size;
};
// REQUIRES: the counts are no larger than the file, so that nothing overflows.
Layout layout_of(const Header& header);

std::uint64_t checksum(std::span<const std::byte> bytes);
// The first slot where an entry may stand.
inline std::uint64_t home_of(const Hash128& hash, std::uint64_t buckets) {
    std::uint64_t lo, hi;
    detail::multiply(hash.hi, buckets, lo, hi);
    return hi * slots_per_bucket;
}
// A network's hash: no label of a name holds a NUL.
Hash128 hash_of(const Network& network, const HashKey& key);
// Never 0, so that no entry looks like an empty slot.
inline std::uint64_t fingerprint_of(const Hash128& hash) {
    const auto bits = hash.lo >> 16;
    return bits == 0 ? 1 : bits;
}

}  // namespace image
}  // namespace hort
