#include "rules/hostname.h"

#include <algorithm>
#include <string>

#include "rules/idna.h"

namespace hort {
namespace {

// What a host name octet becomes: itself, lower case, or 0 when it may not stand in one.
constexpr std::array<char, 256> make_octet_table() {
    std::array<char, 256> table{};
    for (int c = 'a'; c <= 'z'; ++c) table[c] = static_cast<char>(c);
    for (int c = 'A'; c <= 'Z'; ++c) table[c] = static_cast<char>(c - 'A' + 'a');
    for (int c = '0'; c <= '9'; ++c) table[c] = static_cast<char>(c);
    table['-'] = '-';
    table['_'] = '_';
    return table;
}
constexpr auto octet_table = make_octet_table();

bool is_all_digits(std::string_view label) {
    return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Octets of hostile input are shown as \xNN, so that a message stays one line of plain text.
std::string printable(std::string_view text) {
    std::string out;
    for (unsigned char c : text.substr(0, 80)) {
        if (c >= 0x20 && c < 0x7f) {
            out += static_cast<char>(c);
        } else {
            constexpr char hex[] = "0123456789abcdef";
            out += {'\\', 'x', hex[c >> 4], hex[c & 15]};
        }
    }
    if (text.size() > 80) out += "...";
    return out;
}

// Why a normalised ASCII label may not stand in a host name; nullptr when it may.
const char* label_fault(std::string_view label) {
    if (label.empty()) return "a label is empty";
    if (label.size() > 63) return "a label is longer than 63 octets";
    if (label.front() == '-' || label.back() == '-') return "a label begins or ends with a hyphen";
    return nullptr;
}

}  // namespace

Result<Hostname> Hostname::parse(std::string_view text) {
    const auto refuse = [&](std::string what) { return Error{std::move(what), printable(text), {}}; };
    std::string_view name = text;
    std::string converted;
    if (name.size() > 4 * max_length) return refuse("the name is longer than 253 octets");
    if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        auto ascii = idna::to_ascii(name);
        if (!ascii) return refuse(ascii.error().what);
        converted = std::move(*ascii);
        name = converted;
    }
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty()) return refuse("the name is empty");
    if (name.size() > max_length) return refuse("the name is longer than 253 octets");

    Hostname out;
    bool has_a_label = false;
    std::size_t label_start = 0;
    for (std::size_t i = 0; i <= name.size(); ++i) {
        if (i < name.size() && name[i] != '.') {
            const char c = octet_table[static_cast<unsigned char>(name[i])];
            if (c == 0) return refuse("the octet '" + printable(name.substr(i, 1)) + "' may not stand in a host name");
            out.text_[i] = c;
            continue;
        }
        const std::string_view label(out.text_.data() + label_start, i - label_start);
        if (const char* fault = label_fault(label)) return refuse(fault);
        if (label.starts_with("xn--")) has_a_label = true;
        if (i == name.size() && is_all_digits(label))
            return refuse("the last label is a number, so this is an IP address or a mistake, not a host name");
        if (i < name.size()) out.text_[i] = '.';
        label_start = i + 1;
    }
    out.length_ = static_cast<std::uint8_t>(name.size());
    if (has_a_label && !idna::is_valid_a_form(out.text()))
        return refuse("an A-label (xn--...) does not decode to a valid U-label");
    return out;
}

Hostname Hostname::from_wire(std::span<const std::uint8_t> wire) {
    // First pass, forwards: turn the labels into text and remember where the first usable one begins.
    Hostname out;
    std::size_t length = 0, usable_from = 0;
    for (std::size_t at = 0; at < wire.size() && wire[at] != 0; at += 1 + wire[at]) {
        const std::size_t octets = wire[at];
        if (length > 0) out.text_[length++] = '.';
        bool is_usable = wire[at + 1] != '-' && wire[at + octets] != '-';
        for (std::size_t i = 1; i <= octets; ++i) {
            const char c = octet_table[wire[at + i]];
            is_usable &= c != 0;
            out.text_[length++] = c;
        }
        if (!is_usable) usable_from = length + 1;
    }
    if (usable_from > 0) {
        length = usable_from < length ? length - usable_from : 0;
        std::memmove(out.text_.data(), out.text_.data() + usable_from, length);
    }
    out.length_ = static_cast<std::uint8_t>(length);
    return out;
}

int Hostname::label_count() const {
    if (empty()) return 0;
    const auto name = text();
    return 1 + static_cast<int>(std::count(name.begin(), name.end(), '.'));
}

std::string_view Hostname::suffix(int labels) const {
    const auto name = text();
    std::size_t at = name.size();
    for (int i = 0; i < labels && at != std::string_view::npos && at > 0; ++i) {
        at = name.rfind('.', at - 1);
        if (at == std::string_view::npos) return name;
    }
    return labels <= 0 ? std::string_view{} : name.substr(at + 1);
}

}  // namespace hort
