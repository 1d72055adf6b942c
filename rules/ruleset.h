// Ruleset: the compiled lists, host name -> categories, as an immutable image that is mapped from a file.
//
// Any number of threads may look up at once. A look-up allocates nothing, and costs one pass over the name
// and about two cache misses. The layout is described in rules/RULESET_FORMAT.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/result.h"
#include "rules/suffix_hash.h"

namespace hort {

// How far an entry reaches.
enum class Scope : std::uint8_t {
    exact,    // this name only (a hosts file)
    subtree,  // this name and all below it (a plain domain list)
};

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
        CategorySet categories;  // every category that the name is in, by itself or through a parent
        int matched_labels = 0;  // labels of the longest suffix whose entry is in the `interest` set
    };

    // Verifies length, version, checksum and every bound before anything is used.
    // `taxonomy` binds the image's category ids; an id that the taxonomy does not have is an error.
    static Result<std::shared_ptr<const Ruleset>> open(std::unique_ptr<ImageBytes> bytes, const Taxonomy& taxonomy);

    Match lookup(const Hostname& host, CategorySet interest) const;

    std::uint64_t entry_count() const { return entries_.size(); }
    // The digest of what it was compiled from, as given to the compiler.
    std::uint64_t inputs_digest() const { return inputs_digest_; }
    std::uint64_t size_in_bytes() const;

    struct ClassRow {
        std::uint64_t exact, subtree;  // category bits
    };

  private:
    Ruleset() = default;
    const ClassRow* probe(const Hash128& hash) const;

    std::unique_ptr<ImageBytes> bytes_;
    HashKey key_;
    std::uint64_t inputs_digest_ = 0;
    std::span<const std::uint32_t> bucket_starts_;  // one more than there are buckets
    std::span<const std::uint64_t> entries_;        // 48 bits of fingerprint, 16 bits of class
    std::span<const ClassRow> classes_;
};

namespace image {  // shared by the reader and the compiler

inline constexpr char magic[8] = {'H', 'O', 'R', 'T', 'R', 'U', 'L', 'E'};
inline constexpr std::uint32_t version = 1;
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
    std::uint64_t names_size;  // the category ids, in bit order, each ended by NUL; padded to 8
};
static_assert(sizeof(Header) == 80);
inline constexpr std::size_t checked_from = 24;

std::uint64_t checksum(std::span<const std::byte> bytes);
inline std::uint64_t bucket_of(const Hash128& hash, std::uint64_t buckets) {
    std::uint64_t lo, hi;
    detail::multiply(hash.hi, buckets, lo, hi);
    return hi;
}
inline std::uint64_t fingerprint_of(const Hash128& hash) { return hash.lo >> 16; }

}  // namespace image
}  // namespace hort
