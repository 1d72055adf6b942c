// Hostname: a host name in its one normal form: A-labels (RFC 5890), lower case, no trailing dot.
//
// A value that cannot be invalid. It holds its text inline (no allocation), so it is cheap to make on the
// packet path. Not for arbitrary DNS owner names: octets that no host name may hold do not fit in here.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "rules/result.h"

namespace hort {

class Hostname {
  public:
    static constexpr std::size_t max_length = 253;  // RFC 1035 section 2.3.4: 255 octets on the wire

    // Reads what a person, a list or a URL wrote. Accepts a trailing dot, upper case and U-labels
    // (converted by IDNA 2008 non-transitional processing, RFC 5891). Refuses, with the reason: empty or
    // over-long labels and names, octets other than letters, digits, '-' and '_' (underscored names,
    // RFC 8552), a hyphen at a label's edge, a malformed A-label, and anything that is an IP address.
    static Result<Hostname> parse(std::string_view text);

    // Reads an uncompressed name in wire format (RFC 1035 section 3.1), ending with its zero octet. Takes the
    // longest run of labels, counted from the top, that can stand in a host name: a decision on
    // "strange\x01label.example.org" is a decision on "example.org". A-labels are not decoded.
    // The result is empty() for the root, or when the topmost label is no host name label.
    // REQUIRES: wire is a well-formed, uncompressed name of at most 255 octets.
    static Hostname from_wire(std::span<const std::uint8_t> wire);

    std::string_view text() const { return {text_.data(), length_}; }
    bool empty() const { return length_ == 0; }
    // How many labels: 0 for the empty name, 2 for "example.org".
    int label_count() const;
    // The last `labels` labels: suffix(1) of "www.example.org" is "org".
    std::string_view suffix(int labels) const;
    // "www.example.org" is, or is below, "example.org".
    bool is_or_is_below(const Hostname& name) const { return is_or_is_below(name.text()); }
    // ... of a name in its normal form.
    bool is_or_is_below(std::string_view parent) const {
        const auto host = text();
        return host.ends_with(parent) &&
               (host.size() == parent.size() || (!parent.empty() && host[host.size() - parent.size() - 1] == '.'));
    }

    Hostname() = default;
    Hostname(const Hostname& other) { *this = other; }
    Hostname& operator=(const Hostname& other) {
        length_ = other.length_;
        std::memcpy(text_.data(), other.text_.data(), length_);
        return *this;
    }
    friend bool operator==(const Hostname& a, const Hostname& b) { return a.text() == b.text(); }

  private:
    std::uint8_t length_ = 0;
    std::array<char, 255> text_;  // only the first length_ are set
};

}  // namespace hort
