// Keyed hashes of a host name and all its parents, in one pass from the top label down.
//
// The hash is 128 bits wide and keyed, so that nobody without the key can construct two names that collide.
// It is not a cryptographic hash: do not use it where an attacker can see its output.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hort {

struct HashKey {
    std::uint64_t k0 = 0, k1 = 0;
};

struct Hash128 {
    std::uint64_t hi = 0, lo = 0;
    friend bool operator==(const Hash128&, const Hash128&) = default;
};

namespace detail {
inline void multiply(std::uint64_t a, std::uint64_t b, std::uint64_t& lo, std::uint64_t& hi) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    lo = static_cast<std::uint64_t>(product);
    hi = static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t load_little(const char* at, std::size_t octets) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, octets);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}
}  // namespace detail

// The running state: feed labels from the top ("org", then "example"), take a hash after each.
class LabelHasher {
  public:
    explicit LabelHasher(const HashKey& key)
        : key_(key), a_(key.k0 ^ 0x9e3779b97f4a7c15), b_(key.k1 ^ 0xd1b54a32d192ed03) {}

    void add(std::string_view label) {
        const char* at = label.data();
        std::size_t left = label.size();
        for (; left >= 8; at += 8, left -= 8) mix(detail::load_little(at, 8));
        // The length of the label goes in with its tail, so that moving a dot changes the hash.
        mix(detail::load_little(at, left) | std::uint64_t{label.size()} << 56);
    }

    Hash128 hash() const {
        std::uint64_t lo, hi;
        Hash128 out;
        detail::multiply(a_ ^ key_.k1, b_ ^ 0xa0761d6478bd642f, lo, hi);
        out.hi = lo ^ hi;
        detail::multiply(b_ ^ key_.k0, a_ ^ 0xe7037ed1a0b428db, lo, hi);
        out.lo = lo ^ hi;
        return out;
    }

  private:
    void mix(std::uint64_t word) {
        std::uint64_t lo, hi;
        detail::multiply(a_ ^ word ^ key_.k0, (b_ ^ key_.k1) | 1, lo, hi);
        a_ = std::rotl(b_, 29) ^ hi;
        b_ = lo + (word ^ a_) * 0x8ebc6af09c88c6e3;
    }
    HashKey key_;
    std::uint64_t a_, b_;
};

// The hashes of every suffix of a host name: [0] of its top label, [count-1] of the whole name.
struct SuffixHashes {
    int count = 0;
    std::array<Hash128, 128> at;  // a name of 253 octets has at most 127 labels; only `count` are set

    SuffixHashes(std::string_view host, const HashKey& key) : SuffixHashes(host, key, [](int, const Hash128&) {}) {}
    // Calls `each(index, hash)` as soon as a hash is known, so that memory can be asked for while the next is computed.
    template <typename Each>
    SuffixHashes(std::string_view host, const HashKey& key, const Each& each) {
        LabelHasher hasher(key);
        std::size_t end = host.size();
        while (end > 0 && count < 128) {
            std::size_t begin = end;
            while (begin > 0 && host[begin - 1] != '.') --begin;
            hasher.add(host.substr(begin, end - begin));
            at[static_cast<std::size_t>(count)] = hasher.hash();
            each(count, at[static_cast<std::size_t>(count)]);
            ++count;
            end = begin > 0 ? begin - 1 : 0;
        }
    }
};

}  // namespace hort
